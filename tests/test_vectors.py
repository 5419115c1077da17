"""Exact search: FAISS agrees with a plain matrix product."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import vectors
from embeddings.errors import CorruptIndex


def unit_rows(count: int, dim: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def stored(matrix: np.ndarray, folder: Path) -> vectors.Vectors:
    return vectors.load(written(matrix, folder / "vectors.faiss"))


def written(matrix: np.ndarray, file: Path) -> Path:
    with vectors.VectorsWriter(file, matrix.shape[1]) as writer:
        writer.add(matrix)
    return file


def as_faiss_has_it(matrix: np.ndarray) -> bytes:
    index = faiss.IndexFlatIP(matrix.shape[1])
    index.add(matrix)
    return bytes(faiss.serialize_index(index))


@given(count=st.integers(0, 60), dim=st.integers(1, 40))
def test_the_file_is_the_one_that_faiss_writes(count: int, dim: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    matrix = unit_rows(count, dim, 3)
    assert written(matrix, tmp_path_factory.mktemp("v") / "v.faiss").read_bytes() == as_faiss_has_it(matrix)


@given(
    count=st.integers(1, 60),
    cuts=st.lists(st.integers(0, 60), max_size=8),
    fresh=st.integers(0, 5),
)
def test_what_is_kept_of_another_index_comes_before_what_is_new(
    count: int, cuts: list[int], fresh: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("v")
    matrix, new = unit_rows(count, 7, 5), unit_rows(fresh, 7, 6)
    edges = sorted({min(cut, count) for cut in cuts})
    ranges = list(zip(edges[::2], edges[1::2], strict=False))
    with vectors.VectorsWriter(folder / "b.faiss", 7) as writer:
        writer.keep(written(matrix, folder / "a.faiss"), ranges)
        writer.add(new)
        assert len(writer) == sum(end - first for first, end in ranges) + fresh
    expected = np.concatenate([*(matrix[first:end] for first, end in ranges), new])
    assert (folder / "b.faiss").read_bytes() == as_faiss_has_it(expected)


def test_a_base_that_is_too_short_is_an_error_and_no_silent_loss(tmp_path: Path) -> None:
    base = written(unit_rows(4, 7, 5), tmp_path / "a.faiss")
    with pytest.raises(OSError, match=r"a\.faiss is shorter"), vectors.VectorsWriter(tmp_path / "b.faiss", 7) as writer:
        writer.keep(base, [(0, 5)])


@given(count=st.integers(1, 60), dim=st.integers(1, 40), limit=st.integers(1, 80), seed=st.integers(0, 2**32 - 1))
def test_search_is_a_sorted_matrix_product(
    count: int, dim: int, limit: int, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    matrix, query = unit_rows(count, dim, seed), unit_rows(1, dim, seed + 1)[0]
    scores, rows = stored(matrix, tmp_path_factory.mktemp("v")).search(query, limit)
    products = matrix @ query
    assert len(scores) == len(rows) == min(limit, count)
    assert len(set(rows.tolist())) == len(rows)
    np.testing.assert_allclose(scores, np.sort(products)[::-1][:limit], atol=1e-5)
    np.testing.assert_allclose(scores, products[rows], atol=1e-5)


def test_what_is_stored_comes_back_unchanged(tmp_path: Path) -> None:
    matrix = unit_rows(20, 8, 1)
    found = stored(matrix, tmp_path)
    assert (len(found), found.dim) == (20, 8)
    np.testing.assert_array_equal(found.rows(np.array([3, 0, 19])), matrix[[3, 0, 19]])
    assert found.rows(np.array([], np.int64)).shape == (0, 8)


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    scores, rows = stored(np.empty((0, 8), np.float32), tmp_path).search(np.ones(8, np.float32), 5)
    assert (len(scores), len(rows)) == (0, 0)


@pytest.mark.parametrize("damage", ["empty", "half", "noise", "huge"])
def test_a_file_that_is_no_index_is_refused(damage: str, tmp_path: Path) -> None:
    whole = as_faiss_has_it(unit_rows(20, 8, 1))
    data = {
        "empty": b"",
        "half": whole[: len(whole) // 2],
        "noise": bytes(range(256)),
        "huge": whole.replace((160).to_bytes(8, "little"), (2**40).to_bytes(8, "little")),
    }[damage]
    assert data != whole
    (tmp_path / "vectors.faiss").write_bytes(data)
    with pytest.raises(CorruptIndex, match=r"vectors\.faiss cannot be read as vectors\. Rebuild the index"):
        vectors.load(tmp_path / "vectors.faiss")
