"""Builds above the size for exact search: what is asked is found, whatever comes, goes or breaks."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings import generations, layout, pipeline
from embeddings.checking import verify_all
from embeddings.errors import CorruptIndex, StorageError
from embeddings.index import Index, open_index
from embeddings.settings import IndexSettings
from tests.fakes import HashingEncoder, index_settings

PLACES = ("Hải Hậu", "Mèo Vạc", "Bình Liêu", "Sông Lô", "Ba Chẽ", "Nho Quan", "Yên Khánh", "Cô Tô")
BOTH = (layout.CODES_FILE, layout.INT8_FILE)
MOST = 30  # sentences that are searched exactly


def write(folder: Path, numbers: range) -> Path:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        place = PLACES[number % 8]
        (folder / f"bai-{number}.txt").write_text(
            f"Xã số {number} của huyện {place} đón mùa gặt\n\n"
            f"Sáng {number % 28 + 1} tháng 5, nông dân {place} gặt {number * 13 + 7} ha lúa chín sớm bên bờ sông. "
            f"Ông Trần Văn {PLACES[(number * 5 + 1) % 8]} kể rằng ruộng nhà ông cho {number + 40} tạ một mẫu.\n",
            "utf-8",
        )
    return folder


def settings(home: Path, most: int = MOST) -> IndexSettings:
    plain = index_settings(home / "articles", home / "index")
    return plain.model_copy(update={"index": plain.index.model_copy(update={"exact_sentences": most})})


def build(home: Path, most: int = MOST, *, full: bool = False) -> pipeline.Report:
    return pipeline.build(settings(home, most), HashingEncoder(64), full=full)


@contextmanager
def opened(home: Path) -> Iterator[Index]:
    index = open_index(home / "index", HashingEncoder(64).fingerprint)
    try:
        yield index
    finally:
        index.close()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("many")
    write(home / "articles", range(40))
    build(home)
    return home


@pytest.fixture
def home(many: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(many, tmp_path / "home"))


def newest(home: Path) -> Path:
    return generations.folder_of(home / "index", generations.numbers(home / "index")[0])


def best(index: Index, question: str) -> str:
    (query,) = HashingEncoder(64).encode_queries([question])
    found = index.dense_search(query, 5)
    (stored,) = index.passages([max(found, key=lambda row: found[row])])
    return stored.article.title or ""


def test_many_sentences_are_compressed_and_the_manifest_says_how_well(home: Path) -> None:
    with opened(home) as index:
        assert index.compressed
        assert len(index) > MOST
        told = index.manifest.vectors
    assert (told["kind"], told["trained_on"], told["queries"]) == ("pq32x4fs,sq8", index.manifest.sentences, 64)
    assert told["recall_at_10"] >= 0.98
    assert set(BOTH) < set(index.manifest.files)


def test_few_sentences_give_the_files_that_they_gave_before_there_was_compression(home: Path) -> None:
    build(home, most=10_000, full=True)
    with opened(home) as index:
        assert not index.compressed
        assert index.manifest.vectors == {}
        assert not set(BOTH) & set(index.manifest.files)
    plain, compressed = newest(home), generations.folder_of(home / "index", 1)
    assert (plain / layout.VECTORS_FILE).read_bytes() == (compressed / layout.VECTORS_FILE).read_bytes()


def test_what_compressed_search_finds_scores_as_exact_search_does(home: Path, tmp_path: Path) -> None:
    build(home, most=10_000, full=True)
    exact = shutil.move(newest(home), tmp_path / "exact")
    with opened(home) as index, (Path(exact) / generations.MANIFEST).open("rb") as hold:
        other = Index(generations.Held(Path(exact), generations.read_manifest(Path(exact)), hold, None))
        for query in HashingEncoder(64).encode_queries(["gặt lúa ở Mèo Vạc", "ông Trần Văn Cô Tô", "bờ sông Ba Chẽ"]):
            found, right = index.dense_search(query, 12), other.dense_search(query, 12)
            assert sorted(found.values())[-10:] == pytest.approx(sorted(right.values())[-10:], abs=0.01)
            rows = list(right)
            np.testing.assert_allclose(
                index.best_sentence_scores(query, rows), other.best_sentence_scores(query, rows), atol=0.01
            )
        other.close()


def test_articles_that_come_and_go_are_found_and_forgotten_with_the_same_tables(home: Path) -> None:
    with opened(home) as index:
        trained = index.manifest.vectors["trained_on"]
    (home / "articles" / "bai-7.txt").unlink()
    write(home / "articles", range(90, 91))
    report = build(home)
    assert report.encoded < 5
    with opened(home) as index:
        assert index.manifest.vectors["trained_on"] == trained
        assert index.manifest.vectors["changed"] > 0
        assert best(index, "Xã số 90 của huyện Bình Liêu đón mùa gặt") == "Xã số 90 của huyện Bình Liêu đón mùa gặt"
        assert "Xã số 7 " not in best(index, "Xã số 7 của huyện Cô Tô đón mùa gặt")
        assert index.compression_error(range(len(index))).max() < 0.1
    assert verify_all(home / "index")[0].fault is None


def test_an_index_that_shrinks_below_the_size_is_exact_again(home: Path) -> None:
    for number in range(5, 40):
        (home / "articles" / f"bai-{number}.txt").unlink()
    build(home)
    with opened(home) as index:
        assert not index.compressed
        assert "Xã số 3 " in best(index, "Xã số 3 của huyện Sông Lô đón mùa gặt")


@pytest.mark.parametrize("name", BOTH)
def test_a_byte_that_changed_is_refused(name: str, home: Path) -> None:
    file = newest(home) / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(CorruptIndex, match=f"{name} is not what was written"), opened(home):
        pass


def test_compressed_rows_of_other_vectors_are_found_out_by_verifying(home: Path) -> None:
    folder = newest(home)
    data = bytearray((folder / layout.INT8_FILE).read_bytes())
    data[-64:] = bytes(255 - byte for byte in data[-64:])
    (folder / layout.INT8_FILE).write_bytes(data)
    manifest = generations.read_manifest(folder)
    record = generations.seal(folder)[layout.INT8_FILE]
    (folder / generations.MANIFEST).unlink()
    generations.write_manifest(folder, replace(manifest, files={**manifest.files, layout.INT8_FILE: record}))
    (checked,) = verify_all(home / "index")
    assert checked.fault == "wrong"
    assert f"{layout.INT8_FILE}: row {manifest.sentences - 1} is not that of" in (checked.problem or "")


def test_a_disk_that_is_full_at_any_of_its_files_leaves_the_old_index(home: Path) -> None:
    write(home / "articles", range(90, 160))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for most in (1_000, 8_000, 20_000, 45_000):
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
            with pytest.raises(StorageError, match=r"[Ff]ree some space|Check the disk"):
                build(home, full=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert generations.numbers(home / "index") == [1]
    with opened(home) as index:
        assert index.manifest.articles == 40
