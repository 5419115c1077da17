"""What every contender of benchmarks.comparison does: build an index, answer one question cold, answer many hot.

    python -m benchmarks.contenders.NAME build MODEL ROWS.jsonl INDEX
    python -m benchmarks.contenders.NAME ask MODEL INDEX QUESTION
    python -m benchmarks.contenders.NAME hot MODEL INDEX QUESTIONS.jsonl

MODEL is a sentence-transformers folder. ROWS.jsonl: {"id", "text"} a paragraph. QUESTIONS.jsonl: {"question", "right"},
right being the id of the paragraph that answers. The last line printed is a report in JSON. The standard library alone
is imported here: each contender runs in its own environment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.measuring import memory, spread

QUERY, PASSAGE = "query: ", "passage: "  # what E5 models are trained with
TOP = 10
_WARM_UP = 50  # questions

Search = Callable[[str], Sequence[tuple[str, str]]]
"""A question to (id, text) of the TOP paragraphs, best first."""


class Contender(Protocol):
    def build(self, model: Path, rows: Sequence[tuple[str, str]], index: Path) -> float:
        """Write an index of (id, text) rows; seconds that it took, imports and loading the model left out."""
        ...

    def open(self, model: Path, index: Path) -> Search:
        """The index from disk, model loaded."""
        ...


def main(contender: Contender) -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"  # read when the library is imported: nothing here asks the network
    verb, model, *rest = sys.argv[1:]
    if verb == "build":
        report: dict[str, object] = {"seconds": contender.build(Path(model), rows_of(Path(rest[0])), Path(rest[1]))}
    elif verb == "ask":
        (best, text), *_ = contender.open(Path(model), Path(rest[0]))(rest[1])
        report = {"id": best, "text": text}
    else:
        report = hot(contender.open(Path(model), Path(rest[0])), Path(rest[1]))
    print(json.dumps(report, ensure_ascii=False))


def hot(search: Search, questions: Path) -> dict[str, object]:
    """Milliseconds of hot questions, by the clock and of all processors; how often the right one is first."""
    asked = questions_of(questions)
    for question, _ in asked[:_WARM_UP]:
        search(question)
    times: list[float] = []
    processor: list[float] = []
    right = 0
    for question, wanted in asked:
        started, used = time.perf_counter(), time.process_time()
        found = search(question)
        times.append(1000 * (time.perf_counter() - started))
        processor.append(1000 * (time.process_time() - used))
        right += bool(found) and found[0][0] == wanted
    return {
        "questions": len(asked), **spread(times), **spread(processor, "processor_"), "recall_at_1": right / len(asked),
        **memory(),
    }  # fmt: skip


def rows_of(file: Path) -> list[tuple[str, str]]:
    return [(row["id"], row["text"]) for row in map(json.loads, file.read_text("utf-8").splitlines())]


def questions_of(file: Path) -> list[tuple[str, str]]:
    return [(row["question"], row["right"]) for row in map(json.loads, file.read_text("utf-8").splitlines())]
