"""How well a sentence, where it stands, answers a question: a few numbers, each between 0 and 1 or nearly so.

Coverage is the share of the question's words, weighted by how rare each is in the articles, that is found in
the sentence, or in it and its neighbours, or in the passage with its article's heading.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from embeddings.context import context_text, indexed_text
from embeddings.index import Index
from embeddings.lexicon import Lexicon
from embeddings.records import Kind
from embeddings.vietnamese import bigrams, fold, syllables
from qa_bot import kinds
from qa_bot.records import Expected, Query, Ranked

_CAPITALISED = re.compile(r"[^\W\d_]+")
_LONG = 60.0  # syllables: a sentence this long counts as 1


@dataclass(frozen=True, slots=True)
class Features:
    """What the choice of a sentence and the confidence in it are reckoned from."""

    dense: float  # cosine of sentence and question
    dense_gap: float  # how far below the best candidate's cosine
    dense_lead: float  # how far above the median cosine of the passages that were weighed
    passage: float  # fused score of its passage
    in_sentence: float  # coverage
    near: float  # coverage in the sentence, its neighbours and the heading
    in_passage: float  # coverage in the passage and the article's context
    pairs: float  # coverage of the question's bigrams in the sentence, unweighted
    numbers: (
        float  # share of the question's numbers in the sentence, its neighbours and the heading; 1 where it has none
    )
    names: float  # share of its capitalised words there; 1 where it has none
    focus: float  # share of the words for the very thing asked for that stand in the sentence; 1 where there are none
    kind: float  # whether something of the kind asked for stands in the sentence and not in the question
    lacks_number: float  # a number is asked for, and there is none in the sentence …
    lacks_date: float
    lacks_name: float
    length: float  # syllables, 60 or more as 1

    def vector(self) -> np.ndarray:
        return np.array([getattr(self, field.name) for field in fields(self)], np.float64)


NAMES = tuple(field.name for field in fields(Features))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be cited."""

    ranked: Ranked
    sentence: int  # its number in the passage
    features: Features


@dataclass(frozen=True, slots=True)
class Profile:
    """What is looked for: the question's telling words, folded, each with its weight (idf)."""

    weights: dict[str, float]
    pairs: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]

    def coverage(self, units: frozenset[str]) -> float:
        total = sum(self.weights.values())
        return sum(w for unit, w in self.weights.items() if unit in units) / total if total else 0.0


def profile(query: Query, index: Index) -> Profile:
    units = syllables(fold(query.text))
    counts = {unit: index.document_frequency(unit) for unit in query.telling}
    total = index.passage_count
    weights = {unit: math.log(1 + (total - min(n, total) + 0.5) / (n + 0.5)) for unit, n in counts.items()}
    names = {fold(word).casefold() for word in _CAPITALISED.findall(query.text)[1:] if word[0].isupper()}
    return Profile(
        weights=weights,
        pairs=frozenset(bigrams(units)),
        numbers=frozenset(unit for unit in units if unit[0].isdigit()),
        names=frozenset(names),
    )


def candidates(
    query: Query, vector: np.ndarray, ranked: Sequence[Ranked], index: Index, lexicon: Lexicon
) -> list[Candidate]:
    """Every sentence of the ranked passages, in the order of passages."""
    sought = profile(query, index)
    found: list[tuple[Ranked, int, float]] = []
    for item in ranked:
        scores = index.sentence_scores(vector, item.stored.row)
        found.extend((item, number, float(score)) for number, score in enumerate(scores))
    best = max((score for _, _, score in found), default=0.0)
    places = {item.stored.row: _Place(item, sought, lexicon) for item in ranked}
    return [
        Candidate(item, number, places[item.stored.row].features(query, number, score, best))
        for item, number, score in found
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
        found.append(Candidate(place.item, 0, place.features(query, 0, first.dense, first.dense)))
    return found


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
        self.lists = [syllables(fold(text)) for text in words]
        self.sets = [frozenset(units) for units in self.lists]
        self.around = frozenset(syllables(fold(context_text(context, lexicon))))
        self.all = self.around.union(*self.sets)
        self.signed = passage.kind is Kind.BYLINE  # a pen name need not look like one

    def features(self, query: Query, number: int, dense: float, best: float) -> Features:
        sought = self.sought
        held = self.signed or kinds.holds(self.texts[number], query, self.lexicon)
        near = self.around.union(*self.sets[max(0, number - 1) : number + 2])
        return Features(
            dense=dense,
            dense_gap=best - dense,
            dense_lead=dense - self.item.background,
            passage=self.item.score,
            in_sentence=sought.coverage(self.sets[number]),
            near=sought.coverage(near),
            in_passage=sought.coverage(self.all),
            pairs=_share(sought.pairs, frozenset(bigrams(self.lists[number]))),
            numbers=_share(sought.numbers, near),
            names=_share(sought.names, self.all),
            focus=_share(query.focus, self.sets[number]),
            kind=float(held),
            lacks_number=float(query.expected is Expected.NUMBER and not held),
            lacks_date=float(query.expected is Expected.DATE and not held),
            lacks_name=float(query.expected is Expected.NAME and not held),
            length=min(1.0, len(self.lists[number]) / _LONG),
        )


def _share(wanted: frozenset[str], found: frozenset[str]) -> float:
    return len(wanted & found) / len(wanted) if wanted else 1.0
