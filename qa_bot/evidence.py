"""How well a sentence, where it stands, answers a question: a few numbers, each between 0 and 1 or nearly so.

Coverage is the share of the question's words, weighted by how rare each is in the articles, that is found in
the sentence, or in it and its neighbours, or in the passage with its article's heading.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import lru_cache

import numpy as np

from embeddings.abbreviations import written_out
from embeddings.context import context_text, indexed_text
from embeddings.index import Index
from embeddings.lexicon import Lexicon
from embeddings.ordinals import in_arabic
from embeddings.records import Kind
from embeddings.vietnamese import bigrams, fold, syllables
from qa_bot import kinds
from qa_bot.records import Expected, Office, Period, Query, Ranked

_CAPITALISED = re.compile(r"[^\W\d_]+")
_LONG = 60.0  # syllables: a sentence this long counts as 1
_CLOSE = 4  # words between a number and what it counts, or between those of an office
_YEAR_DIGITS = 4
_PERCENT = {"phan", "tram"}
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
    in_sentence: float  # coverage
    near: float  # coverage in the sentence, its neighbours and the heading
    in_passage: float  # coverage in the passage and the article's context
    pairs: float  # coverage of the question's bigrams in the sentence, unweighted
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
    pairs: frozenset[str]
    numbers: frozenset[str]
    capitals: frozenset[str]
    names: tuple[str, ...]
    places: frozenset[str]  # of the names: those that are some article's place

    def coverage(self, units: Collection[str]) -> float:
        return _coverage(self.weights, units)


def _coverage(weights: Mapping[str, float], units: Collection[str]) -> float:
    total = sum(weights.values())
    return sum(w for unit, w in weights.items() if unit in units) / total if total else 0.0


def profile(query: Query, index: Index) -> Profile:
    units = syllables(fold(in_arabic(query.text)))
    total = index.passage_count

    def idf(unit: str) -> float:
        n = min(index.document_frequency(unit), total)
        return math.log(1 + (total - n + 0.5) / (n + 0.5))

    weights = {unit: idf(unit) for unit in query.telling}
    return Profile(
        weights=weights,
        pairs=frozenset(bigrams(units)),
        numbers=frozenset(unit for unit in units if unit[0].isdigit()),
        capitals=frozenset(fold(word).casefold() for word in _CAPITALISED.findall(query.text)[1:] if word[0].isupper()),
        names=query.names,
        places=frozenset(query.names) & index.places,
    )


def candidates(
    query: Query, vector: np.ndarray, ranked: Sequence[Ranked], index: Index, lexicon: Lexicon
) -> list[Candidate]:
    """Every sentence of the ranked passages, in the order of passages."""
    sought = profile(query, index)
    scored = [(item, [float(score) for score in index.sentence_scores(vector, item.stored.row)]) for item in ranked]
    best = _Best(
        max((score for _, scores in scored for score in scores), default=0.0),
        max((item.score for item in ranked), default=0.0),
    )
    return [
        candidate
        for item, scores in scored
        for candidate in _Place(item, sought, lexicon).candidates(query, scores, best)
    ]


def of_article(query: Query, kind: Kind, ranked: Sequence[Ranked], index: Index, lexicon: Lexicon) -> list[Candidate]:
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
        found.append(next(place.candidates(query, scores, _Best(first.dense, first.score))))
    return found


@dataclass(frozen=True, slots=True)
class _Best:
    dense: float
    passage: float


@dataclass(frozen=True, slots=True)
class _Said:
    """The words of a sentence, as they are looked for."""

    units: tuple[str, ...]
    found: frozenset[str]
    joined: str  # units with spaces around

    pairs: frozenset[str]


@lru_cache(maxsize=8192)
def _said(text: str) -> _Said:
    """The same sentences are weighed for question after question."""
    units = syllables(fold(text))
    return _Said(tuple(units), frozenset(units), f" {' '.join(units)} ", frozenset(bigrams(units)))


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
        words = [indexed_text(text, passage.kind, lexicon) for text in self.texts]
        if beside is not None:
            words = ["\n".join([context_text(context, lexicon), *words, beside])]
        self.said = [_said(text) for text in words]
        self.around = _said(context_text(context, lexicon))
        self.all = self.around.found.union(*(said.found for said in self.said))
        self.byline = passage.kind is Kind.BYLINE
        self.place = " ".join(syllables(fold(context.place or "")))

    def candidates(self, query: Query, scores: Sequence[float], best: _Best) -> Iterator[Candidate]:
        """Each sentence; `scores` are their cosines."""
        sought = self.sought
        in_passage = sought.coverage(self.all)
        names = _share(sought.capitals, self.all)
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
                in_sentence=in_sentence,
                near=sought.coverage(near),
                in_passage=in_passage,
                pairs=_share(sought.pairs, said.pairs),
                numbers=_share(sought.numbers, near),
                names=names,
                subject=self._subject(window),
                focus=_share(query.focus, said.found),
                kind=float(held),
                office=_office(query.office, self.texts[number], self.lexicon) if query.office else 1.0,
                unit=_unit(self.texts[number], marks, query),
                lacks_number=float(query.expected is Expected.NUMBER and not held),
                lacks_date=float(query.calendar and not held),
                lacks_name=float(query.person and not held),
                lacks_place=float(bool(query.place_head) and not held),
                lacks_document=float(query.expected is Expected.DOCUMENT and not held),
                other_time=float(not self._in_time(query.period, near)),
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

    def _in_time(self, period: Period | None, near: Collection[str]) -> bool:
        """Whether a year of the period is named nearby, or the article appeared in it."""
        if period is None or period.published:
            return True
        first, last = period.first or date.min, period.last or date.max
        published = self.item.stored.article.published
        years = (int(unit) for unit in near if len(unit) == _YEAR_DIGITS and unit.isascii() and unit.isdigit())
        return (published is not None and first <= published <= last) or any(
            first.year <= year <= last.year for year in years
        )


def _office(office: Office, sentence: str, lexicon: Lexicon) -> float:
    """The best share of the office's words after its title: "Chủ tịch HĐND huyện" is not "Chủ tịch UBND huyện"."""
    units = tuple(syllables(fold(written_out(sentence, lexicon))))
    size, reach = len(office.title), len(office.words) + _CLOSE
    begins = (at for at in range(len(units) - size + 1) if units[at : at + size] == office.title)
    wanted = frozenset(office.words)
    return max((_share(wanted, units[at : at + reach]) for at in begins), default=0.0)


def _unit(sentence: str, marks: Sequence[kinds.Mark], query: Query) -> float:
    """The share of the counted thing ("đảng viên", "tuổi") that stands within a few words of one of the numbers."""
    if query.expected is not Expected.NUMBER or not query.counted:
        return 1.0
    tokens = list(kinds.TOKEN.finditer(sentence))
    best = 0.0
    for start, end in marks:
        inside = [at for at, token in enumerate(tokens) if token.start() >= start and token.end() <= end]
        if inside:
            near = tokens[max(0, inside[0] - _CLOSE) : inside[-1] + 1 + _CLOSE]
            found = {unit for token in near for unit in kinds.folded(token[0])}
            if any(token[0].endswith("%") for token in near):
                found |= _PERCENT
            best = max(best, _share(frozenset(query.counted), found))
    return best


def _share(wanted: frozenset[str], found: Collection[str]) -> float:
    return sum(unit in found for unit in wanted) / len(wanted) if wanted else 1.0
