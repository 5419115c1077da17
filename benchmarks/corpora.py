"""Public question answering sets as folders of articles: XQuAD-vi and MLQA-vi, each whole or every second paragraph."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings import pipeline
from embeddings.encoders import BatchDone, Encoder
from embeddings.index import Index, open_index
from embeddings.settings import Articles, IndexSettings
from embeddings.settings import Index as IndexSection


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    text: str
    paragraph: int
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    name: str
    titles: tuple[str, ...]  # one a paragraph
    paragraphs: tuple[str, ...]
    questions: tuple[Question, ...]


class Remembering:
    """An encoder that keeps every vector, for programs that index the same texts again and again."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._passages: dict[str, np.ndarray] = {}
        self._queries: dict[str, np.ndarray] = {}

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    def encode_passages(self, texts: Sequence[str], done: BatchDone | None = None) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in self._passages]
        if new:
            self._passages.update(zip(new, self._encoder.encode_passages(new, done), strict=True))
        return np.stack([self._passages[text] for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in self._queries]
        if new:
            self._queries.update(zip(new, self._encoder.encode_queries(new), strict=True))
        return np.stack([self._queries[text] for text in texts])

    def warm_up(self) -> None:
        self._encoder.warm_up()


def xquad(data: Path) -> Dataset:
    """XQuAD, Vietnamese part (CC BY-SA 4.0): 240 paragraphs, 1,190 questions, from `xquad.vi.json`."""
    articles = json.loads((data / "xquad.vi.json").read_text("utf-8"))["data"]
    titled = [(a["title"].replace("_", " "), p) for a in articles for p in a["paragraphs"]]
    questions = (
        Question(q["id"], q["question"], number, tuple(answer["text"] for answer in q["answers"]))
        for number, (_, paragraph) in enumerate(titled)
        for q in paragraph["qas"]
    )
    return Dataset("xquad", tuple(t for t, _ in titled), tuple(p["context"] for _, p in titled), tuple(questions))


def squad_questions(data: Path) -> dict[str, str]:
    """{id: question} of SQuAD 2.0's development part (CC BY-SA 4.0), English; XQuAD's questions keep these ids."""
    articles = json.loads((data / "squad_dev-v2.0.json").read_text("utf-8"))["data"]
    return {q["id"]: q["question"] for a in articles for p in a["paragraphs"] for q in p["qas"]}


def mlqa(data: Path) -> Dataset:
    """MLQA, Vietnamese, development part (CC BY-SA 3.0): 451 paragraphs, 511 questions."""
    passages = _rows(data / "mlqa_dev_vi.passages.jsonl")
    number = {row["context_id"]: i for i, row in enumerate(passages)}
    questions = (
        Question(row["id"], row["question"], number[row["context_id"]], tuple(row["answers"]))
        for row in _rows(data / "mlqa_dev_vi.questions.jsonl")
    )
    return Dataset("mlqa", tuple(r["title"] for r in passages), tuple(r["text"] for r in passages), tuple(questions))


def _rows(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def build(dataset: Dataset, keep: Sequence[int], *, titled: bool, encoder: Encoder, work: Path) -> Index:
    """An index of the paragraphs `keep`, each an article of its own, with or without its title."""
    source, index_dir = work / "articles", work / "index"
    source.mkdir(parents=True, exist_ok=True)
    for number in keep:
        front = f"---\ntitle: {json.dumps(dataset.titles[number], ensure_ascii=False)}\n---\n" if titled else ""
        (source / file_name(number)).write_text(front + dataset.paragraphs[number], encoding="utf-8")
    settings = IndexSettings(articles=Articles(source=(source,)), index=IndexSection(dir=index_dir))
    pipeline.build(settings, encoder)
    return open_index(index_dir, encoder.fingerprint)


def file_name(paragraph: int) -> str:
    return f"p{paragraph:03}.md"
