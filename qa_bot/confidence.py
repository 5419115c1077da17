"""Which sentence to cite, and how likely it answers: two linear models over evidence.Features.

The choice was fitted as a softmax over the sentences of a question's passages, the confidence as a logistic
regression on the chosen one (1: it is of the passage that answers), by benchmarks/fit_confidence.py: on XQuAD-vi and
MLQA-vi, with and without diacritics, XQuAD's also in English, with and without titles, the right passage there or
taken away. The coefficients are in models.json.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from qa_bot.evidence import NAMES, Candidate, Features
from qa_bot.records import Reason, Typing

_LACKING = 0.14  # what an answer must hold is not there: never above the shipped threshold
_SAME_OFFICE = 0.75  # of an office's words: with fewer it is another one


@dataclass(frozen=True, slots=True)
class Model:
    """Coefficients by feature name; those that are absent count nothing."""

    choice: Mapping[str, float]
    confidence: Mapping[str, float]
    intercept: float

    def preference(self, features: Features) -> float:
        return sum((weight * float(getattr(features, name)) for name, weight in self.choice.items()), 0.0)

    def probability(self, features: Features) -> float:
        """That a citation of this sentence answers the question, 0 to 1."""
        score = self.intercept + sum(weight * getattr(features, name) for name, weight in self.confidence.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, score)))) * requirements(features)

    def reasons(self, features: Features) -> tuple[Reason, ...]:
        fitted = tuple(Reason(name, getattr(features, name), weight) for name, weight in self.confidence.items())
        left = requirements(features)
        lacking = (Reason("requirements", left, 1.0),) if left < 1 else ()
        return (*fitted, Reason("intercept", 1.0, self.intercept), *lacking)

    def sorted(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Best first; equals stay in the order of their passages."""
        return sorted(candidates, key=lambda candidate: -self.preference(candidate.features))

    def shares(self, candidates: Sequence[Candidate]) -> list[float]:
        """How the choice is spread over the candidates: a softmax, summing to 1."""
        scores = [self.preference(candidate.features) for candidate in candidates]
        top = max(scores, default=0.0)
        powers = [math.exp(score - top) for score in scores]
        total = sum(powers)
        return [power / total for power in powers]


def requirements(features: Features) -> float:
    """What is left of a probability when the evidence lacks what an answer to this question must hold.

    Not fitted: public questions seldom ask for what their paragraph nearly says. A sentence without a number cannot say
    how many, nor one that counts other things; one on another district, year or office says nothing of this one.
    docs/quality.md has what each rule costs on public questions.
    """
    lacks = (
        features.lacks_number
        or features.lacks_date
        or features.lacks_name
        or features.lacks_place
        or features.lacks_document
        or features.elsewhere
        or features.other_time
        or features.other_document
        or features.office < _SAME_OFFICE
        or features.unit == 0
    )
    if features.in_passage == 0:
        return 0.0  # not a word in common: another script, or nothing but names that no article has
    return _LACKING if lacks else 1.0


@cache
def models() -> dict[Typing, Model]:
    """A model for each way of typing: what can be trusted differs."""
    data = json.loads(resources.files("qa_bot").joinpath("models.json").read_text("utf-8"))
    loaded = {
        name: Model(entry["choice"], entry["confidence"], entry["intercept"]) for name, entry in data["models"].items()
    }
    for model in loaded.values():
        unknown = {*model.choice, *model.confidence} - set(NAMES)
        if unknown:
            raise ValueError(f"models.json names features that are not there: {sorted(unknown)}")
    return {
        Typing.ACCENTED: loaded["accented"],
        Typing.FOREIGN: loaded["english"],
        Typing.BARE: loaded["bare"],
    }
