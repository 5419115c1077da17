"""Many vectors, compressed: what exact search finds is found, and a build that goes on gives what a fresh one would."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings import layout, vectors, vectors_training
from embeddings.errors import CorruptIndex
from embeddings.pipeline import Silent
from embeddings.vectors_compressed import CompressedWriter, Compression, Tables, load, packed_in, tables_of, train
from embeddings.vectors_training import Before, compress

DIM = 24
BOTH = (layout.CODES_FILE, layout.INT8_FILE)
KIND = Compression("pq12x4fs,sq8", 0, 0, 2.0, 0.0, 0.0, 0)


def clustered(count: int, seed: int, dim: int = DIM) -> np.ndarray:
    """Unit rows around some centres in a narrow cone, as a language model's are."""
    made = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(40, dim)) * 0.6 + np.linspace(1, 2, dim)
    rows = centres[made.integers(len(centres), size=count)] + 0.3 * made.normal(size=(count, dim))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def folder_of(matrix: np.ndarray, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    with vectors.VectorsWriter(folder / layout.VECTORS_FILE, matrix.shape[1]) as writer:
        writer.add(matrix)
    return folder


def compressed(folder: Path, before: Before | None = None, exact_up_to: int = 100) -> Compression | None:
    rows = len(vectors.load(folder / layout.VECTORS_FILE))
    return compress(folder, DIM, rows, before, exact_up_to, Silent())


def opened(folder: Path, compression: Compression | None) -> vectors.Vectors:
    return vectors.load(folder / layout.VECTORS_FILE, compression)


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in BOTH}


@pytest.fixture(scope="module")
def matrix() -> np.ndarray:
    return clustered(6000, 1)


@pytest.fixture(scope="module")
def base(matrix: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Compression]:
    folder = folder_of(matrix, tmp_path_factory.mktemp("base"))
    made = compressed(folder)
    assert made is not None
    return folder, made


def test_few_vectors_stay_exact_and_nothing_else_is_written(tmp_path: Path) -> None:
    folder = folder_of(clustered(100, 1), tmp_path / "few")
    assert compressed(folder, exact_up_to=100) is None
    assert [file.name for file in folder.iterdir()] == [layout.VECTORS_FILE]
    assert opened(folder, None).exact


def test_the_ten_nearest_are_those_of_a_matrix_product(base: tuple[Path, Compression], matrix: np.ndarray) -> None:
    stored = opened(*base)
    assert not stored.exact
    queries = clustered(100, 2)
    right = np.argsort(-(queries @ matrix.T), axis=1)
    for depth, least in ((10, 0.97), (400, 0.95)):
        found = [stored.search(query, depth)[1] for query in queries]
        held = [len(np.intersect1d(a, b[:depth])) / depth for a, b in zip(found, right, strict=True)]
        assert np.mean(held) >= least


def test_what_was_measured_is_told_and_above_the_floor(base: tuple[Path, Compression]) -> None:
    made = base[1]
    assert made.recall_at_10 >= vectors_training.FLOOR
    assert made.effort in vectors_training.EFFORTS
    assert (made.kind, made.trained_on, made.changed, made.queries) == ("pq12x4fs,sq8", 6000, 0, 64)
    assert Compression.of(made.record()) == made


def test_scores_are_cosines_best_first(base: tuple[Path, Compression], matrix: np.ndarray) -> None:
    for query in clustered(20, 3):
        scores, rows = opened(*base).search(query, 50)
        assert np.all(np.diff(scores) <= 0)
        np.testing.assert_allclose(scores, matrix[rows] @ query, atol=0.01)
        np.testing.assert_allclose(opened(*base).scores(query, rows), matrix[rows] @ query, atol=0.01)


def test_scores_by_codes_are_those_of_decoded_rows(base: tuple[Path, Compression]) -> None:
    stored = opened(*base)
    decoded = load(base[0], DIM, 6000, base[1]).rows(np.arange(6000))
    for query in clustered(5, 11):
        np.testing.assert_allclose(stored.scores(query, np.arange(6000)), decoded @ query, atol=1e-5)
        many = np.tile(np.arange(6000), 20)
        np.testing.assert_array_equal(stored.scores(query, many).reshape(20, -1)[7], stored.scores(query, many[:6000]))
    assert stored.compression_error(np.arange(6000)).max() < 0.02
    assert opened(base[0], None).compression_error(np.arange(5)).tolist() == [0] * 5


