"""What happens to an index when processes die, race, or may not write: real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from embeddings import generations, pipeline
from embeddings.index import open_index
from tests.fakes import ROOT, HashingEncoder, index_settings, write_articles

CHILD = [sys.executable, str(Path(__file__).parent / "build_child.py")]
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


_children: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def no_child_stays() -> Iterator[None]:
    yield
    for child in _children:
        child.kill()
        child.communicate()
    _children.clear()


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [*CHILD, *map(str, arguments)]
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, env=_ENVIRONMENT)
    _children.append(child)
    return child


def finish(child: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = child.communicate(timeout=60)
    return child.returncode, out, err


def halted(arguments: Sequence[object], stage: str, step: int) -> subprocess.Popen[str]:
    """A build that waits at `step` of `stage`."""
    child = start(*arguments, "--at", stage, step)
    assert child.stdout is not None
    assert child.stdout.readline() == "halted\n"
    return child


def contents(index_dir: Path) -> list[str]:
    return sorted(path.name for path in index_dir.iterdir() if not path.name.endswith(("-wal", "-shm")))


def answers(index_dir: Path) -> int:
    """Articles in the index that serves; it must serve without a warning."""
    index = open_index(index_dir, HashingEncoder().fingerprint)
    assert index.warning is None
    count = len(index.articles())
    assert [stored.row for stored in index.passages(range(index.passage_count))] == list(range(index.passage_count))
    index.close()
    return count


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of three articles, and an index of two of them."""
    source, index_dir = tmp_path / "articles", tmp_path / "index"
    pipeline.build(index_settings(write_articles(source, 2), index_dir), HashingEncoder())
    write_articles(source, 3)
    return source, index_dir


@pytest.mark.parametrize(
    ("stage", "step", "serving"),
    [
        ("read", 1, 2),
        ("encode", 0, 2),
        ("index", 0, 2),
        ("index", 1, 2),
        ("check", 0, 2),
        ("check", 2, 2),
        ("check", 3, 3),
    ],
)
def test_a_build_killed_at_any_step_leaves_the_old_index_or_the_new_one(
    stage: str, step: int, serving: int, folders: tuple[Path, Path]
) -> None:
    source, index_dir = folders
    child = halted(folders, stage, step)
    child.send_signal(signal.SIGKILL)
    assert finish(child)[0] == -signal.SIGKILL
    assert answers(index_dir) == serving
    pipeline.build(index_settings(source, index_dir), HashingEncoder())
    assert answers(index_dir) == 3
    assert contents(index_dir) == ["files.sqlite", "generations", "lock", "vector-cache.sqlite"]


def test_a_killed_first_build_is_no_index_yet_and_what_it_encoded_is_kept(tmp_path: Path) -> None:
    source, index_dir = write_articles(tmp_path / "articles"), tmp_path / "index"
    child = halted((source, index_dir), "index", 0)
    child.kill()
    finish(child)
    assert generations.numbers(index_dir) == []
    encoder = HashingEncoder()
    report = pipeline.build(index_settings(source, index_dir), encoder)
    assert (report.generation, report.encoded, encoder.encoded) == (1, 0, [])


def test_of_two_builders_one_wins_and_the_other_says_who(folders: tuple[Path, Path]) -> None:
    _, index_dir = folders
    first = halted(folders, "index", 1)
    code, out, err = finish(start(*folders))
    assert (code, out) == (1, "")
    assert err == f"IndexBusy: Another build of {index_dir} is running (process {first.pid}). Wait for it to end.\n"
    assert answers(index_dir) == 2
    assert finish(first) == (0, "generation 2\n", "")
    assert answers(index_dir) == 3


