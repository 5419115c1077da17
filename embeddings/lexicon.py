"""Word lists of the language and of its news pages, from config/vietnamese.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from embeddings.errors import SettingsError
from embeddings.records import Kind
from embeddings.vietnamese import fold, has_diacritics, normalize, syllables

FILE = "vietnamese.toml"


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """See config/vietnamese.toml, which says what each list is for. Phrases are folded syllables, joined.

    Equal only to itself, so that what is worked out by one can be remembered.
    """

    abbreviations: frozenset[str]
    boilerplate: frozenset[str]
    endings: frozenset[str]
    author_labels: frozenset[str]
    source_labels: frozenset[str]
    photo_labels: frozenset[str]
    date_words: frozenset[str]
    place_heads: tuple[str, ...]
    context_words: dict[Kind, str]
    question_words: frozenset[str]  # phrases, normalised
    bare_question_words: frozenset[str]
    english_question_words: frozenset[str]
    asking_for: dict[str, tuple[str, ...]]  # "number", "date", "name", "person", "reason" -> phrases, normalised
    asking_about: dict[Kind, tuple[str, ...]]  # phrases, normalised
    article_words: tuple[str, ...]  # normalised
    number_words: frozenset[str]
    time_words: frozenset[str]  # phrases, normalised
    family_names: frozenset[str]
    focus_before: tuple[str, ...]  # what is asked for stands before these words, folded …
    focus_after: tuple[str, ...]  # … or after these
    reason_cues: frozenset[str]  # normalised
    defining_cues: tuple[str, ...]  # normalised: what a short form stands for is asked
    calendar_cues: tuple[str, ...]  # normalised: a year, month or day is asked for
    ordinal_cues: tuple[str, ...]  # normalised: a number that names something is asked for
    abbreviations_of: dict[str, str]  # short form, normalised syllables joined -> full form
    shorthand: dict[str, str]  # chat word, normalised -> word
    tables: dict[str, object]  # all that the file holds, for those who read questions by lists of their own

    def vietnamese_phrases(self) -> list[str]:
        """Phrases of the lists as people write them, with diacritics, each once; page furniture left out."""
        tables = (
            table for name, table in self.tables.items() if name not in ("sentences", "pages", "context", "english")
        )
        found = [phrase for table in tables for phrase in _texts(table) if has_diacritics(phrase)]
        return list(dict.fromkeys([*found, *self.place_heads, *self.question_words]))

    def with_abbreviations(self, found: Mapping[str, str]) -> Lexicon:
        """These lists and abbreviations that articles define themselves; the file's own meaning goes first."""
        own = {" ".join(syllables(short)): full for short, full in found.items()}
        return replace(self, abbreviations_of={**own, **self.abbreviations_of})


def _texts(value: object) -> Iterator[str]:
    """All texts in a table: its keys where they stand for something, and its values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner)
            if not isinstance(inner, list):
                yield name
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def key(text: str) -> str:
    """What a phrase is compared by: folded words without digits and punctuation."""
    return " ".join(unit for unit in syllables(fold(text)) if not unit[0].isdigit())


@cache
def load(file: Path | None = None) -> Lexicon:
    """The lists of `file`, or of the copy that comes with the program. Raises SettingsError."""
    path = file or shipped_file()
    try:
        return of(tomllib.loads(path.read_text("utf-8")))
    except (OSError, tomllib.TOMLDecodeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{path} cannot be used as word lists ({type(error).__name__}: {error}). "
            "Compare it with the config/vietnamese.toml that comes with the program."
        ) from error


def of(data: dict[str, Any]) -> Lexicon:
    """The lists in what such a file holds. Raises KeyError, ValueError, TypeError or AttributeError."""
    pages = data["pages"]
    return Lexicon(
        abbreviations=frozenset(word.casefold() for word in data["sentences"]["abbreviations"]),
        **{
            name: frozenset(map(key, pages[name]))
            for name in ("boilerplate", "endings", "author_labels", "source_labels", "photo_labels", "date_words")
        },
        place_heads=tuple(pages["place_heads"]),
        context_words={Kind(kind): words for kind, words in data["context"].items()},
        **{
            f"{prefix}question_words": frozenset(" ".join(syllables(w)) for w in data["questions"][f"{prefix}words"])
            for prefix in ("", "bare_", "english_")
        },
        asking_for={
            kind: tuple(" ".join(syllables(phrase)) for phrase in data["questions"][kind])
            for kind in ("number", "date", "name", "person", "reason", "place", "document", "list", "yes_no")
        },
        asking_about={
            kind: tuple(" ".join(syllables(phrase)) for phrase in data["questions"][f"about_{kind.value}"])
            for kind in (Kind.BYLINE, Kind.DATE, Kind.SOURCE)
        },
        article_words=tuple(" ".join(syllables(words)) for words in data["questions"]["article_words"]),
        number_words=frozenset(data["questions"]["number_words"]),
        time_words=frozenset(" ".join(syllables(words)) for words in data["questions"]["time_words"]),
        family_names=frozenset(data["questions"]["family_names"]),
        focus_before=tuple(key(words) for words in data["questions"]["focus_before"]),
        focus_after=tuple(key(words) for words in data["questions"]["focus_after"]),
        defining_cues=tuple(" ".join(syllables(words)) for words in data["questions"]["defining_cues"]),
        calendar_cues=tuple(" ".join(syllables(words)) for words in data["questions"]["calendar_cues"]),
        ordinal_cues=tuple(" ".join(syllables(words)) for words in data["questions"]["ordinal_cues"]),
        reason_cues=frozenset(" ".join(syllables(words)) for words in data["questions"]["reason_cues"]),
        abbreviations_of={" ".join(syllables(short)): full for short, full in data["abbreviations"].items()},
        shorthand={normalize(short): full for short, full in data["shorthand"].items()},
        tables=data,
    )


def shipped_file() -> Path:
    """In a wheel the file lies inside this package, in a checkout in config/."""
    packaged = Path(__file__).parent / FILE
    return packaged if packaged.is_file() else Path(__file__).parent.parent / "config" / FILE
