"""rebuild-index --ray, as people run it, against a cluster of two nodes: the index is the local build's."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from embeddings import layout, pipeline
from embeddings.generations import read_manifest
from embeddings.index import open_index
from tests.fakes import ROOT
from tests.ray_cluster import Cluster, cluster, wait_for

SAME = 1e-5  # of every component of every vector
ENCODING = "MapWorker(MapBatches(Encoding)).submit"  # a worker's title while it encodes
DONE_SECONDS = 120.0
SENTENCES = 36 * 12
PLACES = ("Ba Chẽ", "Nho Quan", "Yên Khánh", "Cô Tô", "Mù Cang Chải")
THINGS = ("trạm bơm", "cầu treo", "lớp học", "giếng khoan", "vườn ươm")


def text_of(number: int, sentences: int = 12) -> str:
    place = PLACES[number % 5]
    said = (
        f"Tháng {1 + at % 12}, xã thứ {at + 1} của huyện {place} sửa xong {THINGS[(number + at) % 5]} "
        f"số {number * 31 + at} với {at * 13 + number} triệu đồng do dân góp."
        for at in range(sentences)
    )
    return f"Huyện {place} sửa công trình đợt {number + 1}\n\n{' '.join(said)}\n"


def articles_in(folder: Path) -> Path:
    """Thirty-six articles of three formats, one of them twice, and three files that hold none."""
    folder.mkdir()
    for number in range(33):
        (folder / f"bai-{number:02}.txt").write_text(text_of(number), "utf-8")
    (folder / "lan-hai.txt").write_text(text_of(7), "utf-8")
    title, body = text_of(33).split("\n\n")
    page = (
        f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{body}</p></article></body></html>"
    )
    (folder / "trang.html").write_text(page, "utf-8")
    rows = [
        {"id": f"hang-{n}", "title": text_of(n).split("\n\n")[0], "content": text_of(n).split("\n\n")[1]}
        for n in (34, 35)
    ]
    (folder / "kho.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    (folder / "hong.txt").write_bytes(b"B\xb5i")
    (folder / "rong.txt").write_text("", "utf-8")
    (folder / "hong.pdf").write_bytes(b"%PDF-1.7 no more than that")
    return folder


@dataclass(frozen=True)
class World:
    """Articles, the local build of them, and where the real model lies."""

    folder: Path
    source: Path
    model_cache: Path

    def driver(self, name: str, address: str | None, **environment: str) -> subprocess.Popen[str]:
        """The command, started."""
        return subprocess.Popen(
            [sys.executable, "-m", "embeddings", "--source", str(self.source), "--index", str(self.folder / name),
             *(["--ray", address] if address else [])],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "en_US.UTF-8", "COLUMNS": "200",
                 "QA_BOT_ENCODER_CACHE_DIR": str(self.model_cache), **environment},
        )  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> World:
    folder = tmp_path_factory.mktemp("ray")
    made = World(folder, articles_in(folder / "articles"), model_cache)
    assert finished(made.driver("here", None))[0] == 0
    return made


@pytest.fixture(scope="module")
def ray() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


def finished(child: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, err = child.communicate(timeout=DONE_SECONDS)
    finally:
        end(child)
    return child.returncode, out, err


def wait_while(child: subprocess.Popen[str], happened: Callable[[], object]) -> None:
    """Until it happened, as long as the command runs."""
    wait_for(lambda: happened() or child.poll() is not None, DONE_SECONDS, "what the test waits for")
    assert child.poll() is None, child.communicate()


def end(child: subprocess.Popen[str]) -> None:
    """Whatever it does."""
    child.kill()
    child.wait()
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def cached(index_dir: Path) -> int:
    """How many vectors are kept there by now."""
    file = index_dir / pipeline.CACHE_FILE
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])
    return 0


def generation(index_dir: Path) -> Path:
    return max((index_dir / "generations").iterdir())


def assert_same(one: Path, other: Path) -> None:
    """All that two indexes hold but when they were made."""
    manifests = [read_manifest(generation(folder)) for folder in (one, other)]
    assert manifests[0].skipped == manifests[1].skipped
    assert manifests[0].recipe == manifests[1].recipe
    for name in (layout.STORAGE_FILE, layout.VOCABULARY_FILE):
        assert (generation(one) / name).read_bytes() == (generation(other) / name).read_bytes()
    indexes = [open_index(folder, manifests[0].fingerprint) for folder in (one, other)]
    try:
        vectors = [index.vectors_at(range(manifests[0].sentences)) for index in indexes]
        np.testing.assert_allclose(vectors[0], vectors[1], rtol=0, atol=SAME)
    finally:
        for index in indexes:
            index.close()


def row(table: str, name: str) -> str:
    (value,) = [
        cells[2].strip() for line in table.splitlines() if (cells := line.split("│"))[1:2] and cells[1].strip() == name
    ]
    return value


def test_the_index_is_the_local_builds(world: World, ray: Cluster) -> None:
    code, out, err = finished(world.driver("there", ray.address, **ray.environment))
    assert (code, err) == (0, "")
    assert_same(world.folder / "here", world.folder / "there")
    assert row(out, "Articles") == "36"
    assert row(out, "Skipped") == "3"
    assert row(out, "Encoded") == row(out, "Sentences")


def test_a_killed_driver_goes_on_and_killed_workers_lose_nothing(world: World, ray: Cluster) -> None:
    index = world.folder / "killed"
    first = world.driver("killed", ray.address, **ray.environment)
    try:
        wait_while(first, lambda: cached(index))
    finally:
        end(first)
    kept = cached(index)
    assert 0 < kept < SENTENCES
    assert first.returncode == -signal.SIGKILL

    second = world.driver("killed", ray.address, **ray.environment)
    try:
        wait_while(second, lambda: ray.workers("head", ENCODING) + ray.workers("node", ENCODING))
        for pid in ray.workers("head", ENCODING) + ray.workers("node", ENCODING):
            os.kill(pid, signal.SIGKILL)
    except BaseException:
        end(second)
        raise
    code, out, err = finished(second)
    assert (code, err) == (0, "")
    assert int(row(out, "Encoded")) + kept == int(row(out, "Sentences"))
    assert_same(world.folder / "here", index)


def test_a_node_that_dies_midway_loses_nothing(world: World, ray: Cluster) -> None:
    child = world.driver("fewer", ray.address, **ray.environment)
    try:
        wait_while(child, lambda: ray.workers("node", ENCODING))
        ray.kill_node()
    except BaseException:
        end(child)
        raise
    code, _, err = finished(child)
    assert (code, err) == (0, "")
    assert_same(world.folder / "here", world.folder / "fewer")


def test_who_has_no_token_is_told_so_in_one_line(world: World, ray: Cluster) -> None:
    stranger = {**ray.environment, "RAY_AUTH_TOKEN": "0" * 64}
    code, out, err = finished(world.driver("none", ray.address, **stranger))
    assert (code, out) == (1, "")
    assert err.startswith(f"rebuild-index: There is no Ray cluster at {ray.address} that this program can use (")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "127.0.0.1:9",
            "There is no Ray cluster at 127.0.0.1:9 that this program can use ([Errno 111] Connection refused).",
        ),
        ("head", "--ray head is no address (it has no port). Write auto, HOST:PORT or ray://HOST:10001."),
    ],
)
def test_an_address_without_a_cluster_is_one_line(address: str, message: str, world: World) -> None:
    code, out, err = finished(world.driver("none", address))
    assert (code, out) == (1, "")
    assert err.startswith(f"rebuild-index: {message}")
    assert err.count("\n") == 1
    assert not (world.folder / "none").exists()
