"""Time, memory and recall against the number of passages: real news first, then copies of it with other words.

    python -m benchmarks.scale DATA_FOLDER --work FOLDER --real [--limit ARTICLES]
    python -m benchmarks.scale DATA_FOLDER --work FOLDER [--sizes 1000,10000,100000,1000000] [--base INDEX]

DATA_FOLDER holds vietnews.jsonl.xz (articles: id, text …) and vietnews_headlines.jsonl (question, context_id: the right
article). --real indexes the articles' bodies with `rebuild-index` and the real model, titles and abstracts left out,
and asks the headlines. --sizes makes corpora of so many passages out of that index (or the one in --base), builds each
with vectors made from the real ones (benchmarks.copies) and asks the same headlines.

Each build and each asking is a process of its own. Results are added to FOLDER/scale.jsonl (--results) as they come;
what stands there already is not measured again. What was killed goes on: with the step it was at for a size, since a
build is timed whole; with what it had encoded for --real, which the result then says. --keep leaves the indexes.
"""

from __future__ import annotations

import argparse
import json
import lzma
import shutil
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from benchmarks import measuring, scale_base
from benchmarks.measuring import Failed
from benchmarks.tables import scale_table
from embeddings.errors import BotError

NEWS, HEADLINES = "vietnews.jsonl.xz", "vietnews_headlines.jsonl"
_A_FILE = 1_000  # articles in one export
_COLDS = 3  # cold questions, of which the quickest counts
_DAY = 24 * 3600.0  # seconds; nothing here takes longer
_BUILT = "built.json"


def headlines(data: Path) -> list[dict[str, str]]:
    """{"question", "right"}, in the order of the file."""
    rows = map(json.loads, (data / HEADLINES).read_text("utf-8").splitlines())
    return [{"question": row["question"], "right": row["context_id"]} for row in rows]


def bodies(data: Path, wanted: Sequence[str], limit: int | None) -> Iterator[dict[str, str]]:
    """{"id", "text"} of all articles, or of `limit`: then those `wanted` first, so that there is what to ask."""
    with lzma.open(data / NEWS, "rt", encoding="utf-8") as lines:
        rows = [{"id": row["id"], "text": row["text"]} for row in map(json.loads, lines)]
    first = frozenset(wanted)
    yield from rows if limit is None else islice(sorted(rows, key=lambda row: row["id"] not in first), limit)


def export(rows: Iterator[dict[str, str]], folder: Path) -> set[str]:
    """Write rows as JSON lines, some in each file: an export is read whole. The ids written."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ids: set[str] = set()
    for number in range(sys.maxsize):
        part = list(islice(rows, _A_FILE))
        if not part:
            break
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in part)
        (folder / f"{number:05}.jsonl").write_text("".join(lines), encoding="utf-8")
        ids.update(row["id"] for row in part)
    return ids


def write_questions(asked: Sequence[dict[str, str]], ids: set[str], file: Path) -> None:
    """Those whose right article has one of the ids. Raises Failed when there is none to ask."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in asked if row["right"] in ids]
    if not lines:
        raise Failed(f"No article that {HEADLINES} asks for is indexed. Take an index of the same news: --base")
    file.write_text("".join(lines), encoding="utf-8")


def exported(source: Path) -> set[str]:
    """The ids in a folder of exports."""
    found = sorted(source.glob("*.jsonl"))
    return {json.loads(line)["id"] for file in found for line in file.read_text("utf-8").splitlines()}


def real(options: argparse.Namespace) -> dict[str, object]:
    """The real command over real news: `rebuild-index`, then the questions."""
    folder = options.work / "real"
    source, asked = folder / "source", headlines(options.data)
    if not (folder / "questions.jsonl").is_file():  # a build that was killed goes on over the same files
        ids = export(bodies(options.data, [row["right"] for row in asked], options.limit), source)
        write_questions(asked, ids, folder / "questions.jsonl")
    start, resumed = measuring.moment(), (folder / "index").is_dir()
    command = [str(Path(sys.executable).parent / "rebuild-index"), "--source", str(source)]
    run = measuring.run([*command, "--index", str(folder / "index")], timeout=_DAY, quiet=False)
    print(run.output, file=sys.stderr)
    counts = scale_base.counts(folder / "index")
    return {
        "kind": "real", "limit": options.limit, "resumed": resumed, **counts, "build_seconds": round(run.seconds, 1),
        "build_processor_seconds": round(run.processor_seconds, 1), "build_peak_mb": run.peak_mb,
        "load_before": start["load"], "load_after_build": measuring.moment()["load"],
        **_asked(folder / "index", folder / "questions.jsonl", options), **measuring.machine(),
    }  # fmt: skip


