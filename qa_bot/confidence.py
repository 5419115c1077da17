"""Which sentence to cite, and how likely it answers: two linear models over evidence.Features.

The choice was fitted as a softmax over the sentences of a question's passages, the confidence as a logistic
regression on the chosen one, by benchmarks/fit_confidence.py, on XQuAD-vi and MLQA-vi with and without
diacritics, XQuAD's also in English, with and without titles, the right passage there or taken away. Coefficients: models.json.
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


@dataclass(frozen=True, slots=True)
class Model:
    """Coefficients by feature name; those that are absent count nothing."""

    choice: Mapping[str, float]
    confidence: Mapping[str, float]
    intercept: float

    def preference(self, features: Features) -> float:
        return sum(weight * getattr(features, name) for name, weight in self.choice.items())

    def probability(self, features: Features) -> float:
        """That a citation of this sentence answers the question, 0 to 1."""
        score = self.intercept + sum(weight * getattr(features, name) for name, weight in self.confidence.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))

    def reasons(self, features: Features) -> tuple[Reason, ...]:
        return tuple(Reason(name, getattr(features, name), weight) for name, weight in self.confidence.items())

    def shares(self, candidates: Sequence[Candidate]) -> list[float]:
        """How the choice is spread over the candidates: a softmax, summing to 1."""
        scores = [self.preference(candidate.features) for candidate in candidates]
        top = max(scores, default=0.0)
        powers = [math.exp(score - top) for score in scores]
        return [power / sum(powers) for power in powers]


@cache
def models() -> dict[Typing, Model]:
    """A model for each way of typing: what can be trusted differs."""
    data = json.loads(resources.files("qa_bot").joinpath("models.json").read_text("utf-8"))
    loaded = {name: Model(entry["choice"], entry["confidence"], entry["intercept"]) for name, entry in data["models"].items()}
    for model in loaded.values():
        unknown = {*model.choice, *model.confidence} - set(NAMES)
        if unknown:
            raise ValueError(f"models.json names features that are not there: {sorted(unknown)}")
    return {
        Typing.ACCENTED: loaded["accented"],
        Typing.FOREIGN: loaded["english"],
        Typing.BARE: loaded["bare"],
    }