def test_of_many_builders_that_start_together_each_builds_or_is_told(folders: tuple[Path, Path]) -> None:
    _, index_dir = folders
    results = [finish(child) for child in [start(*folders, "--full") for _ in range(3)]]
    won = [out for code, out, _ in results if code == 0]
    assert won
    assert sorted(won) == [f"generation {number}\n" for number in range(2, 2 + len(won))]
    assert all(err.startswith("IndexBusy: ") and err.count("\n") == 1 for code, _, err in results if code)
    assert answers(index_dir) == 3


def test_readers_see_whole_generations_while_builders_publish(folders: tuple[Path, Path]) -> None:
    source, index_dir = folders
    builders = [start(source, index_dir, "--full") for _ in range(3)]
    seen = set()
    while any(builder.poll() is None for builder in builders):
        seen.add(answers(index_dir))
    for builder in builders:
        finish(builder)
    assert answers(index_dir) == 3
    assert seen <= {2, 3}


@pytest.mark.parametrize(
    ("moment", "limit"),
    [
        ((), 0),
        ((), 3),
        (("encode", 0), 3_000),
        (("index", 0), 5_000),
        (("index", 1), 1_000),
        (("index", 2), 3_000),
        (("index", 3), 1_000),
    ],
    ids=["lock", "cache", "vectors in the cache", "passages", "words", "vectors", "manifest"],
)
def test_a_disk_that_fills_up_is_one_line_and_leaves_the_old_index(
    moment: tuple[str, int] | tuple[()], limit: int, folders: tuple[Path, Path]
) -> None:
    source, index_dir = folders
    starved = [*(("--at", *moment) if moment else ()), "--file-limit", limit, "--full"]
    before = {path: path.read_bytes() for path in (index_dir / "generations").rglob("*") if path.is_file()}
    code, out, err = finish(start(source, index_dir, *starved))
    assert (code, out) == (1, ""), err
    assert err.startswith("StorageError: ")
    assert err.count("\n") == 1
    assert {path: path.read_bytes() for path in (index_dir / "generations").rglob("*") if path.is_file()} == before
    assert contents(index_dir) == ["files.sqlite", "generations", "lock", "vector-cache.sqlite"]
    assert answers(index_dir) == 2
    report = pipeline.build(index_settings(source, index_dir), HashingEncoder())
    assert report.reused > 0  # a full disk is no reason to lose what was encoded


_AS_ANOTHER_USER = """
import sys
from pathlib import Path
import os
from embeddings import generations
from embeddings.errors import BotError
from embeddings.index import open_index
from embeddings.lexical import FieldWeights
from tests.fakes import HashingEncoder

def ask():
    index = open_index(Path(sys.argv[1]), HashingEncoder().fingerprint)
    words = index.lexical_search("meo vac", 3, FieldWeights(1, 1, 1))
    vectors = index.dense_search(HashingEncoder().encode_queries(["Mèo Vạc"])[0], 3)
    said = (len(index.articles()), len(words) > 0, len(vectors) > 0, index.warning)
    index.close()
    return said

ask()  # whatever Python loads late, it loads now
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
print(ask())
try:
    with generations.builder_lock(Path(sys.argv[1])):
        pass
except BotError as error:
    print(error)
"""


def test_an_index_folder_that_may_only_be_read_serves_and_the_builder_explains(folders: tuple[Path, Path]) -> None:
    _, index_dir = folders
    for parent in index_dir.parents:
        if parent.stat().st_uid == os.getuid() and len(parent.parts) > 2:
            parent.chmod(parent.stat().st_mode | 0o055)
    for path in [index_dir, *index_dir.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    environment = {**_ENVIRONMENT, "PYTHONPATH": f"{ROOT}:{Path(__file__).parent}"}
    child = subprocess.run(
        [sys.executable, "-c", _AS_ANOTHER_USER, str(index_dir)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
    )
    for path in [index_dir, *index_dir.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)
    assert child.stderr == ""
    assert child.stdout.splitlines() == [
        "(2, True, True, None)",
        f"The index folder {index_dir} cannot be written (Permission denied). Choose another: --index",
    ]
