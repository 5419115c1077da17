"""Questions about the collection itself: which articles mention something, how many there are, which is newest.

A question is read as a row of word classes (see [catalogue] in config/vietnamese.toml), one letter each, and the
whole row must have the shape of such a question: "có bài nào nói về Hải Hậu không" is E N Q M w w K. So a question
that only holds the word "bài" is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from embeddings.vietnamese import visible
from qa_bot.records import Catalogue
from qa_bot.understanding.phrases import WORD, Group, Phrases, Token, tokens

_MOST_WORDS = 40  # a longer text is no question about the collection
_QUOTES = re.compile(r"[\"“”„‟«»‘’()\[\]{}]+")

_LETTERS = {
    "other": WORD, "articles": "N", "how_many": "C", "which": "Q", "asking": "W", "mentions": "M", "plural": "P",
    "listing": "L", "exists": "E", "published": "D", "author": "A", "of": "O", "writes": "B", "by": "G", "newest": "U",
    "oldest": "V", "number": "S", "within": "I", "is": "Y", "not": "K", "filler": "F",
}  # fmt: skip

_SUBJECT = "(?P<subject>[^QCWUV]+?)"
_AUTHOR = "(?P<author>[^QCWNMUV]{1,6}?)"
_NAME = "(?P<name>[^QCWNMUV]{2,5}?)"  # not called an author: it must look like a person's name
_ABOUT = f"(?:F*M+F*{_SUBJECT})"
_ASKED = "(?:N[0F]*Q|[LP][LPFE0]*N[F]*Q?|QF*O?[PF]*N)"  # bài nào | liệt kê các bài | which articles
_EXTREME = "(?P<extreme>[UV])"
_IS_WHICH = "(?:YF*N?Q|MQ|DF*w?Q|DF*W|Y)?"  # là bài nào | nói về gì | đăng ngày nào

Asks = Literal["which", "count", "newest", "oldest"]


def _shapes(asks: Asks, *shapes: str) -> list[tuple[Asks, re.Pattern[str]]]:
    return [(asks, re.compile(f"F*{shape}[KF]*")) for shape in shapes]


_SHAPES = [
    *_shapes(
        "newest",
        f"[LEFQYP0]*NQ?[FDEY]*{_EXTREME}{_ABOUT}?{_IS_WHICH}",
        f"[LEFP0]*NQ?[FDEY]*M+F*{_SUBJECT}[YFDE]*{_EXTREME}{_IS_WHICH}",
        f"[LEFQYP0]*{_EXTREME}[F0]*N{_ABOUT}?{_IS_WHICH}",
    ),
    *_shapes(
        "count",
        f"[EFPS]*C[FP]*N[FDE]*{_ABOUT}?[FD]*",
        f"[EF]*CF*N[FD]*(?:O?A|G){_AUTHOR}[BD]*{_ABOUT}?",
        f"[EF]*CF*N[FD]*O{_NAME}{_ABOUT}?",
        f"CF*NF*{_NAME}B",
        f"[EF]*SF*N{_ABOUT}?(?:YC)?",
        f"{_SUBJECT}F*IF*CN",
        f"A{_AUTHOR}[FE]*[BE][FE]*CN{_ABOUT}?",
        f"{_NAME}[FE]*B[FE]*CN{_ABOUT}?",
    ),
    *_shapes(
        "which",
        f"[LEPF0]*{_ASKED}[FED]*{_ABOUT}",
        f"[LEPF0]*NM+[^QCW]{{1,6}}Q[FE]*{_ABOUT}",  # bài về hai huyện nào cùng nhắc đến …
        f"EF*NF*{_ABOUT}K",
        f"{_SUBJECT}F*I[PF]*NF*Q",
        "[LPFE0]*[LP][LPFE0]*NF*Q?[FDE]*(?:YQ)?",
        "[PF]*NF*QF*D[FD]*",
        "[PF]*QF*NF*D[FD]*",
        f"[LPFE0]*{_ASKED}[FD]*(?:O?A|GA?){_AUTHOR}[BD]*{_ABOUT}?",
        f"[LPFE0]*{_ASKED}[FD]*O{_NAME}{_ABOUT}?",
        f"[LPFE0]*{_ASKED}F*{_NAME}B",
        f"A{_AUTHOR}[FE]*[BE][PFE]*NF*Q{_ABOUT}?",
        f"{_NAME}[FE]*B[PFE]*NF*Q{_ABOUT}?",
        "(?P<author>[^QCWNMUV]{2,5}?)YAO?[PF]*NF*Q",
    ),
]


@dataclass(frozen=True, slots=True)
class CatalogueWords:
    """The lists of [catalogue]."""

    phrases: Phrases

    @classmethod
    def of(cls, table: Mapping[str, object]) -> CatalogueWords:
        """Raises KeyError, TypeError or ValueError where a list is missing or is none."""
        return cls(Phrases.of(table, _LETTERS))


def find_catalogue(text: str, words: CatalogueWords) -> Catalogue | None:
    """What `text` asks of the collection, or None where it asks something else. `period` is for the caller to fill.

    Words for a period ("năm 2021") should be taken out of `text` before; what they leave behind does no harm.
    """
    asked = visible(text)
    found = tokens(asked)
    if not 0 < len(found) <= _MOST_WORDS:
        return None
    groups = _with_fillers_joined(words.phrases.groups(found))
    row = "".join(group.letter for group in groups)
    if "N" not in row:
        return None
    for asks, shape in _SHAPES:
        match = shape.fullmatch(row)
        if match is None:
            continue
        given = {
            name: _said(asked, found, groups, *match.span(name)) for name, part in match.groupdict().items() if part
        }
        if "name" in given and not _names_a_person(given["name"], asked):
            continue
        author = given.get("author") or given.get("name")
        return Catalogue(_asks(asks, match, row), given.get("subject", ""), author)
    return None


def _with_fillers_joined(groups: Iterable[Group]) -> list[Group]:
    """Runs of filler words as one group: the shapes need not try every way to share them out."""
    joined: list[Group] = []
    for group in groups:
        if joined and joined[-1].letter == group.letter == "F":
            joined[-1] = Group("F", joined[-1].first, group.last)
        else:
            joined.append(group)
    return joined


def _asks(asks: Asks, match: re.Match[str], row: str) -> Asks:
    """Several newest articles are a list, which is newest first."""
    if asks != "newest":
        return asks
    if set("P0") & set(row[: max(row.index("N"), match.start("extreme"))].partition("M")[0]):
        return "which"
    return "newest" if match["extreme"] == "U" else "oldest"


def _said(text: str, found: Sequence[Token], groups: Sequence[Group], first: int, last: int) -> str:
    """The words of groups [first, last) as typed, without quotes and without what is said beside them for form."""
    while first < last - 1 and groups[first].letter in "FP":
        first += 1
    while first < last - 1 and groups[last - 1].letter in "FD":
        last -= 1
    start, end = found[groups[first].first].start, found[groups[last - 1].last - 1].end
    return " ".join(_QUOTES.sub(" ", text[start:end]).split())


def _names_a_person(name: str, text: str) -> bool:
    """Whether every word is capitalised, where capitals are typed at all."""
    return all(word[0].isupper() for word in name.split()) or not any(c.isupper() for c in text[1:])
