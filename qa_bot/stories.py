"""Articles that tell the same: passages collapsed into one, and sentences that answer one question differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.vietnamese import bigrams, fold, syllables
from qa_bot.evidence import Candidate
from qa_bot.kinds import folded
from qa_bot.records import Expected, Ranked

_SAME = 0.7  # shared bigrams, of all: a passage reprinted with small changes
_AS_GOOD = 0.9  # of the best sentence's coverage: what another one must have to speak of the same
_COMPARED = (Expected.NUMBER, Expected.DATE, Expected.NAME)


@dataclass(frozen=True, slots=True)
class Story:
    """A passage, and the paths of further articles that hold it too."""

    ranked: Ranked
    also_in: tuple[str, ...]


def collapsed(ranked: Sequence[Ranked], most: int) -> list[Story]:
    """The first `most` passages that differ, in their order; a reprint is counted with the one that came first."""
    kept: list[tuple[Ranked, frozenset[str], list[str]]] = []
    for item in ranked:
        pairs = _pairs(item.stored.passage.text)
        first = next((k for k in kept if _is_reprint(item, pairs, k[0], k[1])), None)
        if first is None:
            kept.append((item, pairs, []))
        elif item.stored.article.path not in first[2]:
            first[2].append(item.stored.article.path)
    return [Story(item, tuple(also)) for item, _, also in kept[:most]]


def _is_reprint(item: Ranked, pairs: frozenset[str], first: Ranked, others: frozenset[str]) -> bool:
    if item.stored.article.id == first.stored.article.id or item.stored.passage.kind != first.stored.passage.kind:
        return False
    return _alike(pairs, others)


def _pairs(text: str) -> frozenset[str]:
    return frozenset(bigrams(syllables(fold(text))))


def _alike(a: frozenset[str], b: frozenset[str]) -> bool:
    if not a or not b or min(len(a), len(b)) < _SAME * max(len(a), len(b)):
        return False
    return len(a & b) >= _SAME * len(a | b)


def disagreeing(best: Candidate, order: Sequence[Candidate], expected: Expected) -> Candidate | None:
    """The best sentence of another article that answers the same question with something else; None where none does.

    It must say as much of the question as `best`, hold every name and number asked about, and not be a reprint.
    """
    if expected not in _COMPARED or not best.marks:
        return None
    said = {value_of(best, mark) for mark in best.marks}
    for other in order:
        if other.ranked.stored.article.id == best.ranked.stored.article.id or not _speaks_of_the_same(other, best):
            continue
        if other.marks and said.isdisjoint(value_of(other, mark) for mark in other.marks):
            return other
    return None


def _speaks_of_the_same(other: Candidate, best: Candidate) -> bool:
    a, b = other.features, best.features
    covered = a.in_sentence >= _AS_GOOD * b.in_sentence and a.office >= _AS_GOOD * b.office
    complete = a.kind == a.subject == a.numbers == a.unit == 1 and not a.elsewhere
    return covered and complete and not _alike(_pairs(other.text), _pairs(best.text))


def value_of(candidate: Candidate, mark: tuple[int, int]) -> tuple[str, ...]:
    """What the marked words say, whatever their spelling."""
    return tuple(folded(candidate.text[mark[0] : mark[1]]))
