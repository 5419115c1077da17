"""How well a sentence, where it stands, answers a question: a few numbers, each between 0 and 1 or nearly so.

Coverage is the share of the question's words, weighted by how rare each is in the articles, that is found in
the sentence, or in it and its neighbours, or in the passage with its article's heading.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np

from embeddings.context import context_text, indexed_text
from embeddings.lexicon import Lexicon
from embeddings.ordinals import in_arabic
from embeddings.records import Context, Kind
from embeddings.searching import SearchIndex
from embeddings.vietnamese import bigrams, fold, syllables
from qa_bot import kinds, requirements
from qa_bot.records import Expected, Query, Ranked
from qa_bot.requirements import share

_CAPITALISED = re.compile(r"[^\W\d_]+")
_LONG = 60.0  # syllables: a sentence this long counts as 1
_MOST_MARKS = 40  # of one sentence; more are a table


@dataclass(frozen=True, slots=True)
class Features:
    """What the choice of a sentence and the confidence in it are reckoned from."""

    dense: float  # cosine of sentence and question
    dense_gap: float  # how far below the best candidate's cosine
    dense_lead: float  # how far above the median cosine of the passages that were weighed
    dense_beside: float  # cosine of the better of its neighbours in the passage; its own where it has none
    passage: float  # fused score of its passage
    passage_gap: float  # how far below the best passage's
    passage_lead: float  # how far above the best other passage's; below 0 where another is better
    in_sentence: float  # coverage
    near: float  # coverage in the sentence, its neighbours and the heading
    in_passage: float  # coverage in the passage and the article's context
    pairs: float  # coverage of the question's bigrams in the sentence, unweighted; in_sentence where it is one word
    numbers: float  # share of the question's numbers in sentence, neighbours and heading; 1 where it has none
    names: float  # share of its capitalised words in passage and heading; 1 where it has none
    subject: (
        float  # share of the names in it that stand, whole, in sentence, neighbours or heading; 1 where it has none
    )
    focus: float  # share of the words for the very thing asked for that stand in the sentence; 1 where there are none
    kind: float  # whether something of the kind asked for stands in the sentence and not in the question
    office: float  # share of the office asked about that stands in the sentence after its title; 1 where none is
    unit: float  # share of what is counted that stands beside a number; 1 unless articles count such things
    lacks_number: float  # a number is asked for, and there is none in the sentence …
    lacks_date: float
    lacks_name: float
    lacks_place: float
    lacks_document: float
    other_time: float  # a time is asked about that is neither named nearby nor the article's own
    other_document: float  # a document is named by its number, which stands neither here nor nearby
    elsewhere: float  # the article is about another place than the one asked about, which is not named nearby
    length: float  # syllables, 60 or more as 1

    def vector(self) -> np.ndarray:
        return np.array([getattr(self, field.name) for field in fields(self)], np.float64)


NAMES = tuple(field.name for field in fields(Features))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be cited. `marks`: [start, end) in it of what the question may be asking for."""

    ranked: Ranked
    sentence: int  # its number in the passage
    features: Features
    marks: tuple[kinds.Mark, ...] = ()

    @property
    def text(self) -> str:
        return self.ranked.stored.passage.sentence_texts()[self.sentence]


@dataclass(frozen=True, slots=True)
class Profile:
    """What is looked for: the question's telling words, folded, each with its weight (idf)."""

    weights: dict[str, float]
    total: float  # of the weights
    pairs: frozenset[str]
    numbers: frozenset[str]
    capitals: frozenset[str]
    names: tuple[str, ...]
    places: frozenset[str]  # of the names: those that are some article's place

    def coverage(self, units: Collection[str]) -> float:
        """The weight of those found, of the weight of all."""
        return sum([w for unit, w in self.weights.items() if unit in units]) / self.total if self.total else 0.0


def profile(query: Query, index: SearchIndex) -> Profile:
    units = syllables(fold(in_arabic(query.text)))
    total = index.passage_count

    def idf(unit: str) -> float:
        n = min(index.document_frequency(unit), total)
        return math.log(1 + (total - n + 0.5) / (n + 0.5))

    weights = {unit: idf(unit) for unit in query.telling}
    return Profile(
        weights=weights,
        total=sum(weights.values()),
        pairs=frozenset(bigrams(units)),
        numbers=frozenset(unit for unit in units if unit[0].isdigit()),
        capitals=frozenset(fold(word).casefold() for word in _CAPITALISED.findall(query.text)[1:] if word[0].isupper()),
        names=query.names,
        places=frozenset(query.names) & index.places,
    )


def candidates(
    query: Query, vector: np.ndarray, ranked: Sequence[Ranked], index: SearchIndex, lexicon: Lexicon
) -> list[Candidate]:
    """Every sentence of the ranked passages, in the order of passages."""
    sought = profile(query, index)
    cosines = index.sentence_scores(vector, [item.stored.row for item in ranked])
    scored = [(item, [float(score) for score in scores]) for item, scores in zip(ranked, cosines, strict=True)]
    best = _Best(
        max((score for _, scores in scored for score in scores), default=0.0),
        tuple(sorted((item.score for item in ranked), reverse=True)),
    )
    return [
        candidate
        for item, scores in scored
        for candidate in _Place(item, sought, lexicon).candidates(query, scores, best)
    ]


