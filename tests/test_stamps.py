"""A large file is hashed once and again when anything happened to it; a stamp is never trusted for more than it saw."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from embeddings import generations, pipeline, stamps
from embeddings.errors import CorruptIndex
from tests.fakes import HashingEncoder, index_settings, write_articles

BIG = "large.bin"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index whose generation holds one file that is large, from long ago."""
    home = tmp_path_factory.mktemp("home")
    pipeline.build(index_settings(write_articles(home / "articles", 2), home / "index"), HashingEncoder())
    folder = generations.folder_of(home / "index", 1)
    (folder / BIG).write_bytes(bytes(stamps.LARGE))
    manifest = generations.read_manifest(folder)
    files = {name: record for name, record in generations.seal(folder).items() if name != generations.MANIFEST}
    generations.write_manifest(folder, replace(manifest, files=files))
    time.sleep(0.15)  # until its stamp counts
    return home / "index"


@pytest.fixture
def index_dir(published: Path, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(published, tmp_path / "index"))
    time.sleep(0.15)
    return folder


def opened(index_dir: Path, *, hashing: bool = False) -> None:
    generations.open_newest(index_dir, hashing=hashing).hold.close()


def big(index_dir: Path) -> Path:
    return generations.folder_of(index_dir, 1) / BIG


def pretend(index_dir: Path) -> None:
    """Write a stamp that is right in all but the content, to see whether it is trusted."""
    record = generations.read_manifest(big(index_dir).parent).files[BIG]
    with big(index_dir).open("r+b") as file:
        file.write(b"x")
    (index_dir / stamps.FILE).write_text(json.dumps([stamps.stamp_of(big(index_dir), record.sha256)]))


def test_small_indexes_have_no_stamps(tmp_path: Path) -> None:
    pipeline.build(index_settings(write_articles(tmp_path / "articles", 2), tmp_path / "index"), HashingEncoder())
    opened(tmp_path / "index")
    assert not (tmp_path / "index" / stamps.FILE).exists()


def test_a_large_file_that_was_hashed_is_stamped(index_dir: Path) -> None:
    opened(index_dir)
    record = generations.read_manifest(big(index_dir).parent).files[BIG]
    assert stamps.read(index_dir) == {stamps.stamp_of(big(index_dir), record.sha256)}
    opened(index_dir)
    assert len(stamps.read(index_dir)) == 1


def test_what_is_stamped_is_not_hashed_again_but_where_it_is_asked_for(index_dir: Path) -> None:
    pretend(index_dir)
    opened(index_dir)
    with pytest.raises(CorruptIndex, match=f"{BIG} is not what was written"):
        opened(index_dir, hashing=True)
    with pytest.raises(CorruptIndex, match=f"{BIG} is not what was written"):
        generations.verify(big(index_dir).parent)


@pytest.mark.parametrize("change", ["byte", "times put back", "another file", "shorter"])
def test_whatever_happens_to_a_stamped_file_is_seen(change: str, index_dir: Path) -> None:
    opened(index_dir)
    file = big(index_dir)
    before = file.stat()
    if change == "another file":
        (file.parent / "other").write_bytes(b"\1" * stamps.LARGE)
        os.replace(file.parent / "other", file)
    elif change == "shorter":
        os.truncate(file, stamps.LARGE - 1)
    else:
        with file.open("r+b") as opened_file:
            opened_file.seek(stamps.LARGE // 2)
            opened_file.write(b"\1")
    if change != "byte":
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(CorruptIndex, match=f"{BIG} is not what was written"):
        opened(index_dir)


@pytest.mark.parametrize("content", [b"", b"{", b"[[1]]", b'[["a",2,3,4,5,6]]', b"\xff", b"[" * 100_000])
def test_damaged_stamps_cost_time_only(content: bytes, index_dir: Path) -> None:
    (index_dir / stamps.FILE).write_bytes(content)
    assert stamps.read(index_dir) == frozenset()
    opened(index_dir)
    assert len(stamps.read(index_dir)) == 1


def test_a_file_that_may_be_written_to_unseen_is_not_stamped() -> None:
    """Times of files stand still between two ticks of a clock."""
    now = time.time_ns()
    assert not stamps.settled((1, 1, 1, now, now + 10**9, "a"))
    assert stamps.settled((1, 1, 1, now, now - 10**9, "a"))


def test_stamps_of_old_files_go_first(index_dir: Path) -> None:
    many = [(1, number, 3, 4, number, "a") for number in range(100)]
    stamps.add(index_dir, many[:50])
    stamps.add(index_dir, many[50:])
    assert stamps.read(index_dir) == set(many[36:])


def test_where_nothing_can_be_written_the_index_opens_all_the_same(index_dir: Path) -> None:
    (index_dir / stamps.FILE).mkdir()
    opened(index_dir)
    assert [path.name for path in index_dir.glob(stamps.UNFINISHED)] == []


def test_what_a_killed_reader_left_is_swept_up_by_the_next_build(index_dir: Path) -> None:
    (index_dir / ".stamps.json-abc").write_bytes(b"[")
    with generations.builder_lock(index_dir):
        assert list(index_dir.glob(stamps.UNFINISHED)) == []
