"""The Milvus backend against the folder's: the same articles, questions and model, side by side.

    python -m benchmarks.milvus DATA [QUESTIONS]

DATA holds xquad.vi.json; its paragraphs are the articles, without titles. With QUESTIONS only so many, spread over
all. Starts a Milvus Lite server of its own. Prints one `name: value` a line.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.corpora import Question, build, file_name, xquad
from embeddings import lexicon, pipeline
from embeddings.context import context_text, indexed_text
from embeddings.encoders import Encoder
from embeddings.index import Index, open_index
from embeddings.milvus_layout import WORD_FIELDS
from embeddings.milvus_rows import passage_row
from embeddings.settings import Articles
from embeddings.settings import Index as IndexSection
from embeddings.vietnamese import fold
from qa_bot.assembly import make_bot, make_encoder
from qa_bot.bot import Bot
from qa_bot.records import Answer
from qa_bot.settings import BotSettings
from tests.milvus_server import running

_TOP = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What one backend made of one question."""

    paths: tuple[str, ...]  # of the best passages' articles, best first
    answer: Answer
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Shares of the questions, 0 to 1."""

    recall_folder: float  # at 1
    recall_milvus: float
    same_first: float
    same_answer: float  # status, text, and every quote
    milliseconds_folder: float  # median of a search and an answer
    milliseconds_milvus: float


def settings_for(source: Path, work: Path, uri: str) -> tuple[BotSettings, BotSettings]:
    """Of the folder and of Milvus, over one local index."""
    folder = BotSettings(articles=Articles(source=(source,)), index=IndexSection(dir=work / "index"))
    section = folder.index.model_copy(
        update={
            "backend": "milvus", "milvus_uri": uri, "milvus_cache_dir": work / "copies",
            "milvus_timeout_seconds": 60.0,
        }
    )  # fmt: skip
    return folder, folder.model_copy(update={"index": section})


def ask(bot: Bot, question: str) -> Asked:
    started = time.perf_counter()
    ranked = bot.search(question, _TOP)
    answer = bot.ask(question)
    milliseconds = 1000 * (time.perf_counter() - started)
    return Asked(tuple(Path(r.stored.article.path).name for r in ranked), answer, milliseconds)


def compared(questions: Sequence[Question], folder: Sequence[Asked], milvus: Sequence[Asked]) -> Comparison:
    names = [file_name(question.paragraph) for question in questions]
    pairs = list(zip(folder, milvus, strict=True))
    return Comparison(
        recall_folder=_share(a.paths[:1] == (name,) for a, name in zip(folder, names, strict=True)),
        recall_milvus=_share(a.paths[:1] == (name,) for a, name in zip(milvus, names, strict=True)),
        same_first=_share(a.paths[:1] == b.paths[:1] for a, b in pairs),
        same_answer=_share(said(a.answer) == said(b.answer) for a, b in pairs),
        milliseconds_folder=statistics.median(a.milliseconds for a in folder),
        milliseconds_milvus=statistics.median(b.milliseconds for b in milvus),
    )


def said(answer: Answer) -> tuple[object, ...]:
    """What a reader sees of it."""
    return answer.status, answer.text, tuple((c.path, c.start, c.end, c.quote) for c in answer.citations)


def _share(hits: Iterable[bool]) -> float:
    return statistics.fmean(hits)


def spread(questions: Sequence[Question], most: int) -> list[Question]:
    count = min(most, len(questions))
    return [questions[n * len(questions) // count] for n in range(count)]


def measure(data: Path, most: int, work: Path, uri: str, encoder: Encoder) -> dict[str, Comparison]:
    """{how it was typed: figures}."""
    dataset = xquad(data)
    build(dataset, range(len(dataset.paragraphs)), titled=False, encoder=encoder, work=work).close()
    of_folder, of_milvus = settings_for(work / "articles", work, uri)
    pipeline.build(of_milvus, encoder)
    questions = spread(dataset.questions, most)
    found = {}
    with closing(make_bot(of_folder, encoder)) as folder, closing(make_bot(of_milvus, encoder)) as milvus:
        for name, typed in (
            ("accented", questions),
            ("bare", [replace(question, text=fold(question.text)) for question in questions]),
        ):
            answers = [[ask(bot, question.text) for question in typed] for bot in (folder, milvus)]
            found[name] = compared(typed, *answers)
    return found


def sizes(index: Index) -> dict[str, float]:
    """What a passage weighs in Milvus on average: sentences, bytes of its words as text, and postings of them."""
    words = lexicon.load().with_abbreviations(index.vocabulary.abbreviations)
    rows = [
        passage_row(s, 0, indexed_text(s.passage.text, s.passage.kind, words), context_text(s.context, words))
        for s in index.passages(range(index.passage_count))
    ]
    fields = [str(row[name]) for row in rows for name in WORD_FIELDS]
    return {
        "sentences": len(index) / len(rows),
        "bytes_of_words": sum(len(field.encode()) for field in fields) / len(rows),
        "postings": sum(len(set(field.split())) for field in fields) / len(rows),
    }


def main() -> None:
    data, most = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else sys.maxsize
    encoder = make_encoder(BotSettings())
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        for typed, figures in measure(data, most, Path(folder), server.uri, encoder).items():
            for name in Comparison.__dataclass_fields__:
                print(f"{typed}_{name}: {getattr(figures, name):.4f}", flush=True)
        with closing(open_index(Path(folder) / "index", encoder.fingerprint)) as index:
            for name, value in sizes(index).items():
                print(f"a_passage_{name}: {value:.1f}")


if __name__ == "__main__":
    main()
