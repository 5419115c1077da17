"""Measures against scikit-learn, NumPy and definitions written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, ndcg_score, precision_recall_fscore_support, roc_auc_score

from qa_bot.evaluation import measures

scores = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]) | st.floats(0, 1)  # the first ones tie
judged = st.lists(st.tuples(scores, st.booleans()), min_size=1, max_size=60)
ranks = st.lists(st.none() | st.integers(1, 10), min_size=1, max_size=12)


@given(judged)
def test_auroc_is_that_of_scikit_learn_ties_included(pairs: list[tuple[float, bool]]) -> None:
    labels = [label for _, label in pairs]
    assume(len(set(labels)) == 2)
    found = measures.auroc([s for s, label in pairs if label], [s for s, label in pairs if not label])
    assert found == pytest.approx(roc_auc_score(labels, [s for s, _ in pairs]))


def test_auroc_of_one_group_alone_is_not_defined() -> None:
    assert measures.auroc([0.5], []) is None
    assert measures.auroc([], [0.5]) is None


@given(judged)
def test_brier_is_that_of_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    confidences, rights = [s for s, _ in pairs], [right for _, right in pairs]
    expected = brier_score_loss([int(right) for right in rights], confidences, labels=[0, 1])
    assert measures.brier(confidences, rights) == pytest.approx(expected)


@given(ranks)
def test_ndcg_is_that_of_scikit_learn(wanted: list[int | None]) -> None:
    found = {rank for rank in wanted if rank is not None}
    unfound = sum(rank is None for rank in wanted)
    gains = [1 if rank in found else 0 for rank in range(1, 11)] + [1] * unfound + [0]
    order = list(range(len(gains), 0, -1))
    assert measures.ndcg(wanted, 10) == pytest.approx(ndcg_score([gains], [order], k=10))


@given(ranks)
def test_recall_grows_with_k_to_the_share_that_was_found(wanted: list[int | None]) -> None:
    curve = [measures.recall(wanted, k) for k in range(1, 11)]
    assert curve == sorted(curve)
    assert curve[-1] == pytest.approx(sum(rank is not None for rank in wanted) / len(wanted))


@pytest.mark.parametrize(
    ("wanted", "expected"), [([], 0), ([None], 0), ([3], 1 / 3), ([None, 2], 1 / 2), ([4, 1], 1), ([10], 1 / 10)]
)
def test_the_reciprocal_rank_is_that_of_the_first_thing_found(wanted: list[int | None], expected: float) -> None:
    assert measures.reciprocal_rank(wanted) == expected


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_detection_is_that_of_scikit_learn(pairs: list[tuple[bool, bool]]) -> None:
    there, flagged = [a for a, _ in pairs], [b for _, b in pairs]
    found = measures.detection(sum(a and b for a, b in pairs), sum(flagged), sum(there))
    expected = precision_recall_fscore_support(there, flagged, average="binary", zero_division=0)
    assert [part or 0 for part in found] == pytest.approx(expected[:3])
    assert (found.precision is None) is (not any(flagged))
    assert (found.recall is None) is (not any(there))


@given(st.lists(st.tuples(st.floats(0.001, 0.999), st.booleans()), min_size=1, max_size=60))
def test_the_reliability_curve_is_that_of_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    assume(all(round(10 * confidence, 9) % 1 for confidence, _ in pairs))  # on an edge, either bin is right
    confidences, rights = [c for c, _ in pairs], [right for _, right in pairs]
    bins = [one for one in measures.reliability(confidences, rights) if one.n]
    assume(len(set(rights)) == 2)
    shares, means = calibration_curve(rights, confidences, n_bins=10)
    assert [one.right for one in bins] == pytest.approx(list(shares))
    assert [one.confidence for one in bins] == pytest.approx(list(means))


@given(judged)
def test_every_prediction_is_in_the_one_bin_that_it_belongs_to(pairs: list[tuple[float, bool]]) -> None:
    bins = measures.reliability([c for c, _ in pairs], [right for _, right in pairs])
    assert sum(one.n for one in bins) == len(pairs)
    assert len(bins) == 10
    for one in bins:
        assert not one.n or one.low - 1e-9 <= one.confidence <= one.high + 1e-9
    error = measures.expected_calibration_error(bins)
    assert error is not None
    assert 0 <= error <= 1


def test_a_bot_that_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    bins = measures.reliability([0.75] * 4 + [0.25] * 4, [True, True, True, False, True, False, False, False])
    assert measures.expected_calibration_error(bins) == pytest.approx(0)


def test_a_bot_that_is_sure_and_wrong_has_the_whole_calibration_error() -> None:
    assert measures.expected_calibration_error(measures.reliability([1.0, 1.0], [False, False])) == 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.integers(0, 100))
def test_percentiles_are_those_of_numpy(values: list[float], percent: int) -> None:
    assert measures.percentile(values, percent) == pytest.approx(float(np.percentile(values, percent)), abs=1e-6)


@given(st.integers(1, 500), st.data())
def test_the_interval_of_a_share_holds_it_and_stays_between_0_and_1(n: int, data: st.DataObject) -> None:
    share = data.draw(st.integers(0, n)) / n
    low, high = measures.wilson(share, n)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


def test_the_interval_is_the_published_one() -> None:
    # Newcombe (1998), table I: 81 of 263 is 0.2553 to 0.3662
    assert measures.wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_nothing_has_no_percentile_and_no_interval() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        measures.percentile([], 50)
    with pytest.raises(ValueError, match="at least one case"):
        measures.wilson(0.5, 0)
