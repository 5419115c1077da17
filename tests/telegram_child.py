"""The Telegram bot with an encoder that needs no model, as a program of its own: python -m tests.telegram_child

Settings come from the environment, as for `qa-bot telegram`. Everything but the encoder is the real thing.
"""

from __future__ import annotations

import sys

from embeddings import lexicon
from embeddings.combining import CombiningEncoder
from embeddings.console import complain
from embeddings.errors import BotError
from embeddings.settings import load
from qa_bot import assembly
from qa_bot.answering import Answerer
from qa_bot.bot import Bot
from qa_bot.settings import BotSettings, state_dir
from qa_bot.telegram import service
from tests.fakes import HashingEncoder


def parts(settings: BotSettings, model: HashingEncoder | None = None) -> service.Parts:
    encoder = CombiningEncoder(model or HashingEncoder())
    words = lexicon.load(settings.articles.word_lists)
    return service.Parts(
        open_bot=lambda: Bot(settings, encoder, Answerer(settings.answering), words),
        warm_up=encoder.warm_up,
        build=assembly.make_build(settings, encoder),
        state_dir=state_dir(settings),
    )


def main() -> int:
    try:
        settings = load(BotSettings)
        service.run(settings, parts(settings))
    except BotError as error:
        complain(f"qa-bot: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
