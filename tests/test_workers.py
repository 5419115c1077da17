"""Errands in processes of their own: the order is kept, the dead are replaced, and nobody is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from embeddings import layout, pipeline
from embeddings.errands import Candidate, found_in, of_file, outfit
from embeddings.readers import Hints
from embeddings.settings import IndexSettings
from embeddings.workers import Workers
from qa_bot.settings import BotSettings
from tests.fakes import ROOT, WORDS, HashingEncoder, index_settings, write_articles
from tests.test_preparing import TITLED
from tests.workers_child import POISON

GONE_SECONDS = 20.0


def requests(count: int) -> list[bytes]:
    return [of_file(f"bai-{n}.txt", TITLED.replace("14.500", f"{n}").encode(), Hints(".txt")) for n in range(count)]


def names(replies: Iterator[bytes | None]) -> list[str]:
    found = []
    for reply in replies:
        (item,) = found_in(reply)
        assert isinstance(item, Candidate)
        found.append(item.path)
    return found


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(outfit(IndexSettings(), WORDS), 2) as made:
        yield made


def gone(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + GONE_SECONDS
    while not all(map(gone, pids)):
        assert time.monotonic() < deadline, f"{pids} are still there"
        time.sleep(0.02)


def test_replies_come_in_the_order_of_the_requests(workers: Workers) -> None:
    asked = requests(150)
    asked.insert(70, b"")
    replies = list(workers.run(asked))
    assert replies[70] == b""
    assert names(iter(replies[:70] + replies[71:])) == [f"bai-{n}.txt" for n in range(150)]
    assert len(workers.pids()) == 2


def test_settings_of_a_bot_serve_and_its_secrets_stay_at_home() -> None:
    settings = BotSettings.model_validate(
        {"telegram": {"token": "12345:nobody-knows"}, "chunking": {"min_syllables": 7}}
    )
    given = outfit(settings, WORDS)
    assert b"nobody-knows" not in given
    with Workers(given, 2) as made:
        assert names(made.run(iter(requests(3)))) == ["bai-0.txt", "bai-1.txt", "bai-2.txt"]


def test_no_more_requests_are_taken_than_keep_the_workers_busy(workers: Workers) -> None:
    taken = 0

    def counted() -> Iterator[bytes]:
        nonlocal taken
        for request in requests(1000):
            taken += 1
            yield request

    replies = workers.run(counted())
    next(replies)
    assert taken < 400


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(workers: Workers) -> None:
    found = []
    for n, reply in enumerate(workers.run(requests(300))):
        found.append(reply)
        if n in (10, 100, 200):
            for pid in workers.pids():
                os.kill(pid, signal.SIGKILL)
    assert names(iter(found)) == [f"bai-{n}.txt" for n in range(300)]


def test_a_request_of_which_workers_die_is_skipped_alone() -> None:
    asked = requests(80)
    asked[40] = of_file("hong.txt", POISON, Hints(".txt"))
    with Workers(outfit(IndexSettings(), WORDS), 2, [sys.executable, "-m", "tests.workers_child"]) as workers:
        replies = list(workers.run(asked))
    assert replies[40] is None
    assert names(iter(replies[:40] + replies[41:])) == [f"bai-{n}.txt" for n in range(80) if n != 40]


@pytest.mark.parametrize("command", [["/nowhere/python"], [sys.executable, "-c", "pass"]])
def test_where_no_worker_can_be_started_the_work_is_done_here(command: list[str]) -> None:
    with Workers(outfit(IndexSettings(), WORDS), 2, command) as workers:
        assert names(workers.run(requests(40))) == [f"bai-{n}.txt" for n in range(40)]


def test_when_work_is_given_up_no_process_stays() -> None:
    with Workers(outfit(IndexSettings(), WORDS), 2) as workers:
        next(workers.run(requests(300)))
        pids = workers.pids()
        assert pids
    wait_until_gone(pids)


def test_workers_leave_when_their_parent_is_killed() -> None:
    code = (
        "import sys\n"
        "from embeddings.errands import outfit\n"
        "from embeddings.settings import IndexSettings\n"
        "from embeddings.workers import Workers\n"
        "from tests.fakes import WORDS\n"
        "from tests.test_workers import requests\n"
        "workers = Workers(outfit(IndexSettings(), WORDS), 2)\n"
        "replies = workers.run(requests(100))\n"
        "next(replies)\n"
        "print(*workers.pids(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", cwd=ROOT
    )
    try:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert pids
    finally:
        parent.kill()
        parent.communicate()
    wait_until_gone(pids)


def test_an_index_built_by_several_processes_is_the_one_built_by_one(tmp_path: Path) -> None:
    folder = write_articles(tmp_path / "articles", 230)
    (folder / "rong.txt").write_text("", "utf-8")
    (folder / "bai-2-lai.txt").write_bytes((folder / "bai-2.txt").read_bytes())
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from embeddings import pipeline\n"
        "from tests.fakes import HashingEncoder, index_settings\n"
        "pipeline.build(index_settings(Path(sys.argv[1]), Path(sys.argv[2])), HashingEncoder())\n"
    )
    for processors in ("1", "2"):  # one reads here, two are two workers
        subprocess.run(
            [sys.executable, "-c", code, str(folder), str(tmp_path / processors)],
            check=True, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": processors},
        )  # fmt: skip
    one, two = (tmp_path / name / "generations" / "000001" for name in ("1", "2"))
    for name in (layout.STORAGE_FILE, layout.VOCABULARY_FILE, layout.VECTORS_FILE):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    again = pipeline.build(index_settings(folder, tmp_path / "2"), HashingEncoder())
    assert again.unchanged
    assert [item.reason for item in again.skipped] == ["empty"]
