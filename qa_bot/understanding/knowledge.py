"""What is known of the language and of one index when a question is understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from embeddings.errors import SettingsError
from embeddings.lexicon import Lexicon
from embeddings.searching import SearchIndex
from embeddings.vocabulary import Vocabulary
from qa_bot.understanding.catalogue import CatalogueWords
from qa_bot.understanding.follow_words import FollowWords
from qa_bot.understanding.parts import PartWords
from qa_bot.understanding.period_words import PeriodWords
from qa_bot.understanding.restoring import Restorer
from qa_bot.understanding.translating import Glossary

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AskingWords:
    """The word lists that questions alone are read by."""

    periods: PeriodWords
    following: FollowWords
    catalogue: CatalogueWords
    parts: PartWords
    english: Glossary


@dataclass(frozen=True, slots=True)
class Knowledge:
    lexicon: Lexicon  # with the abbreviations that the articles define
    vocabulary: Vocabulary
    restorer: Restorer
    words: AskingWords


def asking_words(lexicon: Lexicon) -> AskingWords:
    """Raises SettingsError where the file of word lists lacks one of them."""
    return AskingWords(
        periods=_read(lexicon, "periods", PeriodWords.of),
        following=_read(lexicon, "following", lambda table: FollowWords.of(table, lexicon.family_names)),
        catalogue=_read(lexicon, "catalogue", CatalogueWords.of),
        parts=_read(lexicon, "parts", PartWords.of),
        english=_read(lexicon, "english", Glossary.of),
    )


def _read(lexicon: Lexicon, name: str, of: Callable[[Mapping[str, object]], T]) -> T:
    table = lexicon.tables.get(name)
    try:
        if not isinstance(table, dict):
            raise TypeError(f"there is no table [{name}]")
        return of(table)
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"The word lists cannot be used: [{name}] ({type(error).__name__}: {error}). "
            "Compare them with the config/vietnamese.toml that comes with the program."
        ) from error


def knowledge_of(index: SearchIndex, lexicon: Lexicon, words: AskingWords) -> Knowledge:
    known = lexicon.with_abbreviations(index.vocabulary.abbreviations)
    return Knowledge(known, index.vocabulary, Restorer(index.vocabulary, known), words)
