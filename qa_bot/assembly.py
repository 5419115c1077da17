"""The only wiring: settings to encoder, answerer and bot, and to a rebuild that shares the encoder.

What builds an index is imported when one is built: a question needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings import encoders, leftovers, lexicon
from embeddings.combining import CombiningEncoder
from embeddings.encoders import Encoder
from embeddings.messages import Language
from embeddings.settings import default_cache_dir
from qa_bot.answering import Answerer
from qa_bot.bot import Bot
from qa_bot.settings import BotSettings

if TYPE_CHECKING:
    from embeddings.pipeline import Progress, Report


def make_encoder(settings: BotSettings) -> Encoder:
    return encoders.make_encoder(settings.encoder)


def make_bot(settings: BotSettings, encoder: Encoder) -> Bot:
    """Raises IndexProblem when there is no index that this encoder can answer from."""
    words = lexicon.load(settings.articles.word_lists)
    leftovers.sweep()
    return Bot(settings, encoder, Answerer(settings.answering), words)


def make_rebuild(settings: BotSettings, encoder: Encoder) -> Callable[[Language], Report]:
    """A function that builds the index anew, in sight, with the model that is already loaded."""

    def rebuild(language: Language) -> Report:
        from rich.console import Console

        from embeddings.progress import Bar
        from embeddings.report import build_in_sight

        return build_in_sight(settings, encoder, Bar(Console(stderr=True), language), language)

    return rebuild


def make_build(settings: BotSettings, encoder: Encoder) -> Callable[[Progress], Report]:
    """A function that builds the index anew and tells only its caller how far it is."""

    def rebuild(progress: Progress) -> Report:
        from embeddings.pipeline import build

        return build(settings, encoder, progress)

    return rebuild


def make_quiet_rebuild(settings: BotSettings, language: Language) -> Callable[[], Report]:
    """A function that builds the index anew with a progress bar and nothing else; a model only if it needs one."""

    def rebuild() -> Report:
        from rich.console import Console

        from embeddings.pipeline import build
        from embeddings.progress import Bar

        with Bar(Console(stderr=True), language) as bar:
            return build(settings, make_encoder(settings), bar)

    return rebuild


def make_shared_encoder(settings: BotSettings) -> Encoder:
    """An encoder for questions from several threads: those that come at the same time are encoded together."""
    return CombiningEncoder(make_encoder(settings))


def history_file(settings: BotSettings) -> Path:
    return settings.terminal.history_file or default_cache_dir() / "history"
