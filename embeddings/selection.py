"""Which articles may answer, in a form that an index can search by: days of publication, words of title and path."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from embeddings.vietnamese import fold, syllables

if TYPE_CHECKING:
    from embeddings.records import Article, Header

_REMEMBERED_TITLES = 20_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Articles published from `first` to `last`, both included, whose title or path has the `words`.

    An article without a date passes no bound of time. Words are folded syllables; the last may be unfinished.
    """

    first: date | None = None
    last: date | None = None
    words: tuple[str, ...] = ()

    def holds(self, article: Article | Header) -> bool:
        if self.first or self.last:
            published = article.published
            if published is None or not (self.first or date.min) <= published <= (self.last or date.max):
                return False
        if not self.words:
            return True
        known = named_by(article)
        return set(self.words[:-1]) <= set(known) and any(unit.startswith(self.words[-1]) for unit in known)


EVERYTHING = Selection()


def named_by(article: Article | Header) -> tuple[str, ...]:
    """The words that an article is selected by."""
    return units(f"{article.title or ''} {article.path}")


@lru_cache(maxsize=_REMEMBERED_TITLES)
def units(text: str) -> tuple[str, ...]:
    return tuple(syllables(fold(text)))
