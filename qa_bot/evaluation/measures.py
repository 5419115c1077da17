"""Measures of ranking, of detection and of probabilities. Pure; None where a measure is not defined."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

BINS = 10
_NORMAL_95 = 1.96  # standard deviations on either side that hold 95 % of a normal distribution

Ranks = Sequence[int | None]
"""For each thing that retrieval should find, the rank (from 1) of the first passage that has it, or None."""


def recall(ranks: Ranks, k: int) -> float:
    """The share of things wanted that the first k passages have."""
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks) if ranks else 0.0


def reciprocal_rank(ranks: Ranks) -> float:
    """Of the first passage that has anything wanted; 0 where none has."""
    found = [rank for rank in ranks if rank is not None]
    return 1 / min(found) if found else 0.0


def ndcg(ranks: Ranks, depth: int) -> float:
    """nDCG with binary relevance: a passage is relevant that is the first to have something wanted.

    Ideally the passages found come first, and one for each thing that was not found.
    """
    found = {rank for rank in ranks if rank is not None}
    wanted = min(depth, len(found) + sum(rank is None for rank in ranks))
    gained = sum(1 / math.log2(1 + rank) for rank in found if rank <= depth)
    ideal = sum(1 / math.log2(1 + rank) for rank in range(1, wanted + 1))
    return gained / ideal if ideal else 0.0


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """The probability that a random positive scores above a random negative; ties count half."""
    if not positives or not negatives:
        return None
    ordered = sorted(negatives)
    above = sum(bisect_left(ordered, score) + bisect_right(ordered, score) for score in positives) / 2
    return above / (len(positives) * len(negatives))


class Detection(NamedTuple):
    """How well something was detected; None of a part: nothing was flagged, nothing was there."""

    precision: float | None
    recall: float | None
    f1: float | None


def detection(hits: int, flagged: int, there: int) -> Detection:
    """`hits` of the `flagged` were among those that were `there`."""
    f1 = 2 * hits / (flagged + there) if flagged + there else None
    return Detection(hits / flagged if flagged else None, hits / there if there else None, f1)


class Bin(NamedTuple):
    """Predictions from `low` to below `high` (the last bin holds 1 too)."""

    low: float
    high: float
    n: int
    confidence: float  # mean of the predictions; 0 in an empty bin
    right: float  # share of them that were right


def reliability(confidences: Sequence[float], rights: Sequence[bool], bins: int = BINS) -> list[Bin]:
    """Predictions in bins of equal width from 0 to 1."""
    sums = [[0.0, 0.0, 0.0] for _ in range(bins)]
    for confidence, right in zip(confidences, rights, strict=True):
        kept = sums[max(0, min(bins - 1, int(confidence * bins)))]
        for at, value in enumerate((1, confidence, right)):
            kept[at] += value
    return [
        Bin(at / bins, (at + 1) / bins, int(n), total / n if n else 0.0, right / n if n else 0.0)
        for at, (n, total, right) in enumerate(sums)
    ]


def expected_calibration_error(bins: Sequence[Bin]) -> float | None:
    """The mean distance of confidence from the share of right answers, weighted by the bins' sizes."""
    n = sum(one.n for one in bins)
    return sum(one.n * abs(one.confidence - one.right) for one in bins) / n if n else None


def brier(confidences: Sequence[float], rights: Sequence[bool]) -> float | None:
    """The mean squared distance of the prediction from what came true."""
    pairs = list(zip(confidences, rights, strict=True))
    return sum((confidence - right) ** 2 for confidence, right in pairs) / len(pairs) if pairs else None


def wilson(share: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share seen in n cases (Wilson 1927). Raises ValueError unless n > 0."""
    if n < 1:
        raise ValueError("an interval needs at least one case")
    squared = _NORMAL_95**2 / n
    centre = (share + squared / 2) / (1 + squared)
    half = _NORMAL_95 * math.sqrt(share * (1 - share) / n + squared / (4 * n)) / (1 + squared)
    return max(0.0, centre - half), min(1.0, centre + half)


def percentile(values: Sequence[float], percent: float) -> float:
    """Interpolated between the two nearest values. Raises ValueError when there is none."""
    if not values:
        raise ValueError("a percentile needs at least one value")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