def of_article(
    query: Query, kind: Kind, ranked: Sequence[Ranked], index: SearchIndex, lexicon: Lexicon
) -> list[Candidate]:
    """The byline, date line or source line of the article that ranks first, weighed by what found that article.

    Such a line says nothing of its article's subject: what the question says of it must stand in the heading or
    in the passage that was found.
    """
    if not ranked:
        return []
    first = ranked[0]
    sought = profile(query, index)
    found = []
    for part in index.passages_of(first.stored.article.id, kind):
        place = _Place(replace(first, stored=part), sought, lexicon, beside=first.stored.passage.text)
        scores = [first.dense] * len(part.passage.sentences)
        found.append(next(place.candidates(query, scores, _Best(first.dense, tuple(item.score for item in ranked)))))
    return found


@dataclass(frozen=True, slots=True)
class _Best:
    """The best cosine of any sentence, and the passages' scores, best first."""

    dense: float
    passages: tuple[float, ...]

    @property
    def passage(self) -> float:
        return self.passages[0] if self.passages else 0.0

    def other_than(self, item: Ranked) -> float:
        others = self.passages[1:] if item.score >= self.passage else self.passages
        return others[0] if others else 0.0


@dataclass(frozen=True, slots=True)
class _Said:
    """The words of a sentence, as they are looked for."""

    units: tuple[str, ...]
    found: frozenset[str]
    joined: str  # units with spaces around
    pairs: frozenset[str]


@lru_cache(maxsize=8192)
def _said(text: str, kind: Kind | None, lexicon: Lexicon) -> _Said:
    """The words of a sentence, and of its kind; `text` as it stands where there is none.

    The same sentences are weighed for question after question.
    """
    units = syllables(fold(text if kind is None else indexed_text(text, kind, lexicon)))
    return _Said(tuple(units), frozenset(units), f" {' '.join(units)} ", frozenset(bigrams(units)))


@lru_cache(maxsize=1024)
def _around(context: Context, lexicon: Lexicon) -> _Said:
    return _said(context_text(context, lexicon), None, lexicon)


class _Place:
    """What is the same for all sentences of one passage, reckoned once.

    `beside`: text that stands for the passage too, where it is read as one sentence.
    """

    def __init__(self, item: Ranked, sought: Profile, lexicon: Lexicon, beside: str | None = None) -> None:
        passage, context = item.stored.passage, item.stored.context
        self.item = item
        self.sought = sought
        self.lexicon = lexicon
        self.texts = passage.sentence_texts()
        self.said = [_said(text, passage.kind, lexicon) for text in self.texts]
        if beside is not None:
            words = [indexed_text(text, passage.kind, lexicon) for text in self.texts]
            self.said = [_said("\n".join([context_text(context, lexicon), *words, beside]), None, lexicon)]
        self.around = _around(context, lexicon)
        self.all = self.around.found.union(*(said.found for said in self.said))
        self.byline = passage.kind is Kind.BYLINE
        self.place = " ".join(syllables(fold(context.place or "")))

    def candidates(self, query: Query, scores: Sequence[float], best: _Best) -> Iterator[Candidate]:
        """Each sentence; `scores` are their cosines."""
        sought = self.sought
        in_passage = sought.coverage(self.all)
        names = share(sought.capitals, self.all)
        for number, said in enumerate(self.said):
            dense = scores[number]
            neighbours = [scores[n] for n in (number - 1, number + 1) if 0 <= n < len(scores)]
            window = self.said[max(0, number - 1) : number + 2]
            near = self.around.found.union(*(other.found for other in window))
            marks = kinds.candidates(self.texts[number], query, self.lexicon)[:_MOST_MARKS]
            held = self._signs(query) or kinds.holds(self.texts[number], marks, query, self.lexicon)
            in_sentence = sought.coverage(said.found)
            features = Features(
                dense=dense,
                dense_gap=best.dense - dense,
                dense_lead=dense - self.item.background,
                dense_beside=max(neighbours, default=dense),
                passage=self.item.score,
                passage_gap=best.passage - self.item.score,
                passage_lead=self.item.score - best.other_than(self.item),
                in_sentence=in_sentence,
                near=sought.coverage(near),
                in_passage=in_passage,
                pairs=share(sought.pairs, said.pairs) if sought.pairs else in_sentence,
                numbers=share(sought.numbers, near),
                names=names,
                subject=self._subject(window),
                focus=share(query.focus, said.found),
                kind=float(held),
                office=requirements.office(query, self.texts[number], self.lexicon),
                unit=requirements.counted(query, self.texts[number], marks),
                lacks_number=float(query.expected is Expected.NUMBER and not held),
                lacks_date=float(query.calendar and not held),
                lacks_name=float(query.person and not held),
                lacks_place=float(bool(query.place_head) and not held),
                lacks_document=float(query.expected is Expected.DOCUMENT and not held),
                other_time=float(not requirements.in_time(query.period, near, self.item.stored.article.published)),
                other_document=float(not query.documents <= near),
                elsewhere=float(self._elsewhere(window)),
                length=min(1.0, len(said.units) / _LONG),
            )
            yield Candidate(self.item, number, features, tuple(marks))

    def _signs(self, query: Query) -> bool:
        """A byline names somebody, whatever the pen name looks like."""
        return self.byline and query.expected in (Expected.NAME, Expected.PERSON)

    def _subject(self, window: Sequence[_Said]) -> float:
        names = self.sought.names
        if not names:
            return 1.0
        return sum(self._named(name, window) for name in names) / len(names)

    def _named(self, name: str, window: Sequence[_Said]) -> bool:
        return any(f" {name} " in said.joined for said in (self.around, *window))

    def _elsewhere(self, window: Sequence[_Said]) -> bool:
        """A place is asked about that some article is about; this one is about another, and does not name it here."""
        places = self.sought.places
        return bool(places) and self.place not in ("", *places) and not any(self._named(p, window) for p in places)
