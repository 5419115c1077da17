"""What an answer must hold beside the question's words: the office, the time, the counted thing that is asked about.

A sentence about the chairman of another council, about another year, with a number of other things, nearly answers: it
has most of the words, and every fitted number likes it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from embeddings.abbreviations import written_out
from embeddings.lexicon import Lexicon
from embeddings.vietnamese import fold, syllables
from qa_bot import kinds
from qa_bot.records import Expected, Period, Query

_CLOSE = 4  # words between a number and what it counts, or between those of an office
_YEAR_DIGITS = 4
_PERCENT = {"phan", "tram"}


def office(query: Query, sentence: str, lexicon: Lexicon) -> float:
    """The best share of the office's words after its title: "Chủ tịch HĐND huyện" is not "Chủ tịch UBND huyện".

    1 where no office is asked about.
    """
    if query.office is None:
        return 1.0
    units = tuple(syllables(fold(written_out(sentence, lexicon))))
    size, reach = len(query.office.title), len(query.office.words) + _CLOSE
    begins = (at for at in range(len(units) - size + 1) if units[at : at + size] == query.office.title)
    wanted = frozenset(query.office.words)
    return max((share(wanted, units[at : at + reach]) for at in begins), default=0.0)


def counted(query: Query, sentence: str, marks: Sequence[kinds.Mark]) -> float:
    """The share of the counted thing ("đảng viên", "tuổi") that stands within a few words of one of the numbers.

    At least half, where the sentence has it elsewhere; 1 where nothing is counted.
    """
    if query.expected is not Expected.NUMBER or not query.counted:
        return 1.0
    tokens = list(kinds.TOKEN.finditer(sentence))
    best = 0.5 * frozenset(query.counted).issubset(syllables(fold(sentence)))
    for start, end in marks:
        inside = [at for at, token in enumerate(tokens) if token.start() >= start and token.end() <= end]
        if inside:
            near = tokens[max(0, inside[0] - _CLOSE) : inside[-1] + 1 + _CLOSE]
            found = {unit for token in near for unit in kinds.folded(token[0])}
            if any(token[0].endswith("%") for token in near):
                found |= _PERCENT
            best = max(best, share(frozenset(query.counted), found))
    return best


def in_time(period: Period | None, near: Collection[str], published: date | None) -> bool:
    """Whether a year of the period is among the words nearby, or the article appeared in it."""
    if period is None:
        return True
    first, last = period.first or date.min, period.last or date.max
    years = (int(unit) for unit in near if len(unit) == _YEAR_DIGITS and unit.isascii() and unit.isdigit())
    return (published is not None and first <= published <= last) or any(
        first.year <= year <= last.year for year in years
    )


def share(wanted: Collection[str], found: Collection[str]) -> float:
    """Of `wanted`, what is `found`; 1 where nothing is wanted."""
    return len([unit for unit in wanted if unit in found]) / len(wanted) if wanted else 1.0
