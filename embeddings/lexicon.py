"""Word lists of the language and of its news pages, from config/vietnamese.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from embeddings.errors import SettingsError
from embeddings.records import Kind
from embeddings.vietnamese import fold, syllables

FILE = "vietnamese.toml"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """See config/vietnamese.toml, which says what each list is for. Phrases are folded syllables, joined."""

    abbreviations: frozenset[str]
    boilerplate: frozenset[str]
    endings: frozenset[str]
    author_labels: frozenset[str]
    source_labels: frozenset[str]
    photo_labels: frozenset[str]
    date_words: frozenset[str]
    place_heads: tuple[str, ...]
    context_words: dict[Kind, str]


def key(text: str) -> str:
    """What a phrase is compared by: folded words without digits and punctuation."""
    return " ".join(unit for unit in syllables(fold(text)) if not unit[0].isdigit())


@cache
def load(file: Path | None = None) -> Lexicon:
    """The lists of `file`, or of the copy that comes with the program. Raises SettingsError."""
    path = file or shipped_file()
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        pages = data["pages"]
        return Lexicon(
            abbreviations=frozenset(word.casefold() for word in data["sentences"]["abbreviations"]),
            **{
                name: frozenset(map(key, pages[name]))
                for name in ("boilerplate", "endings", "author_labels", "source_labels", "photo_labels", "date_words")
            },
            place_heads=tuple(pages["place_heads"]),
            context_words={Kind(kind): words for kind, words in data["context"].items()},
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, ValueError, TypeError) as error:
        raise SettingsError(
            f"{path} cannot be used as word lists ({type(error).__name__}: {error}). "
            "Compare it with the config/vietnamese.toml that comes with the program."
        ) from error


def shipped_file() -> Path:
    """In a wheel the file lies inside this package, in a checkout in config/."""
    packaged = Path(__file__).parent / FILE
    return packaged if packaged.is_file() else Path(__file__).parent.parent / "config" / FILE
