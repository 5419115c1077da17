"""Vectors by content: what is damaged is forgotten, nothing is mixed up, nothing is fatal."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from embeddings.errors import StorageError
from embeddings.vector_cache import VectorCache
from tests.fakes import HashingEncoder

TEXTS = [f"câu số {n} của huyện" for n in range(40)]
MATRIX = HashingEncoder(32).encode_queries(TEXTS)


def filled(file: Path, fingerprint: str = "a") -> Path:
    with VectorCache(file, fingerprint) as cache:
        cache.put(TEXTS, MATRIX)
    return file


def right(found: dict[int, np.ndarray]) -> bool:
    return all(np.array_equal(vector, MATRIX[row]) for row, vector in found.items())


def test_what_was_put_is_found_again_in_another_process(tmp_path: Path) -> None:
    with VectorCache(filled(tmp_path / "c"), "a") as cache:
        found = cache.get([*TEXTS, "anders", TEXTS[0]])
    assert sorted(found) == [*range(40), 41]
    np.testing.assert_array_equal(found.pop(41), MATRIX[0])
    assert right(found)


def test_vectors_of_two_models_do_not_mix(tmp_path: Path) -> None:
    with VectorCache(filled(tmp_path / "c", "a"), "b") as cache:
        assert cache.get(TEXTS) == {}
        cache.put(TEXTS[:1], -MATRIX[:1])
    with VectorCache(tmp_path / "c", "a") as cache:
        np.testing.assert_array_equal(cache.get(TEXTS[:1])[0], MATRIX[0])


def test_more_texts_than_one_query_holds_are_found(tmp_path: Path) -> None:
    texts = [f"câu {n}" for n in range(1203)]
    with VectorCache(tmp_path / "c", "a") as cache:
        cache.put(texts, np.arange(1203, dtype=np.float32)[:, None])
        found = cache.get(texts)
    assert [float(found[row][0]) for row in range(1203)] == list(range(1203))


def test_a_vector_with_a_flipped_bit_is_forgotten_and_no_other(tmp_path: Path) -> None:
    file = filled(tmp_path / "c")
    data = bytearray(file.read_bytes())
    data[data.index(MATRIX[7].tobytes()) + 3] ^= 1
    file.write_bytes(data)
    with VectorCache(file, "a") as cache:
        found = cache.get(TEXTS)
    assert right(found)
    assert set(range(40)) - set(found) == {7}


def test_whatever_byte_is_damaged_no_wrong_vector_comes_out_and_the_cache_works_on(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole").read_bytes()
    for at in [*range(120), *range(120, len(whole), 311)]:
        file = tmp_path / "c"
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with VectorCache(file, "a") as cache:
            assert right(cache.get(TEXTS)), at
            cache.put(TEXTS, MATRIX)
            cache.trim(40, 32)
            found = cache.get(TEXTS)
            assert right(found), at
            assert len(found) == 40, at
        for path in tmp_path.glob("c*"):
            path.unlink()


@pytest.mark.parametrize("length", [0, 1, 99, 4096, 5000, -1])
def test_a_truncated_cache_is_begun_anew(length: int, tmp_path: Path) -> None:
    file = filled(tmp_path / "c")
    file.write_bytes(file.read_bytes()[:length])
    with VectorCache(file, "a") as cache:
        assert right(cache.get(TEXTS))
        cache.put(TEXTS, MATRIX)
        assert len(cache.get(TEXTS)) == 40


@pytest.mark.parametrize("statement", ["CREATE TABLE vectors (other TEXT)", "CREATE VIEW vectors AS SELECT 1 AS key"])
def test_a_file_of_another_layout_is_begun_anew(statement: str, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "c")
    connection.execute(statement)
    connection.close()
    with VectorCache(tmp_path / "c", "a") as cache:
        cache.put(TEXTS, MATRIX)
        assert len(cache.get(TEXTS)) == 40


def test_a_cache_far_larger_than_its_index_is_begun_anew_and_works_on(tmp_path: Path) -> None:
    many = [f"câu số {number}" for number in range(2_000)]
    rows = np.zeros((len(many), 10_000), np.float32)
    with VectorCache(filled(tmp_path / "c"), "a") as cache:
        cache.put(many, rows)
        cache.trim(len(many), 10_000)
        assert len(cache.get(TEXTS)) == 40  # as large as its index needs
        cache.trim(10, 10_000)
        assert cache.get(TEXTS) == {}
        cache.put(TEXTS, MATRIX)
        assert right(cache.get(TEXTS))
    assert (tmp_path / "c").stat().st_size < 1_000_000


def test_a_cache_that_cannot_be_opened_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    with pytest.raises(StorageError, match=r"The vector cache .* cannot be used \(unable to open"):
        VectorCache(tmp_path / "c", "a")


def test_a_text_with_half_characters_has_its_place(tmp_path: Path) -> None:
    with VectorCache(tmp_path / "c", "a") as cache:
        cache.put(["\ud800"], MATRIX[:1])
        assert len(cache.get(["\ud800"])) == 1
