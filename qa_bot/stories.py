"""Articles that tell the same: passages and sentences that are said once, and sentences that answer one question
differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from embeddings.vietnamese import bigrams, fold, syllables
from qa_bot.evidence import Candidate
from qa_bot.kinds import folded
from qa_bot.records import Expected, Ranked

_SAME = 0.7  # shared bigrams, of all: a passage reprinted with small changes
_NOTHING_NEW = 0.7  # of a passage's bigrams, those that another of the same story has: it was cut or begins elsewhere
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
            if len(kept) < most:  # what is alike one of these counts; the others are not wanted
                kept.append((item, pairs, []))
        elif item.stored.article.path not in first[2]:
            first[2].append(item.stored.article.path)
    return [Story(item, tuple(also)) for item, _, also in kept]


def _is_reprint(item: Ranked, pairs: frozenset[str], first: Ranked, others: frozenset[str]) -> bool:
    if item.stored.article.id == first.stored.article.id or item.stored.passage.kind != first.stored.passage.kind:
        return False
    cut = _same_story(item, first) and 0 < _NOTHING_NEW * len(pairs) <= len(pairs & others)
    return cut or _alike(pairs, others)


def _same_story(a: Ranked, b: Ranked) -> bool:
    return a.stored.story is not None and a.stored.story == b.stored.story


@lru_cache(maxsize=4096)
def _pairs(text: str) -> frozenset[str]:
    return frozenset(bigrams(syllables(fold(text))))


def _alike(a: frozenset[str], b: frozenset[str]) -> bool:
    if not a or not b or min(len(a), len(b)) < _SAME * max(len(a), len(b)):
        return False
    shared = len(a & b)
    return shared >= _SAME * (len(a) + len(b) - shared)


def distinct(order: Sequence[Candidate]) -> list[Candidate]:
    """The candidates without those that say, word for word, what an earlier one says."""
    first: dict[str, Candidate] = {}
    for candidate in order:
        first.setdefault(_said(candidate), candidate)
    return list(first.values())


def repeated_in(candidate: Candidate, order: Sequence[Candidate]) -> tuple[str, ...]:
    """The paths of other articles that say the same sentence of the same, each once, in the order of candidates.

    What is said word for word of every district is another fact in each article, unless they are one story.
    """
    said, of = _said(candidate), candidate.ranked.stored
    saying = [other for other in order if other.ranked.stored.article.id != of.article.id and _said(other) == said]
    same = (other for other in saying if _same_story(other.ranked, candidate.ranked) or _fits(other, candidate))
    return tuple(dict.fromkeys(other.ranked.stored.article.path for other in same))


def _fits(other: Candidate, candidate: Candidate) -> bool:
    """Whether its place and time are as right."""
    a, b = other.features, candidate.features
    return a.subject >= b.subject and a.elsewhere <= b.elsewhere and a.other_time <= b.other_time


def _said(candidate: Candidate) -> str:
    return _words(candidate.text)


@lru_cache(maxsize=8192)
def _words(text: str) -> str:
    return " ".join(syllables(fold(text))) or text


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
