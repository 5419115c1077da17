"""Small real implementations for tests: an encoder that really ranks, pages and articles made by hand."""

from __future__ import annotations

import hashlib
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from embeddings import lexicon
from embeddings.cleaning import clean
from embeddings.metadata import describe
from embeddings.records import Article, Page, Region
from embeddings.settings import Articles, Index, IndexSettings
from embeddings.vietnamese import bigrams, fold, syllables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from embeddings.encoders import BatchDone

WORDS = lexicon.load()
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


def prepared(text: str) -> tuple[Article, list[Region]]:
    """The article in `text` and its regions, with the word lists that ship."""
    page = page_of(text)
    regions = clean(page, WORDS)
    return describe(page, regions, WORDS), regions


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
