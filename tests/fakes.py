"""Small real implementations for tests: an encoder that really ranks, pages and articles made by hand."""

from __future__ import annotations

import hashlib
import signal
import tempfile
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from embeddings import lexicon, vocabulary, vocabulary_writing
from embeddings.articles import shown
from embeddings.chunking import chunk
from embeddings.cleaning import clean
from embeddings.counting import commonest, count_all, definitions
from embeddings.metadata import context_of, describe
from embeddings.readers import Hints, Reading, read
from embeddings.reading import InProcess, read_file
from embeddings.records import Article, Page, Passage, Region, Skipped
from embeddings.settings import Articles, Chunking, Index, IndexSettings
from embeddings.vietnamese import bigrams, fold, syllables, visible
from qa_bot.understanding import Knowledge, asking_words, understand
from qa_bot.understanding.restoring import Restorer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import FrameType

    from embeddings.encoders import BatchDone
    from qa_bot.records import Query

WORDS = lexicon.load()
TODAY = date(2024, 5, 17)
ROOT = Path(__file__).parents[1]
SEEDS = ROOT / "seeds"
SHARED = Path(__file__).parents[2] / "shared"

PARAGRAPH = (
    "Năm 2021, huyện Hải Hậu trồng thêm 14.500 cây xanh dọc các tuyến đường liên xã, gấp đôi năm trước. "
    "Theo phòng nông nghiệp, 96,46% số cây sống qua mùa khô. 34/34 xã, thị trấn đều có tổ chăm sóc cây riêng."
)


class HashingEncoder:
    """Texts that share folded syllables and pairs of them are near each other. Deterministic, unit rows."""

    def __init__(self, dim: int = 256, name: str = "hashing") -> None:
        self.dim = dim
        self.name = name
        self.encoded: list[str] = []  # every passage text that was asked for, in order

    @property
    def fingerprint(self) -> str:
        return f"{self.name}@{self.dim}"

    def encode_passages(self, texts: Sequence[str], done: BatchDone | None = None) -> np.ndarray:
        self.encoded.extend(texts)
        if done is not None:
            done(len(texts))
        return self.encode_queries(texts)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            units = syllables(fold(text))
            for term in [*units, *bigrams(units)] or [""]:
                row[int.from_bytes(hashlib.blake2b(term.encode(), digest_size=4).digest()) % self.dim] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))

    def warm_up(self) -> None:
        self.encode_queries(["a"])


def page_of(text: str, front_matter: dict[str, str] | None = None, path: str = "bai.txt") -> Page:
    return Page(path, text, hashlib.sha256(text.encode()).hexdigest(), front_matter or {})


def read_one(path: Path, settings: Articles | None = None) -> Page | Skipped:
    """The one article of a file, or why there is none."""
    (found,) = list(read_file(path, IndexSettings(articles=settings or Articles()), InProcess()))
    return found if isinstance(found, Page) else Skipped(shown(path), found.reason)


def reading_of(extension: str, data: bytes) -> tuple[str, dict[str, str], int]:
    """(text, front matter, where the body starts) of the one article in `data`."""
    (reading,) = read(data, Hints(extension))
    assert isinstance(reading, Reading)
    return reading.text, reading.front_matter, reading.body_start


def prepared(text: str) -> tuple[Article, list[Region]]:
    """The article in `text` and its regions, with the word lists that ship."""
    page = page_of(text)
    regions = clean(page, WORDS)
    return describe(page, regions, WORDS), regions


def vocabulary_over(texts: Iterable[str]) -> vocabulary.Vocabulary:
    """The vocabulary of an index over `texts`, as a build writes it. Its file is gone, but stays open."""
    read = tuple(texts)
    meanings = commonest(meaning for text in read for meaning in definitions(visible(text)))
    with tempfile.TemporaryDirectory() as folder:
        vocabulary_writing.write(Path(folder) / "vocabulary.sqlite", count_all(read), meanings)
        return vocabulary.Vocabulary(Path(folder) / "vocabulary.sqlite")


def knowledge_over(texts: Iterable[str]) -> Knowledge:
    """What questions over `texts` are understood by, with the word lists that ship."""
    known = vocabulary_over(texts)
    words = WORDS.with_abbreviations(known.abbreviations)
    return Knowledge(words, known, Restorer(known, words), asking_words(WORDS))


@cache
def seed_passages() -> tuple[Passage, ...]:
    """The passages of the articles that ship."""
    found: list[Passage] = []
    for file in sorted(SEEDS.glob("*.txt")):
        article, regions = prepared(file.read_text("utf-8"))
        found += chunk(article, regions, Chunking(), WORDS)
    return tuple(found)


@cache
def seed_knowledge() -> Knowledge:
    """What questions over the articles that ship are understood by."""
    contexts = [context_of(prepared(file.read_text("utf-8"))[0], WORDS) for file in sorted(SEEDS.glob("*.txt"))]
    lines = (line for c in contexts for line in (c.title, c.place, c.author, c.source) if line)
    return knowledge_over([*lines, *(passage.text for passage in seed_passages())])


def asked(question: str, history: Sequence[str] = (), knowledge: Knowledge | None = None) -> Query:
    """`question` as it is understood over the articles that ship, or with other knowledge; nobody knows a person."""
    return understand(question, history, knowledge or seed_knowledge(), TODAY)


def index_settings(source: Path, index_dir: Path) -> IndexSettings:
    return IndexSettings(articles=Articles(source=(source,)), index=Index(dir=index_dir))


def write_articles(folder: Path, count: int = 3) -> Path:
    """A folder with `count` articles that differ in title, place and text."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("Sông Lô", "Mèo Vạc", "Bình Liêu", "Bảo Thắng", "Đông Anh", "Hải Hậu")
    for number in range(count):
        place = names[number % len(names)]
        title = f"Huyện {place} trồng cây đợt {number + 1}"
        (folder / f"bai-{number}.txt").write_text(
            f"{title}\n\n{PARAGRAPH.replace('Hải Hậu', place)} Đợt {number + 1}.\n", "utf-8"
        )
    return folder


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Fail, rather than run for hours, where something takes more than linear time."""

    def too_slow(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, too_slow)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


_PIECES = st.sampled_from([
    "huyện", "Hải", "Hậu", "Đảng", "ủy", "TP.", "TS.", "M.", "14.500", "96,46%", "34/34", "2020", "-", "“gần", "dân”",
    "(BCH)", "KT-XH", "…", "...", ".", ". ", "!", "?", "./.", ",", ";", ":", "\n", "\n\n", "\u00a0", " ", "# ", "- ",
    "•", "|", "x" * 40, "12/06/2021", "Ảnh: TL", "Theo Báo Nam Định", "Hầu Minh Lợi",
    "Thống kê truy cập", "thế giới nói chung và người dân nói riêng",
])  # fmt: skip
pages = st.lists(st.tuples(_PIECES, st.sampled_from([" ", " ", " ", ""])), max_size=120).map(
    lambda pieces: "".join(a + b for a, b in pieces)
)
"""Text that has everything a news page has, in no order."""
