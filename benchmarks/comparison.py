"""This project beside LlamaIndex (FAISS and BM25, fused) and txtai (hybrid): the same model, on XQuAD-vi.

    python -m benchmarks.comparison DATA_FOLDER [--rounds 3] [--questions N] [--results FILE] [--others PYTHON]

DATA_FOLDER holds xquad.vi.json. PYTHON is that of an environment with benchmarks/requirements-comparison.txt
(`make .venv-bench/installed`). Every measurement is a process of its own, one at a time; they take turns, so that a
machine that is busy for a while is so for all of them. Prints a Markdown table and adds each measurement to FILE.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import corpora, measuring
from benchmarks.measuring import Failed, Row, Run
from benchmarks.tables import comparison_table
from embeddings import bundled_model
from embeddings.errors import BotError
from embeddings.settings import default_cache_dir
from embeddings.tokenizing import Tokenizer

RESULTS = measuring.ROOT / "bench-results"
OTHERS = measuring.ROOT / ".venv-bench" / "bin" / "python"
_COMMANDS = Path(sys.executable).parent
_SEEDS_QUESTION = "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?"
_SECONDS = re.compile(r"(?:Seconds|Giây)\W+([\d.]+)")  # of the table that rebuild-index prints


@dataclass(frozen=True, slots=True)
class Files:
    """What is prepared once: paragraphs as rows and as articles, questions as typed and stripped, the model."""

    work: Path
    model: Path
    question: str  # that is asked cold

    @property
    def rows(self) -> Path:
        return self.work / "rows.jsonl"

    @property
    def articles(self) -> Path:
        return self.work / "articles"

    def questions(self, *, stripped: bool) -> Path:
        return self.work / ("questions-stripped.jsonl" if stripped else "questions.jsonl")

    def index(self, name: str) -> Path:
        return self.work / f"index-{name}"


@dataclass(frozen=True, slots=True)
class Contender:
    """How one of them is run: a command each for building, for a cold question, for hot ones."""

    name: str
    build: Callable[[Files], Sequence[str]]
    cold: Callable[[Files], Sequence[str]]
    hot: Callable[[Files, bool], Sequence[str]]  # questions stripped of their diacritics?
    answers: Callable[[Files], Sequence[str]] | None = None  # hot whole answers, where there is such a thing
    seeds: Callable[[Files], Sequence[str]] | None = None  # a cold question over the articles that ship


def ours() -> Contender:
    run, python = str(_COMMANDS / "rebuild-index"), sys.executable
    ask = str(_COMMANDS / "qa-bot")

    def hot(files: Files, stripped: bool) -> list[str]:
        questions = str(files.questions(stripped=stripped))
        return [python, "-m", "benchmarks.contenders.ours", str(files.index("ours")), questions]

    return Contender(
        "ours",
        lambda files: [run, "--source", str(files.articles), "--index", str(files.index("ours"))],
        lambda files: [ask, "ask", files.question, "--index", str(files.index("ours"))],
        hot,
        lambda files: [*hot(files, False), "--answers"],
        lambda files: [ask, "ask", _SEEDS_QUESTION, "--index", str(files.index("seeds"))],
    )


def other(name: str, module: str, python: Path) -> Contender:
    start = [str(python), "-m", f"benchmarks.contenders.{module}"]

    def hot(files: Files, stripped: bool) -> list[str]:
        questions = str(files.questions(stripped=stripped))
        return [*start, "hot", str(files.model), str(files.index(name)), questions]

    return Contender(
        name,
        lambda files: [*start, "build", str(files.model), str(files.rows), str(files.index(name))],
        lambda files: [*start, "ask", str(files.model), str(files.index(name)), files.question],
        hot,
    )


def some(dataset: corpora.Dataset, count: int | None) -> corpora.Dataset:
    """The same paragraphs with `count` of the questions, every so many of them; None: with all."""
    questions = dataset.questions
    if count is None or count >= len(questions):
        return dataset
    return replace(dataset, questions=tuple(questions[at * len(questions) // count] for at in range(count)))


def prepare(dataset: corpora.Dataset, work: Path, model: Path) -> Files:
    files = Files(work, model, dataset.questions[0].text)
    files.articles.mkdir(parents=True)
    names = [f"p{number:03}" for number in range(len(dataset.paragraphs))]
    for name, paragraph in zip(names, dataset.paragraphs, strict=True):
        (files.articles / f"{name}.txt").write_text(paragraph, encoding="utf-8")
    _write(files.rows, [{"id": name, "text": text} for name, text in zip(names, dataset.paragraphs, strict=True)])
    for stripped in (False, True):
        asked = [(without_diacritics(q.text) if stripped else q.text, names[q.paragraph]) for q in dataset.questions]
        _write(files.questions(stripped=stripped), [{"question": text, "right": right} for text, right in asked])
    return files


def without_diacritics(text: str) -> str:
    """As somebody types who leaves all marks out: "Đà Nẵng" becomes "Da Nang"."""
    parts = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(c for c in parts if unicodedata.category(c) != "Mn"))


def _write(file: Path, rows: Sequence[Row]) -> None:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def measure(
    contenders: Sequence[Contender], files: Files, rounds: int, colds: int, note: Callable[[Row], None]
) -> None:
    """All measurements, those of one kind side by side. Stripped questions are asked once: recall does not vary."""
    for number in range(rounds):
        for contender in contenders:
            shutil.rmtree(files.index(contender.name), ignore_errors=True)
            run = measuring.run(contender.build(files))
            note({**_row(contender, "build", number, run), **_built(run)})
        for _ in range(colds):
            for contender in contenders:
                note(_row(contender, "cold", number, measuring.run(contender.cold(files))))
                if contender.seeds is not None:
                    note(_row(contender, "seeds", number, measuring.run(contender.seeds(files))))
        for contender in contenders:
            note(_hot(contender, "hot", number, contender.hot(files, False)))
        for contender in contenders:
            if contender.answers is not None:
                note(_hot(contender, "answers", number, contender.answers(files)))
        for contender in contenders:
            if number == 0:
                note(_hot(contender, "stripped", number, contender.hot(files, True)))


def _row(contender: Contender, measure: str, number: int, run: Run) -> dict[str, object]:
    return {
        "contender": contender.name, "measure": measure, "round": number, "seconds": round(run.seconds, 3),
        "processor_seconds": round(run.processor_seconds, 3), "peak_mb": run.peak_mb, **measuring.moment(),
    }  # fmt: skip


def _built(run: Run) -> dict[str, object]:
    """Seconds without the start of the program: as the contender says itself."""
    said = _SECONDS.search(run.output)
    return {"indexing_seconds": float(said[1]) if said else measuring.last_line(run.output)["seconds"]}


def _hot(contender: Contender, measure: str, number: int, command: Sequence[str]) -> dict[str, object]:
    run = measuring.run(command)
    return {**_row(contender, measure, number, run), **measuring.last_line(run.output)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--colds", type=int, default=2, help="cold questions a round (default: 2)")
    parser.add_argument("--questions", type=int, help="so many of the hot questions, spread evenly (default: all)")
    parser.add_argument("--results", type=Path, default=RESULTS / "comparison.jsonl")
    parser.add_argument("--others", type=Path, default=OTHERS, help="default: .venv-bench/bin/python")
    options = parser.parse_args()
    measuring.end_together()
    try:
        return _compare(options)
    except (Failed, BotError) as error:
        print(f"comparison: {error}", file=sys.stderr)
        return 1


def _compare(options: argparse.Namespace) -> int:
    if not (options.data / "xquad.vi.json").is_file():
        raise Failed(
            f"There is no xquad.vi.json in {options.data}. Name the folder that has it (XQuAD's Vietnamese part)."
        )
    if not options.others.is_file():
        raise Failed(f"{options.others} is not there. Make the others' environment: make .venv-bench/installed")
    contenders = [ours(), other("LlamaIndex", "llama_index_fusion", options.others)]
    contenders.append(other("txtai", "txtai_hybrid", options.others))
    dataset = some(corpora.xquad(options.data), options.questions)
    cache_dir = default_cache_dir()
    tokenizer = Tokenizer(bundled_model.ensure(cache_dir) / bundled_model.PIECES)
    subject: Row = {
        "subject": "XQuAD-vi", "paragraphs": len(dataset.paragraphs), "questions": len(dataset.questions),
        "tokens": sum(len(tokenizer.encode("passage: " + text)) for text in dataset.paragraphs), **measuring.machine(),
    }  # fmt: skip
    options.results.unlink(missing_ok=True)
    rows: list[Row] = []

    def note(row: Row) -> None:
        rows.append(row)
        measuring.append(options.results, row)
        if "contender" in row:
            print(f"{row['contender']} {row['measure']}: {row['seconds']} s, load {row['load']}", file=sys.stderr)

    with tempfile.TemporaryDirectory() as folder:
        files = prepare(dataset, Path(folder), bundled_model.ensure_standard(cache_dir))
        note(subject)
        seeds = [str(_COMMANDS / "rebuild-index"), "--source", str(measuring.ROOT / "seeds")]
        measuring.run([*seeds, "--index", str(files.index("seeds"))])
        measure(contenders, files, options.rounds, options.colds, note)
    print(comparison_table(rows))
    print(f"\nResults: {options.results}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
