"""Publishing to Milvus: killed, cut off, raced or refused, what served before goes on, and nobody else is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from embeddings import generations, pipeline
from embeddings import milvus_layout as layout
from embeddings.errors import CorruptIndex, NoIndex, ServerProblem
from embeddings.index import open_index
from embeddings.milvus_checking import Expected, check
from embeddings.milvus_client import Server
from embeddings.milvus_files import Contents, Packed, copy_of
from embeddings.milvus_source import MilvusSource
from embeddings.settings import IndexSettings
from tests.fakes import ROOT, HashingEncoder, write_articles
from tests.milvus_server import Lite, milvus_settings, running

ENCODER = HashingEncoder()
CHILD = [sys.executable, str(Path(__file__).parent / "milvus_child.py")]
_children: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def no_child_stays() -> Iterator[None]:
    yield
    for child in _children:
        child.kill()
        child.communicate()
    _children.clear()


def halted(source: Path, home: Path, uri: str, prefix: str, step: int) -> subprocess.Popen[str]:
    """A build that waits at a step of publishing."""
    arguments = [*CHILD, *map(str, (source, home, uri, "--prefix", prefix, "--at", "publish", step))]
    pipe = subprocess.PIPE
    child = subprocess.Popen(
        arguments, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    _children.append(child)
    assert child.stdout is not None
    assert child.stdout.readline() == "halted\n"
    return child


def build(settings: IndexSettings) -> None:
    pipeline.build(settings, ENCODER)


def answering(settings: IndexSettings) -> tuple[int, int]:
    """(generation, articles) on the server; everything of it can be read."""
    with closing(MilvusSource(settings.index)) as source, closing(source.open(ENCODER.fingerprint)) as index:
        assert len(index.articles()) == index.manifest.articles
        assert [s.row for s in index.passages(range(index.passage_count))] == list(range(index.passage_count))
        return index.manifest.number, index.manifest.articles


def collections(settings: IndexSettings) -> dict[int, set[str]]:
    with closing(Server(settings.index)) as server:
        return server.collections()


@pytest.mark.parametrize("step", [0, 9, -2])
def test_a_killed_publish_leaves_what_served_and_the_next_one_clears_up(
    step: int, milvus: Lite, tmp_path: Path
) -> None:
    source, prefix = write_articles(tmp_path / "articles", 2), f"killed_{abs(step)}"
    settings = milvus_settings(source, tmp_path, milvus.uri, prefix)
    build(settings)
    assert answering(settings) == (1, 2)
    write_articles(source, 3)
    steps = step if step >= 0 else steps_of(source, tmp_path / "elsewhere") + step
    child = halted(source, tmp_path, milvus.uri, prefix, steps)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert answering(settings) == (1, 2)
    build(settings)  # nothing is new in the folder, but the server lacks it
    assert answering(settings) == (2, 3)
    assert collections(settings) == {1: set(layout.PARTS), 2: set(layout.PARTS)}


def steps_of(source: Path, index_dir: Path) -> int:
    """How many steps publishing these articles has."""
    settings = IndexSettings().model_copy(
        update={
            "articles": IndexSettings().articles.model_copy(update={"source": (source,)}),
            "index": IndexSettings().index.model_copy(update={"dir": index_dir}),
        }
    )
    report = pipeline.build(settings, ENCODER)
    return report.articles + report.passages + report.sentences + len(layout.PARTS) + 1


def test_what_is_published_is_not_published_again(milvus: Lite, tmp_path: Path) -> None:
    settings = milvus_settings(write_articles(tmp_path / "articles", 2), tmp_path, milvus.uri, "once")
    build(settings)
    build(settings)
    assert list(collections(settings)) == [1]
    moved = settings.model_copy(update={"index": settings.index.model_copy(update={"milvus_prefix": "once_more"})})
    assert pipeline.build(moved, ENCODER).unchanged
    assert answering(moved) == (1, 2)


def test_as_many_generations_are_kept_as_is_set(milvus: Lite, tmp_path: Path) -> None:
    settings = milvus_settings(tmp_path / "articles", tmp_path, milvus.uri, "kept")
    for count in (1, 2, 3, 4):
        write_articles(tmp_path / "articles", count)
        build(settings)
        if count == 2:
            with closing(Server(settings.index)) as server:
                server.drop(layout.FILES, 1)  # as a build leaves it that is killed while it clears up
    assert answering(settings) == (4, 4)
    assert collections(settings) == {3: set(layout.PARTS), 4: set(layout.PARTS)}


def test_a_reader_on_another_machine_needs_nothing_but_the_address(milvus: Lite, tmp_path: Path) -> None:
    build(milvus_settings(write_articles(tmp_path / "articles", 3), tmp_path, milvus.uri, "afar"))
    there = milvus_settings(tmp_path / "nothing", tmp_path / "other machine", milvus.uri, "afar")
    assert answering(there) == (1, 3)
    assert not there.index.dir.exists()


def test_readers_ask_on_while_generations_change(milvus: Lite, tmp_path: Path) -> None:
    settings = milvus_settings(write_articles(tmp_path / "articles", 2), tmp_path, milvus.uri, "switched")
    build(settings)
    seen: list[tuple[int, int]] = []
    problems: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set() or seen[-1] != (3, 4):
                seen.append(answering(settings))
        except BaseException as error:  # noqa: BLE001 - shown by the test
            problems.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for count in (3, 4):
            write_articles(tmp_path / "articles", count)
            build(settings)
    finally:
        done.set()
        reader.join(60)
    assert not problems
    assert list(dict.fromkeys(seen)) in ([(1, 2), (2, 3), (3, 4)], [(1, 2), (3, 4)])


def test_an_open_generation_answers_on_and_a_newer_one_is_seen(milvus: Lite, tmp_path: Path) -> None:
    settings = milvus_settings(write_articles(tmp_path / "articles", 2), tmp_path, milvus.uri, "held")
    build(settings)
    with closing(MilvusSource(settings.index)) as source, closing(source.open(None)) as index:
        write_articles(tmp_path / "articles", 3)
        build(settings)
        assert source.newest() == 2
        assert len(index.passages(range(index.passage_count))) == index.passage_count
        write_articles(tmp_path / "articles", 4)
        build(settings)  # the first one is dropped now
        with pytest.raises(ServerProblem, match=r"has no such generation any more .*rebuild-index$"):
            index.passages([0])


def test_another_project_on_the_server_is_left_alone(milvus: Lite, tmp_path: Path) -> None:
    """Even one whose names begin like ours."""
    ours = milvus_settings(write_articles(tmp_path / "ours", 1), tmp_path / "a", milvus.uri, "team")
    theirs = milvus_settings(write_articles(tmp_path / "theirs", 2), tmp_path / "b", milvus.uri, "team_passages")
    build(theirs)
    before = collections(theirs)
    for count in (2, 3, 4):
        write_articles(tmp_path / "ours", count)
        build(ours)
    assert collections(theirs) == before
    assert answering(theirs) == (1, 2)
    assert answering(ours)[1] == 4


def test_an_alias_or_collection_of_somebody_else_is_refused(milvus: Lite, tmp_path: Path) -> None:
    source = write_articles(tmp_path / "articles", 1)
    first = milvus_settings(source, tmp_path / "a", milvus.uri, "mine")
    build(first)
    with closing(Server(first.index)) as server:
        server._client.create_alias("mine_files_000001", "taken")
    taken = milvus_settings(source, tmp_path / "b", milvus.uri, "taken")
    with pytest.raises(ServerProblem, match=r"The alias taken on http.* belongs to something else .*milvus_prefix"):
        build(taken)
    same = milvus_settings(source, tmp_path / "c", milvus.uri, "mine_files_000001")
    with pytest.raises(ServerProblem, match=r"there is a collection called mine_files_000001, .*milvus_prefix"):
        build(same)
    assert answering(first) == (1, 1)


def test_what_is_not_there_as_it_was_sent_is_not_served(milvus: Lite, tmp_path: Path) -> None:
    settings = milvus_settings(write_articles(tmp_path / "articles", 2), tmp_path, milvus.uri, "checked")
    build(settings)
    with (
        closing(open_index(settings.index.dir, ENCODER.fingerprint)) as local,
        closing(MilvusSource(settings.index)) as source,
        closing(source.open(None)) as remote,
    ):
        rows = source.server.count(layout.ARTICLES, 1)
        check(source.server, local, remote, rows, Expected([]))
        with pytest.raises(ServerProblem, match=rf"rows of articles: {rows + 1} sent, {rows} found\)\. The generation"):
            check(source.server, local, remote, rows + 1, Expected([]))
        wrong = Expected([dict.fromkeys(layout.WORD_FIELDS, "mèo_vạc")])
        with pytest.raises(ServerProblem, match=r"passages found by 'mèo_vạc': 0 sent, \d+ found"):
            check(source.server, local, remote, rows, wrong)


def test_a_server_that_is_not_there_is_told_before_anything_is_built(tmp_path: Path) -> None:
    settings = milvus_settings(write_articles(tmp_path / "articles", 1), tmp_path, "http://127.0.0.1:1")
    with pytest.raises(ServerProblem, match=r"^The Milvus server at http://127\.0\.0\.1:1 cannot be reached\. Start"):
        build(settings)
    assert generations.numbers(settings.index.dir) == []


def test_a_server_that_goes_while_publishing_is_one_line_and_the_next_build_publishes(tmp_path: Path) -> None:
    source = write_articles(tmp_path / "articles", 2)
    with running(tmp_path) as server:
        settings = milvus_settings(source, tmp_path, server.uri)
        build(settings)
        write_articles(source, 3)
        child = halted(source, tmp_path, server.uri, "qa_bot", 9)
        server.stop()
        out, err = child.communicate(timeout=120)
        assert (child.returncode, out) == (1, "")
        assert err.startswith("Unreachable: The Milvus server at http://127.0.0.1:")
        assert err.count("\n") == 1
        server.start()
        assert answering(settings) == (1, 2)
        build(settings)
        assert answering(settings) == (2, 3)
        assert collections(settings) == {1: set(layout.PARTS), 2: set(layout.PARTS)}


def test_a_copy_that_was_damaged_is_fetched_again(milvus: Lite, tmp_path: Path) -> None:
    settings = milvus_settings(write_articles(tmp_path / "articles", 2), tmp_path, milvus.uri, "copied")
    build(settings)
    for copy in (tmp_path / "copies").iterdir():
        copy.write_bytes(b"x" * copy.stat().st_size)
    assert answering(settings) == (1, 2)


def test_a_file_that_is_not_what_was_published_is_refused(milvus: Lite, tmp_path: Path) -> None:
    settings = milvus_settings(write_articles(tmp_path / "articles", 1), tmp_path, milvus.uri, "torn")
    build(settings)
    packed = {"manifest.json": Packed(1, 1, 10, "0" * 64), "gone": Packed(900, 2, 10, "")}
    contents = Contents("", "FLAT", 0, packed)
    with closing(Server(settings.index)) as server:
        for name in (*packed, "never sent"):
            with pytest.raises(CorruptIndex, match=rf"{name} of generation 1 on http.* is not what was published"):
                copy_of(server, 1, name, contents, tmp_path / "empty")


def test_without_an_alias_nothing_serves(milvus: Lite, tmp_path: Path) -> None:
    settings = milvus_settings(write_articles(tmp_path / "articles", 1), tmp_path, milvus.uri, "fresh")
    child = halted(tmp_path / "articles", tmp_path, milvus.uri, "fresh", 3)
    child.send_signal(signal.SIGKILL)
    child.wait()
    with pytest.raises(NoIndex, match="There is no index fresh"):
        answering(settings)
    build(settings)
    assert answering(settings) == (1, 1)