@pytest.mark.parametrize("limit", [1, 5999, 6000, 7000])
def test_any_number_of_rows_may_be_asked_for(limit: int, base: tuple[Path, Compression]) -> None:
    scores, rows = opened(*base).search(clustered(1, 4)[0], limit)
    assert len(scores) == len(rows) == len(set(rows.tolist())) == min(limit, 6000)


def test_the_same_rows_give_the_same_files(base: tuple[Path, Compression], matrix: np.ndarray, tmp_path: Path) -> None:
    again = folder_of(matrix, tmp_path / "again")
    assert compressed(again) == base[1]
    assert content(again) == content(base[0])


@settings(deadline=None, max_examples=20)
@given(count=st.integers(0, 70), seed=st.integers(0, 99))
def test_the_files_are_those_that_faiss_writes(count: int, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    tables, rows = train(clustered(64, seed), 64), clustered(count, seed + 1)
    folder = tmp_path_factory.mktemp("c")
    with CompressedWriter(folder, tables) as writer:
        writer.add(rows)
    for name, empty in zip(BOTH, (tables.codes, tables.int8), strict=True):
        index = faiss.clone_index(empty)
        index.add(rows)
        assert (folder / name).read_bytes() == faiss.serialize_index(index).tobytes()
    back = tables_of(folder, DIM, count)
    assert back.kind == tables.kind
    assert faiss.serialize_index(back.codes).tobytes() == faiss.serialize_index(tables.codes).tobytes()
    assert faiss.serialize_index(back.int8).tobytes() == faiss.serialize_index(tables.int8).tobytes()


@settings(deadline=None, max_examples=15)
@given(cuts=st.lists(st.integers(0, 6000), max_size=6), fresh=st.integers(0, 300))
def test_rows_that_go_and_come_leave_what_the_same_tables_give_of_the_whole(
    cuts: list[int],
    fresh: int,
    base: tuple[Path, Compression],
    matrix: np.ndarray,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    edges = sorted(set(cuts))
    kept = list(zip(edges[::2], edges[1::2], strict=False)) or [(0, 6000)]
    whole = np.concatenate([*(matrix[first:end] for first, end in kept), clustered(fresh, 9)])
    if len(whole) < 200:
        return
    folder = folder_of(whole, tmp_path_factory.mktemp("next"))
    made = compressed(folder, Before(base[0], 6000, kept, base[1]))
    assert made is not None
    assert made.trained_on == 6000
    other = tmp_path_factory.mktemp("fresh")
    with CompressedWriter(other, tables_of(base[0], DIM, 6000)) as writer:
        writer.add(whole)
    assert content(folder) == content(other)


def test_what_came_and_went_is_counted_until_recall_is_measured_again(
    base: tuple[Path, Compression], matrix: np.ndarray, tmp_path: Path
) -> None:
    folder, made = base
    little = folder_of(np.concatenate([matrix[10:], clustered(20, 5)]), tmp_path / "little")
    after = compressed(little, Before(folder, 6000, [(10, 6000)], made))
    assert after == replace(made, changed=30)
    more = folder_of(np.concatenate([matrix[10:], clustered(700, 6)]), tmp_path / "more")
    again = compressed(more, Before(folder, 6000, [(10, 6000)], made))
    assert again is not None
    assert (again.changed, again.trained_on) == (0, 6000)


def test_tables_are_learnt_anew_when_their_rows_were_outgrown(
    base: tuple[Path, Compression], matrix: np.ndarray, tmp_path: Path
) -> None:
    folder, made = base
    grown = folder_of(np.concatenate([matrix, clustered(200, 7)]), tmp_path / "grown")
    after = compressed(grown, Before(folder, 6000, [(0, 6000)], replace(made, trained_on=1000)))
    assert after is not None
    assert after.trained_on == 6200


def test_vectors_that_no_table_serves_are_searched_as_they_are(tmp_path: Path) -> None:
    """Rows that differ by less than a step of 8 bits, since a few far away stretch the scale."""
    rows = np.ones((20_000, DIM)) + 0.01 * np.random.default_rng(1).normal(size=(20_000, DIM))
    rows[: 2 * DIM] = np.concatenate([np.eye(DIM), -np.eye(DIM)])
    folder = folder_of(np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32), tmp_path / "alike")
    assert compressed(folder) is None
    assert [file.name for file in folder.iterdir()] == [layout.VECTORS_FILE]


@pytest.mark.parametrize("rows", [2_500_000, 3_000_001])
def test_three_numbers_share_a_code_where_there_are_very_many(rows: int) -> None:
    assert train(clustered(100, 1), rows).kind == "pq8x4fs,sq8"
    assert train(clustered(100, 1, 32), rows).kind == "pq16x4fs,sq8"  # 32 is not divisible by 3
    assert train(clustered(100, 1, 25), 100).kind == "pq25x4fs,sq8"


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("damage", ["missing", "empty", "half", "other", "fewer"])
def test_a_file_that_is_none_of_ours_is_refused(
    name: str, damage: str, base: tuple[Path, Compression], matrix: np.ndarray, tmp_path: Path
) -> None:
    folder = folder_of(matrix, tmp_path / "damaged")
    for file, data in content(base[0]).items():
        (folder / file).write_bytes(data)
    whole = (folder / name).read_bytes()
    if damage == "missing":
        (folder / name).unlink()
    elif damage == "fewer":
        few = tmp_path / "fewer"
        few.mkdir()
        with CompressedWriter(few, tables_of(base[0], DIM, 6000)) as writer:
            writer.add(matrix[:5999])
        (folder / name).write_bytes((few / name).read_bytes())
    else:
        other = (folder / layout.VECTORS_FILE).read_bytes()
        (folder / name).write_bytes({"empty": b"", "half": whole[: len(whole) // 2], "other": other}[damage])
    with pytest.raises(CorruptIndex, match=rf"{name} cannot be read as compressed vectors\. Rebuild the index"):
        opened(folder, base[1])


def test_a_manifest_of_another_program_is_refused() -> None:
    with pytest.raises(CorruptIndex, match="no compression that this program knows"):
        Compression.of({"kind": "ivf"})
    assert Compression.of({}) is None


_SHARED = """
import sys
from pathlib import Path
import numpy as np
from embeddings import layout, vectors
from embeddings.vectors_compressed import Compression
folder = Path(sys.argv[1])
stored = vectors.load(folder / layout.VECTORS_FILE, Compression("pq12x4fs,sq8", 0, 0, 2.0, 0.0, 0.0, 0))
stored.rows(np.arange(len(stored)))
stored.scores(np.ones(stored.dim), np.arange(len(stored)))
print(stored.search(stored.rows(np.array([17]))[0], 1)[1][0], flush=True)
sys.stdin.readline()
"""


def test_two_processes_map_the_same_rows(base: tuple[Path, Compression]) -> None:
    command = [sys.executable, "-c", _SHARED, str(base[0])]
    readers: list[subprocess.Popen[str]] = []
    try:
        for _ in range(2):
            reader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            readers.append(reader)
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline().strip() == "17"
            maps = Path(f"/proc/{reader.pid}/maps").read_text()
            assert str(base[0] / layout.INT8_FILE) in maps
    finally:
        for reader in readers:
            reader.communicate("\n")


def test_several_shards_find_what_one_does(matrix: np.ndarray) -> None:
    tables: Tables = train(matrix, len(matrix))
    codes: Any = faiss.clone_index(tables.codes)
    codes.add(matrix)
    query = clustered(1, 8)
    single: Any = faiss.IndexPQFastScan(codes)
    parts = packed_in(codes, 3)
    assert sum(part.ntotal for part in parts) == len(matrix)
    together: Any = cast("Any", faiss.IndexShards)(DIM, True, True)
    for part in parts:
        together.add_shard(part)
    np.testing.assert_allclose(
        np.sort(single.search(query, 500)[0]), np.sort(together.search(query, 500)[0]), atol=0.02
    )
