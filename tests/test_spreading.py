"""Encoding ahead of the build, by others: what they send back is kept at once, and only what is needed is sent."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import layout, pipeline
from embeddings.errands import Runner, outfit
from embeddings.settings import IndexSettings
from embeddings.spreading import encode_ahead
from embeddings.vector_cache import VectorCache
from tests.fakes import WORDS, HashingEncoder, index_settings, write_articles
from tests.test_preparing import Elsewhere

ENCODER = HashingEncoder()


class Others:
    """Encode in small blocks, the last block first; `dies_after` so many, as a cluster may."""

    def __init__(self, room: int = 200, dies_after: int = 10**9) -> None:
        self.sent: list[str] = []
        self._room = room
        self._left = dies_after

    def room(self) -> int:
        return self._room

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[list[int], np.ndarray]]:
        self.sent += texts
        for at in reversed(range(0, len(texts), 3)):
            if not self._left:
                raise ConnectionError("the cluster is gone")
            self._left -= 1
            yield list(range(at, min(at + 3, len(texts)))), ENCODER.encode_queries(texts[at : at + 3])


@given(
    texts=st.lists(st.text("abcxyz ", min_size=1, max_size=12), max_size=60),
    known=st.sets(st.integers(0, 59)),
    room=st.integers(1, 300),
)
def test_everything_is_known_afterwards_and_nothing_is_sent_twice(texts: list[str], known: set[int], room: int) -> None:
    told: list[int] = []
    others = Others(room)
    with tempfile.TemporaryDirectory() as folder, VectorCache(Path(folder) / "cache.sqlite", "x") as cache:
        before = [text for at, text in enumerate(texts) if at in known]
        if before:
            cache.put(before, ENCODER.encode_queries(before))
        encoded = encode_ahead(texts, others, cache, told.append, use_cache=True)
        found = cache.get(texts)
    assert sum(told) == len(texts)
    assert set(others.sent) == set(texts) - set(before)
    assert encoded == len(others.sent)
    np.testing.assert_array_equal(
        np.array([found[at] for at in range(len(texts))]), ENCODER.encode_queries(texts) if texts else []
    )


def test_what_came_back_before_the_others_died_is_kept(tmp_path: Path) -> None:
    texts = [f"câu {n}" for n in range(30)]
    with VectorCache(tmp_path / "cache.sqlite", "x") as cache:
        with pytest.raises(ConnectionError, match="the cluster is gone"):
            encode_ahead(texts, Others(10**6, dies_after=4), cache, lambda _: None, use_cache=True)
        assert len(cache.get(texts)) == 12
        others = Others(10**6)
        assert encode_ahead(texts, others, cache, lambda _: None, use_cache=True) == len(others.sent) == 18


def test_without_the_cache_all_is_encoded_anew(tmp_path: Path) -> None:
    texts = ["một", "hai", "ba"]
    with VectorCache(tmp_path / "cache.sqlite", "x") as cache:
        cache.put(texts, ENCODER.encode_queries(texts))
        assert encode_ahead(texts, Others(), cache, lambda _: None, use_cache=False) == 3


class Machines(Others, Elsewhere):
    """A cluster that is this process."""

    def __init__(self, runner: Runner) -> None:
        Others.__init__(self)
        Elsewhere.__init__(self, runner)


@pytest.mark.parametrize("full", [False, True])
def test_a_build_with_others_gives_the_same_index_and_the_same_report(tmp_path: Path, full: bool) -> None:
    source = write_articles(tmp_path / "articles", 12)
    here = pipeline.build(index_settings(source, tmp_path / "here"), HashingEncoder(), full=full)
    own = HashingEncoder()
    with Runner(outfit(IndexSettings(), WORDS)) as runner:
        machines = Machines(runner)
        there = pipeline.build(index_settings(source, tmp_path / "there"), own, full=full, cluster=machines)
    assert own.encoded == []
    assert (there.articles, there.passages, there.sentences) == (here.articles, here.passages, here.sentences)
    assert (there.encoded, there.reused) == (here.encoded, here.reused)
    one, two = (tmp_path / name / "generations" / "000001" for name in ("here", "there"))
    for name in (layout.STORAGE_FILE, layout.VOCABULARY_FILE, layout.VECTORS_FILE):
        assert (one / name).read_bytes() == (two / name).read_bytes()
