"""Folders of links belong to readers while they live; those of killed ones are swept away, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings import generations, leftovers, pipeline
from embeddings.index import open_index
from embeddings.lexical import FieldWeights, Lexical
from tests.fakes import ROOT, HashingEncoder, index_settings, write_articles

_READER = """
import sys
from pathlib import Path
from embeddings.index import open_index
from embeddings.lexical import FieldWeights
from tests.fakes import HashingEncoder

index = open_index(Path(sys.argv[1]), HashingEncoder().fingerprint)
print("open", flush=True)
sys.stdin.readline()
print(len(index.lexical_search("meo vac", 3, FieldWeights(1, 1, 1))), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of its own, for this process and its children."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    settings = index_settings(write_articles(folder / "articles"), folder / "index")
    pipeline.build(settings, HashingEncoder())
    return settings.index.dir


_children: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def no_child_stays() -> Iterator[None]:
    yield
    for child in _children:
        child.kill()
        child.communicate()
    _children.clear()


def reader(index_dir: Path) -> subprocess.Popen[str]:
    """A process that has the index open."""
    child = subprocess.Popen(
        [sys.executable, "-c", _READER, str(index_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    _children.append(child)
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    return child


def test_a_reader_that_ends_leaves_nothing(temporary: Path, index_dir: Path) -> None:
    index = open_index(index_dir, HashingEncoder().fingerprint)
    assert len(list(temporary.iterdir())) == 1
    assert leftovers.abandoned() == []
    index.close()
    del index
    assert list(temporary.iterdir()) == []
    child = reader(index_dir)
    child.communicate("\n\n")
    assert list(temporary.iterdir()) == []


def test_what_a_killed_reader_left_is_swept_away_and_what_a_living_one_holds_is_not(
    temporary: Path, index_dir: Path
) -> None:
    killed, living = reader(index_dir), reader(index_dir)
    folders = set(temporary.iterdir())
    assert len(folders) == 2
    assert leftovers.abandoned() == []
    assert leftovers.sweep() == 0
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    (left,) = leftovers.abandoned()
    assert leftovers.sweep() == 1
    assert set(temporary.iterdir()) == folders - {left}
    assert living.communicate("\n\n")[0] == "1\n"


def test_the_index_itself_stays_whole(temporary: Path, index_dir: Path) -> None:
    before = {path: path.read_bytes() for path in index_dir.rglob("*") if path.is_file()}
    child = reader(index_dir)
    child.kill()
    child.communicate()
    assert leftovers.sweep() == 1
    assert {path: path.read_bytes() for path in index_dir.rglob("*") if path.is_file()} == before


def test_links_are_not_needed_any_more_once_a_reader_has_opened_them(temporary: Path, index_dir: Path) -> None:
    """Readers of earlier versions hold no lock on theirs: sweeping those away must not disturb them."""
    child = reader(index_dir)
    (folder,) = temporary.iterdir()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert child.communicate("\n\n")[0] == "1\n"


def links(folder: Path, target: str) -> Path:
    folder.mkdir()
    (folder / "meta.json").symlink_to(target)
    return folder


def test_a_folder_of_links_of_an_earlier_version_is_swept_away(temporary: Path) -> None:
    old = links(temporary / "qa-bot-k3_x9a2b", "/srv/index/generations/000001/lexical/meta.json")
    (old / ".tantivy-meta.lock").touch()
    beginning = temporary / "qa-bot-links-a1b2c3d4"  # killed before it made a link, or about to make one
    beginning.mkdir()
    assert leftovers.abandoned() == [old]
    os.utime(beginning, (0, 0))
    assert leftovers.abandoned() == [old, beginning]
    assert leftovers.sweep() == 2
    assert list(temporary.iterdir()) == []


def test_what_others_keep_under_such_a_name_stays(temporary: Path, tmp_path: Path) -> None:
    """Only folders that hold nothing but links into a lexical index are ours."""
    (temporary / "qa-bot-notes").mkdir()
    (temporary / "qa-bot-file").write_text("mine", "utf-8")
    links(temporary / "qa-bot-shortcuts", "/home/lan/bai-viet/bai.txt")
    kept = links(temporary / "qa-bot-links-mixed", "/srv/index/generations/000001/lexical/meta.json")
    (kept / "thesis.txt").write_text("mine", "utf-8")
    (kept / "folder").mkdir()
    elsewhere = links(tmp_path / "elsewhere", "/srv/index/generations/000001/lexical/meta.json")
    (temporary / "qa-bot-links-link").symlink_to(elsewhere)
    links(temporary / "other-links", "/srv/index/generations/000001/lexical/meta.json")
    before = sorted(tmp_path.rglob("*"))
    assert leftovers.abandoned() == []
    assert leftovers.sweep() == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_a_temporary_folder_that_is_gone_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert leftovers.abandoned() == []
    assert leftovers.sweep() == 0


def test_readers_that_begin_while_others_sweep_all_open_the_index(temporary: Path, index_dir: Path) -> None:
    ending, opened = time.monotonic() + 2, 0

    def sweep() -> None:
        while time.monotonic() < ending:
            leftovers.sweep()

    sweeping = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in sweeping:
        thread.start()
    while time.monotonic() < ending:
        index = open_index(index_dir, HashingEncoder().fingerprint)
        assert index.lexical_search("meo vac", 3, FieldWeights(1, 1, 1))
        index.close()
        opened += 1
    for thread in sweeping:
        thread.join()
    assert opened
    del index
    assert list(temporary.iterdir()) == []


def test_readers_that_end_at_once_leave_nothing_however_many_there_are(temporary: Path, index_dir: Path) -> None:
    """A thread of Tantivy's lays a lock into the folder a little after it was opened, perhaps while it is removed."""

    def read() -> None:
        for _ in range(150):
            Lexical(generations.folder_of(index_dir, 1) / "lexical")

    reading = [threading.Thread(target=read) for _ in range(4)]
    for thread in reading:
        thread.start()
    for thread in reading:
        thread.join()
    assert list(temporary.iterdir()) == []