def one_size(size: int, base: scale_base.Base, options: argparse.Namespace) -> dict[str, object]:
    """Corpus, index and questions of one size; what a killed run had finished is taken as it is."""
    folder = options.work / f"size-{size}"
    questions, finished = folder / "questions.jsonl", folder / _BUILT
    if not questions.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        asked = headlines(options.data)
        scale_base.write_corpus(base, size, [row["right"] for row in asked], folder)
        write_questions(asked, exported(folder / "source"), questions)
    if not finished.is_file():
        shutil.rmtree(folder / "index", ignore_errors=True)  # half of a build is timed anew, from its beginning
        start = measuring.moment()
        command = [sys.executable, "-m", "benchmarks.scale_build", str(base.folder), str(folder)]
        run = measuring.run(command, timeout=_DAY, quiet=False)
        built = {
            **measuring.last_line(run.output), "build_process_seconds": round(run.seconds, 2),
            "build_processor_seconds": round(run.processor_seconds, 2), "load_before": start["load"],
        }  # fmt: skip
        finished.write_text(json.dumps(built), encoding="utf-8")
    built = json.loads(finished.read_text("utf-8"))
    row = {"kind": "size", "size": size, **built, **_asked(folder / "index", questions, options), **measuring.machine()}
    if not options.keep:
        shutil.rmtree(folder)
    return row


def _asked(index: Path, questions: Path, options: argparse.Namespace) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.scale_ask", str(index), str(questions)]
    many = ["--searches", str(options.searches), "--asks", str(options.asks), "--exact", str(options.exact)]
    run = measuring.run([*command, *many], timeout=_DAY, quiet=False)
    first = json.loads(questions.read_text("utf-8").partition("\n")[0])["question"]
    ask = [str(Path(sys.executable).parent / "qa-bot"), "ask", first, "--index", str(index)]
    colds = [measuring.run(ask) for _ in range(_COLDS)]
    return {
        **measuring.last_line(run.output), "asking_peak_mb": run.peak_mb,
        "cold_seconds": round(min(cold.seconds for cold in colds), 3), "cold_peak_mb": colds[0].peak_mb,
    }  # fmt: skip


def curves(options: argparse.Namespace) -> None:
    done = {row.get("size") for row in measuring.results(options.results) if row.get("kind") == "size"}
    missing = [size for size in options.sizes if size not in done]
    if not missing:
        return
    taken = options.base or options.work / "real" / "index"
    if not taken.is_dir():
        raise Failed(f"There is no index in {taken} to make copies of. Build one first (--real), or name one: --base")
    base = scale_base.load(options.work / "base") or scale_base.take(taken, options.work / "base")
    for size in missing:
        print(f"{size} passages", file=sys.stderr)
        measuring.append(options.results, one_size(size, base, options))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--work", type=Path, required=True, help="where everything is built; 8 GB for a million passages"
    )
    parser.add_argument("--results", type=Path, help="default: scale.jsonl in the work folder")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--limit", type=_positive, help="so many articles for --real")
    parser.add_argument("--sizes", type=_sizes, default=[], metavar="N,N,…", help="passages")
    parser.add_argument("--base", type=Path, help="index to make copies of (default: the one that --real built)")
    parser.add_argument("--keep", action="store_true", help="leave the indexes of the sizes")
    parser.add_argument("--searches", type=_positive, default=2000, help="headlines searched for (default: 2000)")
    parser.add_argument("--asks", type=_positive, default=300, help="headlines asked (default: 300)")
    parser.add_argument(
        "--exact", type=_positive, default=100, help="headlines compared with exact search (default: 100)"
    )
    options = parser.parse_args()
    measuring.end_together()
    options.results = options.results or options.work / "scale.jsonl"
    try:
        for name in (NEWS, HEADLINES):
            if not (options.data / name).is_file():
                raise Failed(f"There is no {name} in {options.data}. Name the folder that has the news.")
        if options.real and not any(row.get("kind") == "real" for row in measuring.results(options.results)):
            measuring.append(options.results, real(options))
        curves(options)
    except (Failed, BotError) as error:
        print(f"scale: {error}", file=sys.stderr)
        return 1
    print(scale_table(measuring.results(options.results)))
    print(f"\nResults: {options.results}")
    return 0


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _sizes(text: str) -> list[int]:
    return sorted({_positive(part) for part in text.split(",")})


if __name__ == "__main__":
    sys.exit(main())
