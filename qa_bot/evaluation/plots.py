"""The report's plots, each a function from figures to a <figure>. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from embeddings.messages import Language
from qa_bot.evaluation import axes, measures
from qa_bot.evaluation.axes import BOTTOM, LEFT, RIGHT, Axis, across, frame, plot, upward
from qa_bot.evaluation.figures import Calibration, Refusals, Retrieval, by_answerability, stages
from qa_bot.evaluation.markup import Markup, element
from qa_bot.evaluation.outcomes import Outcome
from qa_bot.evaluation.words import known, number, percent, say

_SWEEP = 100  # thresholds that are tried
_BARS = 20  # of a histogram of confidence
_ROW, _ROW_GAP = 34.0, 12.0  # a stage's histogram, and what is left free above it
_SMALLEST_MS = 0.01
_LARGEST_DOT = 9.0
_BELOW = -0.13  # leaves room below 0 % for the sizes of the bins


def recall_plot(retrieval: Retrieval, language: Language) -> Markup:
    """Recall against the number of passages."""
    title = say(language, "recall.title")
    if not retrieval.n:
        return _empty(title, language)
    low = max(0.0, math.floor(10 * min(retrieval.recall) - 0.5) / 10)
    note = say(language, "recall.note", low=percent(low))
    x = across(1, len(retrieval.recall), [(k, f"{k}") for k in range(1, 11)], say(language, "recall.x"))
    count = round(10 * (1 - low)) if low > 0.4 else 5
    y = upward(low, 1, axes.steps(low, 1, count, percent), say(language, "recall.y"))
    points = [(x.at(k), y.at(share)) for k, share in enumerate(retrieval.recall, 1)]
    named = [
        axes.label(px + 2, py + (19 if py + 30 < BOTTOM else -10), percent(share), "value middle shadow")
        for k, ((px, py), share) in enumerate(zip(points, retrieval.recall, strict=True), 1)
        if k in (1, 3, 5, 10)
    ]
    first, fifth, tenth = (percent(retrieval.recall[k - 1]) for k in (1, 5, 10))
    alt = say(language, "recall.alt", first=first, fifth=fifth, tenth=tenth)
    dots = [axes.dot(px, py, 4, "one fill") for px, py in points]
    return plot(title, note, frame(x, y, axes.path(points, "one curve"), *dots, *named, description=alt))


def refusal_plot(outcomes: Sequence[Outcome], refusals: Refusals, threshold: float, language: Language) -> Markup:
    """Precision and recall of refusing against the threshold, and what was measured at the one in use."""
    title, note = say(language, "refusal.title"), say(language, "refusal.note")
    groups = by_answerability(outcomes)
    if not all(groups):
        return _empty(title, language)
    answerable, unanswerable = (sorted(one.answer.confidence for one in group) for group in groups)
    x, y = _shares(language, "refusal.x"), _shares(language, "refusal.y", vertical=True)
    found = [(at / _SWEEP, _refusing_below(at / _SWEEP, answerable, unanswerable)) for at in range(_SWEEP + 1)]
    precise = [(x.at(t), y.at(one.precision)) for t, one in found if one.precision is not None]
    recalled = [(x.at(t), y.at(one.recall)) for t, one in found if one.recall is not None]
    measured = [
        axes.dot(x.at(threshold), y.at(share), 5, f"{style} fill")
        for share, style in ((refusals.precision, "one"), (refusals.recall, "two"))
        if share is not None
    ]
    alt = say(
        language, "refusal.alt",
        threshold=number(language, threshold), precision=percent(refusals.precision), recall=percent(refusals.recall),
    )  # fmt: skip
    drawn = (axes.path(precise, "one curve"), axes.path(recalled, "two curve dashed"), *measured)
    legend = [("one curve", say(language, "refusal.precision")), ("two curve dashed", say(language, "refusal.recall"))]
    return plot(title, note, frame(x, y, _threshold(x, y, threshold), *drawn, description=alt), legend)


def _refusing_below(threshold: float, answerable: Sequence[float], unanswerable: Sequence[float]) -> measures.Detection:
    """Both sorted."""
    hits = sum(confidence < threshold for confidence in unanswerable)
    return measures.detection(hits, hits + sum(confidence < threshold for confidence in answerable), len(unanswerable))


def confidence_plot(outcomes: Sequence[Outcome], threshold: float, language: Language) -> Markup:
    """The confidence of questions with an answer upwards, of those without downwards."""
    title, note = say(language, "confidence.title"), say(language, "confidence.note")
    groups = [[one.answer.confidence for one in group] for group in by_answerability(outcomes)]
    if not any(groups):
        return _empty(title, language)
    heights = [[one.n / max(1, len(group)) for one in measures.reliability(group, [True] * len(group), _BARS)]
               for group in groups]  # fmt: skip
    top = max(0.1, math.ceil(10 * max(map(max, heights))) / 10)
    x = _shares(language, "confidence.x")
    y = upward(-top, top, axes.steps(-top, top, 4, lambda share: percent(abs(share))), say(language, "confidence.y"))
    bars = [
        axes.box(x.at(at / _BARS) + 1, min(y.at(0), y.at(up * share)), x.at((at + 1) / _BARS) - 1,
                 max(y.at(0), y.at(up * share)), style)
        for up, style, shares in ((1, "one fill", heights[0]), (-1, "two fill", heights[1]))
        for at, share in enumerate(shares)
        if share
    ]  # fmt: skip
    medians = [number(language, measures.percentile(group, 50)) if group else "–" for group in groups]
    alt = say(language, "confidence.alt", answerable=medians[0], unanswerable=medians[1])
    zero = axes.line(LEFT, y.at(0), RIGHT, y.at(0), "axis")
    legend = [("one curve", say(language, "confidence.answerable", n=len(groups[0]))),
              ("two curve", say(language, "confidence.unanswerable", n=len(groups[1])))]  # fmt: skip
    return plot(title, note, frame(x, y, *bars, zero, _threshold(x, y, threshold), description=alt), legend)


def reliability_plot(calibration: Calibration, language: Language) -> Markup:
    """The share of right answers against the confidence, with 95 % intervals."""
    title, note = say(language, "reliability.title"), say(language, "reliability.note")
    bins = [one for one in calibration.bins if one.n]
    if not bins:
        return _empty(title, language)
    x = _shares(language, "reliability.x")
    y = upward(_BELOW, 1, axes.steps(0, 1, 5, percent), say(language, "reliability.y"))
    largest = max(one.n for one in bins)
    drawn: list[Markup] = [axes.line(x.at(0), y.at(0), x.at(1), y.at(1), "ideal")]
    for one in bins:
        low, high = measures.wilson(one.right, one.n)
        drawn.append(axes.line(x.at(one.confidence), y.at(low), x.at(one.confidence), y.at(high), "one interval"))
    for one in bins:
        radius = 3 + (_LARGEST_DOT - 3) * math.sqrt(one.n / largest)
        drawn.append(axes.dot(x.at(one.confidence), y.at(one.right), radius, "one fill"))
        drawn.append(axes.label(x.at(one.confidence), BOTTOM - 5, f"{one.n}", "tick middle"))
    points = "; ".join(
        say(language, "reliability.point", confidence=percent(one.confidence), right=percent(one.right), n=one.n)
        for one in bins
    )
    error = number(language, calibration.expected_error)
    return plot(
        title, note, frame(x, y, *drawn, description=say(language, "reliability.alt", points=points, error=error))
    )


def latency_plot(outcomes: Sequence[Outcome], language: Language) -> Markup:
    """A histogram a stage, one below the other over the same logarithmic axis."""
    title, note = say(language, "latency.title"), say(language, "latency.note")
    values = {name: times for name, times in stages(outcomes).items() if times}
    if not values:
        return _empty(title, language)
    all_values = [max(_SMALLEST_MS, value) for times in values.values() for value in times]
    low, high = math.floor(math.log10(min(all_values))), math.ceil(math.log10(max(all_values)) + 1e-6)
    ticks = tuple((10.0**power, number(language, 10.0**power, max(0, -power))) for power in range(low, high + 1))
    left, right = LEFT + 56, RIGHT - 88
    x = Axis(10.0**low, 10.0**high, left, right, ticks, say(language, "latency.x"), logarithmic=True)
    bottom = axes.TOP + len(values) * (_ROW + _ROW_GAP)
    y = Axis(0, 1, bottom, axes.TOP, (), say(language, "latency.y"))
    rows: list[Markup] = []
    for at, (name, times) in enumerate(values.items(), 1):
        rows += _stage(known(language, f"stage.{name}", name), times, x, axes.TOP + at * (_ROW + _ROW_GAP), language)
    told = "; ".join(f"{known(language, f'stage.{name}', name)} {_percentiles(times, language)}"
                     for name, times in values.items())  # fmt: skip
    drawing = frame(x, y, *rows, description=say(language, "latency.alt", stages=told), height=bottom + 48)
    return plot(title, note, drawing)


def _stage(name: str, times: Sequence[float], x: Axis, base: float, language: Language) -> list[Markup]:
    """One row that stands on `base`."""
    slots = 40
    counts = [0] * slots
    for time in times:
        share = (x.at(time) - x.start) / (x.end - x.start)
        counts[min(slots - 1, int(share * slots))] += 1
    width = (x.end - x.start) / slots
    bars = [
        axes.box(
            x.start + at * width, base - _ROW * count / max(counts), x.start + (at + 1) * width - 0.8, base, "one fill"
        )
        for at, count in enumerate(counts)
        if count
    ]
    median = x.at(measures.percentile(times, 50))
    return [
        axes.line(x.start, base, x.end, base, "grid"),
        *bars,
        axes.line(median, base - _ROW - 3, median, base, "ink"),
        axes.label(x.start - 6, base - 6, name, "tick end"),
        axes.label(x.end + 6, base - 6, _percentiles(times, language), "tick"),
    ]


def _percentiles(times: Sequence[float], language: Language) -> str:
    def written(value: float) -> str:
        return number(language, value, 0 if value >= 10 else 1 if value >= 1 else 2)

    return " · ".join(written(measures.percentile(times, percent)) for percent in (50, 95, 99))


def share_bar(share: float, style: str) -> Markup:
    """A bar of 0 to 100 % for a table's cell, whose text says the number."""
    track, filled = axes.box(0, 0, 100, 8, "track"), axes.box(0, 0, 100 * share, 8, f"{style} fill")
    return element(
        "svg", track, filled, viewBox="0 0 100 8", preserveAspectRatio="none", class_="bar", aria_hidden="true"
    )


