"""Open an index and ask it headlines, for benchmarks.scale: time, memory, recall.

    python -m benchmarks.scale_ask INDEX QUESTIONS.jsonl [--searches N] [--asks N] [--exact N]

QUESTIONS.jsonl: {"question", "right"}, right being the id of the article in its export. Nothing but the questions runs
while they are timed. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.contenders.common import questions_of
from benchmarks.measuring import memory, spread
from benchmarks.scale_base import article_id, original
from embeddings.index import Index
from embeddings.settings import Index as IndexSection
from qa_bot.assembly import make_bot, make_encoder
from qa_bot.bot import Bot
from qa_bot.settings import BotSettings

_WARM_UP = 20  # questions
_BLOCK = 65_536  # vectors multiplied at once
_KEPT = 400  # sentences of each question that the exact search keeps: enough for a hundred passages
_LONG = frozenset({"settings", "skipped", "files"})  # of a manifest: the rest says which index it is
_TIE = 1e-5  # scores that differ by less are the same
TOP, DEEP = 10, 100

Asked = Sequence[tuple[str, str]]


def opened(settings: BotSettings) -> tuple[Bot, dict[str, object]]:
    encoder = make_encoder(settings)
    began = time.perf_counter()
    bot = make_bot(settings, encoder)
    ready = time.perf_counter()
    encoder.warm_up()
    return bot, {"open_ms": round(1000 * (ready - began), 1), "opened_mb": memory()["rss_mb"]}


def searches(bot: Bot, asked: Asked) -> dict[str, object]:
    """Times of searches for passages, and whether the right article comes first (or a copy of it)."""
    clock, processor = [], []
    right = copied = within = 0
    for question, wanted in asked:
        began, used = time.perf_counter(), time.process_time()
        found = bot.search(question, TOP)
        clock.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() - used))
        ids = [article_id(ranked.stored.article.path) for ranked in found]
        right += ids[:1] == [wanted]
        copied += [original(id_) for id_ in ids[:1]] == [wanted]
        within += wanted in ids
    count = len(asked)
    return {
        "questions": count, **spread(clock, "search_"), **spread(processor, "search_processor_"),
        "recall_at_1": right / count, "recall_at_1_or_copy": copied / count, "recall_at_10": within / count,
    }  # fmt: skip


def answers(bot: Bot, asked: Asked) -> dict[str, object]:
    """Times of whole answers, and the median of each of their stages."""
    clock: list[float] = []
    processor: list[float] = []
    stages: dict[str, list[float]] = {}
    for question, _ in asked:
        began, used = time.perf_counter(), time.process_time()
        answer = bot.ask(question)
        clock.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() - used))
        for name, value in answer.timings_ms.items():
            stages.setdefault(name, []).append(value)
    medians = {name: round(statistics.median(values), 2) for name, values in stages.items()}
    return {
        "asks": len(asked), **spread(clock, "ask_"), **spread(processor, "ask_processor_"), "ask_stages_ms": medians,
    }  # fmt: skip


def best_sentences(index: Index, queries: np.ndarray, kept: int = _KEPT) -> tuple[np.ndarray, np.ndarray]:
    """(scores, rows) of the best `kept` sentences of each query by exact products, best first: (queries, kept)."""
    scores = np.empty((len(queries), 0), np.float32)
    rows = np.empty((len(queries), 0), np.int64)
    for at in range(0, len(index), _BLOCK):
        block = range(at, min(at + _BLOCK, len(index)))
        scores = np.hstack([scores, queries @ index.vectors_at(block).T])
        rows = np.hstack([rows, np.broadcast_to(np.asarray(block), (len(queries), len(block)))])
        if scores.shape[1] > kept:
            best = np.argpartition(-scores, kept - 1, axis=1)[:, :kept]
            scores, rows = np.take_along_axis(scores, best, 1), np.take_along_axis(rows, best, 1)
    order = np.argsort(-scores, axis=1, kind="stable")
    return np.take_along_axis(scores, order, 1), np.take_along_axis(rows, order, 1)


def best_passages(index: Index, scores: np.ndarray, rows: np.ndarray, top: int) -> list[float]:
    """The scores of the best `top` passages, a passage's being that of its best sentence; sentences come best first."""
    best: dict[int, float] = {}
    for score, row in zip(scores, rows, strict=True):
        best.setdefault(index.passage_of_sentence(int(row)), float(score))
        if len(best) == top:
            break
    return list(best.values())


def recall(found: Sequence[float], exact: Sequence[float]) -> float:
    """The share of the exact best that was found, by their exact scores: whoever ties with the last one counts."""
    if not exact:
        return 1.0
    return min(1.0, sum(score >= min(exact) - _TIE for score in found) / len(exact))


def dense_leg(bot: Bot, settings: BotSettings, questions: Sequence[str]) -> dict[str, object]:
    """Recall of the dense leg against exact search, at the depth that retrieval asks for, and its time."""
    index = bot.index
    assert isinstance(index, Index)  # noqa: S101 - the settings of this benchmark have no server
    encoder = make_encoder(settings)
    queries = encoder.encode_queries(questions)
    times: list[float] = []
    found: list[list[int]] = []
    for query in queries:
        began = time.perf_counter()
        scored = index.dense_search(query, settings.retrieval.depth)
        times.append(1000 * (time.perf_counter() - began))
        found.append(sorted(scored, key=lambda row: -scored[row])[:DEEP])
    scores, rows = best_sentences(index, queries)
    shares: dict[int, list[float]] = {TOP: [], DEEP: []}
    for query, passages, of_query, at in zip(queries, found, scores, rows, strict=True):
        told = [float(scores.max()) for scores in index.sentence_scores(query, passages)]  # by the rows as they are
        for top, values in shares.items():
            values.append(recall(told[:top], best_passages(index, of_query, at, top)))
    return {
        "dense_questions": len(questions), **spread(times, "dense_"),
        **{f"dense_recall_at_{top}": round(statistics.fmean(values), 4) for top, values in shares.items()},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--searches", type=int, default=2000)
    parser.add_argument("--asks", type=int, default=300)
    parser.add_argument("--exact", type=int, default=100)
    options = parser.parse_args()
    asked = questions_of(options.questions)
    settings = BotSettings(index=IndexSection(dir=options.index))
    bot, row = opened(settings)
    for question, _ in asked[:_WARM_UP]:
        bot.ask(question)
    row |= searches(bot, asked[: options.searches])
    row |= answers(bot, asked[: options.asks])
    row |= {"memory": memory()}
    row |= dense_leg(bot, settings, [question for question, _ in asked[: options.exact]])
    manifest = bot.index.manifest
    row |= {"manifest": {name: value for name, value in asdict(manifest).items() if name not in _LONG}}
    row |= {"parts_mb": _parts({name: record.size for name, record in manifest.files.items()})}
    bot.close()
    print(json.dumps(row))


def _parts(sizes: dict[str, int]) -> dict[str, float]:
    """MB of each part of a generation: a file, or a folder."""
    parts: dict[str, float] = {}
    for name, size in sizes.items():
        parts[name.split("/")[0]] = parts.get(name.split("/")[0], 0.0) + size / 1e6
    return {name: round(size, 1) for name, size in parts.items()}


if __name__ == "__main__":
    main()