def confidence_bar(confidence: float, threshold: float, description: str) -> Markup:
    """The confidence as a bar, with a tick at the threshold."""
    track, filled = axes.box(0, 2, 100, 8, "track"), axes.box(0, 2, 100 * confidence, 8, "one fill")
    tick = axes.line(100 * threshold, 0, 100 * threshold, 10, "ink")
    return element("svg", track, filled, tick, viewBox="0 0 100 10", class_="gauge", role="img", aria_label=description)


def effect_bar(effect: float, largest: float) -> Markup:
    """From the middle to the right where it is above 0, to the left where below."""
    width = 50 * abs(effect) / largest if largest else 0.0
    left, right, style = (50.0, 50 + width, "one fill") if effect >= 0 else (50 - width, 50.0, "two fill")
    middle = axes.line(50, 0, 50, 8, "axis")
    return element("svg", axes.box(left, 1, right, 7, style), middle, viewBox="0 0 100 8",
                   preserveAspectRatio="none", class_="bar", aria_hidden="true")  # fmt: skip


def _shares(language: Language, name: str, vertical: bool = False) -> Axis:
    make = upward if vertical else across
    return make(0, 1, axes.steps(0, 1, 5, percent), say(language, name))


def _threshold(x: Axis, y: Axis, threshold: float) -> Markup:
    return axes.line(x.at(threshold), min(y.start, y.end), x.at(threshold), max(y.start, y.end), "threshold")


def _empty(title: str, language: Language) -> Markup:
    return plot(title, "", element("p", say(language, "plot.none"), class_="muted"))
