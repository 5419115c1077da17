"""What the bot must not forget, when it is killed, started twice, starved of disk, or damaged. Real processes."""

from __future__ import annotations

import asyncio
import os
import random
import re
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from qa_bot.errors import StateError
from qa_bot.telegram import journal, people, threads
from qa_bot.telegram.state import FILE, StateThread, open_state
from tests.fakes import ROOT

_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}

_WRITER = """
import asyncio, os, sys
from pathlib import Path
from qa_bot.telegram import journal, threads
from qa_bot.telegram.state import StateThread
from tests.samples import answered

SNAPSHOT = threads.Snapshot.of(answered("Bao nhiêu cây xanh?"))

def answer(db, seq, n):
    journal.begin(db, seq)
    place = dict(chat_id=1, topic=None, user_id=7, question_message_id=n, parent=None)
    threads.record(db, message_ids=[2 * n, 2 * n + 1], snapshot=SNAPSHOT, now=0.0, **place)
    journal.finish(db, [seq])

async def main():
    state, n = StateThread(Path(sys.argv[1])), int(sys.argv[2])
    while True:
        n += 1
        raw = {"update_id": n, "text": "Bao nhiêu cây xanh? " * (n * 37 % 900)}
        (item,) = await state.run(lambda db: journal.receive(db, [raw], 0.0))
        os.write(1, b"received %d\\n" % n)
        await state.run(lambda db: answer(db, item.seq, n))
        os.write(1, b"answered %d\\n" % n)

asyncio.run(main())
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=_ENVIRONMENT
    )


def kill(child: subprocess.Popen[str]) -> list[str]:
    """What the child still said."""
    child.kill()
    out, err = child.communicate(timeout=30)
    assert (child.returncode, err) == (-signal.SIGKILL, "")
    return out.splitlines()


def note(folder: Path, key: str) -> str | None:
    with closing(open_state(folder)) as db:
        return people.note(db, key)


def with_note(folder: Path, value: str = "giữ") -> Path:
    with closing(open_state(folder)) as db, db:
        people.set_note(db, "key", value)
    return folder


def test_whenever_the_bot_is_killed_all_it_spoke_of_is_there_and_every_transaction_is_whole_or_absent(
    tmp_path: Path,
) -> None:
    dice = random.Random(7)  # noqa: S311 - when to kill
    said: set[str] = set()
    moments = [1, 2, 40, 90, 160]  # lines that were read
    for turn, lines in enumerate(moments):
        child = start(_WRITER, tmp_path / "state", 10_000 * turn)
        assert child.stdout is not None
        said |= {child.stdout.readline().strip() for _ in range(lines)}
        time.sleep(dice.random() * 0.002)
        said |= set(kill(child))

        with closing(open_state(tmp_path / "state")) as db:
            there = {n for (n,) in db.execute("SELECT update_id FROM updates")}
            answered = {n for (n,) in db.execute("SELECT question_message_id FROM answers")}
            unfinished = {item.update_id for item in journal.unfinished(db)}
            assert answered == there - unfinished
            assert len(unfinished) <= turn + 1
            assert {f"received {n}" for n in there} >= {line for line in said if line.startswith("received")}
            assert {f"answered {n}" for n in answered} >= {line for line in said if line.startswith("answered")}
            for n in answered:
                first, second = threads.by_message(db, 1, 2 * n), threads.by_message(db, 1, 2 * n + 1)
                assert first is not None
                assert first == second
                assert first.question_message_id == n
    assert len(said) >= sum(moments)


_BEGINNER = """
import itertools, os, sys
from pathlib import Path
from qa_bot.telegram import people
from qa_bot.telegram.state import open_state
for n in itertools.count(int(sys.argv[2])):
    db = open_state(Path(sys.argv[1], str(n)))
    with db:
        people.set_note(db, "number", str(n))
    db.close()
    os.write(1, b"%d\\n" % n)
"""


def test_a_bot_killed_at_its_very_first_start_starts_the_next_time(tmp_path: Path) -> None:
    dice = random.Random(3)  # noqa: S311 - when to kill
    begun = 0
    for _ in range(8):
        child = start(_BEGINNER, tmp_path, begun)
        assert child.stdout is not None
        first = child.stdout.readline().strip()
        time.sleep(dice.random() * 0.012)
        for number in [first, *kill(child)]:
            assert note(tmp_path / number, "number") == number
            begun = int(number) + 1
        assert note(tmp_path / str(begun), "number") in (None, str(begun))
        begun += 1


def test_a_second_bot_is_told_which_process_has_the_folder_until_that_one_is_gone(tmp_path: Path) -> None:
    child = start(_WRITER, tmp_path, 0)
    assert child.stdout is not None
    assert child.stdout.readline() == "received 1\n"
    said = f"Another bot uses {re.escape(str(tmp_path))}: process {child.pid}. Stop it, or set QA_BOT_STATE_DIR."
    with pytest.raises(StateError, match=said):
        open_state(tmp_path)
    with pytest.raises(StateError, match=said):
        StateThread(tmp_path)
    kill(child)
    open_state(tmp_path).close()


def test_the_same_process_cannot_open_it_twice_but_again(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("left by another version\n" * 9)
    with closing(open_state(with_note(tmp_path))):
        for _ in range(3):
            with pytest.raises(StateError, match=f"process {os.getpid()}\\. Stop it"):
                open_state(tmp_path)
    assert note(tmp_path, "key") == "giữ"


def test_the_folder_and_its_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    folder.mkdir(parents=True, mode=0o755)
    (folder / FILE).touch(0o644)
    with closing(open_state(folder)) as db, db:
        people.set_note(db, "key", "value")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.iterdir()]}
    assert modes == {"state": 0o700, **dict.fromkeys(("lock", FILE, f"{FILE}-wal", f"{FILE}-shm"), 0o600)}


def test_a_folder_that_holds_other_things_keeps_its_mode_and_the_files_are_private_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "another").touch()
    tmp_path.chmod(0o755)
    with_note(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


_AS_NOBODY = """
import os, sys
from pathlib import Path
from qa_bot.errors import StateError
from qa_bot.telegram.state import open_state
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
for folder in sys.argv[1:]:
    try:
        open_state(Path(folder))
    except StateError as error:
        print(error)
"""


def test_a_folder_that_may_not_be_written_is_one_line_with_the_cure(tmp_path: Path) -> None:
    for parent in [tmp_path, *tmp_path.parents]:
        if parent.stat().st_uid == os.getuid() and len(parent.parts) > 2:
            parent.chmod(parent.stat().st_mode | 0o055)
    sealed = tmp_path / "sealed"
    sealed.mkdir(mode=0o500)
    (tmp_path / "file").touch()
    folders = [sealed, sealed / "inside", tmp_path / "file", tmp_path / "file" / "inside"]
    out, err = start(_AS_NOBODY, *folders).communicate(timeout=30)
    assert err == ""
    reasons = ["Permission denied", "Permission denied", "File exists", "Not a directory"]
    assert out.splitlines() == [
        f"The state folder {folder} cannot be used ({reason}). Make it writable, or set QA_BOT_STATE_DIR."
        for folder, reason in zip(folders, reasons, strict=True)
    ]


@pytest.mark.parametrize("garbage", [b"\0" * 4096, b"SQLite format 3\0" + b"\xff" * 5000, b"no database " * 500])
def test_garbage_in_place_of_the_database_names_the_file_and_the_cure_and_is_left_as_it_is(
    garbage: bytes, tmp_path: Path
) -> None:
    (tmp_path / FILE).write_bytes(garbage)
    for _ in range(2):  # the lock is free again after the first
        with pytest.raises(
            StateError, match=rf"The bot's database {re.escape(str(tmp_path / FILE))} is damaged \(.*Move it away"
        ):
            open_state(tmp_path)
    assert (tmp_path / FILE).read_bytes() == garbage


def filled(folder: Path) -> bytes:
    """A database of a hundred pages."""
    with closing(open_state(folder)) as db, db:
        journal.receive(db, [{"update_id": n, "text": "chợ phiên " * 50} for n in range(200)], 0.0)
        for n in range(200):
            people.set_language(db, n, "vi")
    return (folder / FILE).read_bytes()


def test_a_database_that_was_cut_or_overwritten_anywhere_in_its_structure_is_refused(tmp_path: Path) -> None:
    whole = filled(tmp_path)
    dice = random.Random(1)  # noqa: S311 - what to damage
    damages = [whole[:length] for length in (99, 512, 4096, 5000, len(whole) // 2, len(whole) - 4096)]
    damages += [whole[:at] + dice.randbytes(64) + whole[at + 64 :] for at in range(0, len(whole), 4096)]
    for damaged in damages:
        (tmp_path / FILE).write_bytes(damaged)
        with pytest.raises(StateError, match=rf"^[^\n]*{re.escape(str(tmp_path / FILE))} is damaged \([^\n]+ anew\.$"):
            open_state(tmp_path)
    (tmp_path / FILE).write_bytes(whole)
    with closing(open_state(tmp_path)) as db:
        assert journal.waiting(db) == 200


def test_moving_the_damaged_file_away_is_a_cure(tmp_path: Path) -> None:
    folder = with_note(tmp_path)
    (folder / FILE).write_bytes(b"?" * 4096)
    with pytest.raises(StateError, match="is damaged"):
        open_state(folder)
    (folder / FILE).rename(folder / "damaged")
    assert note(folder, "key") is None


@pytest.mark.parametrize(
    ("pragma", "said"),
    [
        ("user_version = 99", r"was made by a newer bot \(version 99, this one knows 1\). Install that one"),
        ("application_id = 5", "is not a database of this bot. Move it away, or set QA_BOT_STATE_DIR"),
        ("user_version = 0", "is damaged"),
        ("user_version = -1", "is damaged"),
    ],
)
def test_a_database_of_a_newer_or_another_program_is_refused_and_left_alone(
    pragma: str, said: str, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(with_note(tmp_path) / FILE)) as db:
        db.execute(f"PRAGMA {pragma}")
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(StateError, match=f"{re.escape(str(tmp_path / FILE))} {said}"):
        open_state(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


def test_a_database_of_another_program_without_any_marks_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("CREATE TABLE recipes (name)")
    with pytest.raises(StateError, match="is not a database of this bot"):
        open_state(tmp_path)


def test_what_is_written_is_flushed_and_what_belongs_together_is_kept_together(tmp_path: Path) -> None:
    with closing(open_state(tmp_path)) as db:
        values = {
            name: db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_a_transaction_that_raises_never_happened(tmp_path: Path) -> None:
    def fails(db: sqlite3.Connection) -> None:
        people.set_note(db, "key", "changed")
        raise LookupError("on purpose")

    async def story() -> None:
        with closing(StateThread(tmp_path)) as state:
            await state.run(lambda db: people.set_note(db, "key", "first"))
            with pytest.raises(LookupError, match="on purpose"):
                await state.run(fails)
            with pytest.raises(sqlite3.OperationalError, match="syntax error"):  # a bug stays a bug
                await state.run(lambda db: db.execute("SELEKT"))
            assert await state.run(lambda db: people.note(db, "key")) == "first"

    asyncio.run(story())
    assert note(tmp_path, "key") == "first"


def test_everything_runs_in_one_thread_in_the_order_asked_for(tmp_path: Path) -> None:
    order: list[tuple[int, int]] = []

    def note_thread(n: int) -> Callable[[sqlite3.Connection], None]:
        return lambda _: order.append((n, threading.get_ident()))

    async def story() -> None:
        with closing(StateThread(tmp_path)) as state:
            await asyncio.gather(*(state.run(note_thread(n)) for n in range(50)))

    asyncio.run(story())
    assert [n for n, _ in order] == list(range(50))
    assert len({thread for _, thread in order}) == 1
    assert threading.get_ident() not in {thread for _, thread in order}


def test_what_was_asked_for_is_done_though_the_asker_is_cancelled_or_the_bot_stops(tmp_path: Path) -> None:
    async def story() -> None:
        state, gate = StateThread(tmp_path), threading.Event()
        first = asyncio.create_task(state.run(lambda _: gate.wait(10)))
        second = asyncio.create_task(state.run(lambda db: people.set_note(db, "key", "kept")))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
        assert second.cancelled()
        gate.set()
        state.close()
        assert await first

    asyncio.run(story())
    assert note(tmp_path, "key") == "kept"


def test_closing_twice_is_closing_once_and_then_it_is_closed(tmp_path: Path) -> None:
    async def story() -> None:
        state = StateThread(tmp_path)
        state.close()
        state.close()
        with pytest.raises(StateError, match=f"{FILE} is closed, since the bot is stopping. Start it again."):
            await state.run(journal.waiting)

    asyncio.run(story())
    open_state(tmp_path).close()


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file grows beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 1_000, 5_000, 33_000, 50_000, 90_000, 115_000])
def test_a_first_start_on_a_full_disk_is_one_line_and_the_next_one_begins_anew(size: int, tmp_path: Path) -> None:
    with files_up_to(size), pytest.raises(StateError, match=r"^The [^\n]+ cannot be used \([^\n]+$"):
        open_state(tmp_path)
    assert note(with_note(tmp_path), "key") == "giữ"


def test_a_full_disk_is_one_line_loses_nothing_and_is_over_when_there_is_space(tmp_path: Path) -> None:
    said = rf"The bot's database {re.escape(str(tmp_path / FILE))} cannot be used \(.*\)\. .*; nothing stored is lost\."
    large = "x" * 300_000

    def limit_pages(db: sqlite3.Connection, pages: int) -> None:
        db.execute(f"PRAGMA max_page_count = {pages}")

    async def story() -> None:
        with closing(StateThread(tmp_path)) as state:
            await state.run(lambda db: people.set_note(db, "key", "before"))
            await state.run(lambda db: limit_pages(db, 60))
            with pytest.raises(StateError, match=said + "$") as full:
                await state.run(lambda db: people.set_note(db, "key", large))
            assert "Free some space" in str(full.value)
            await state.run(lambda db: limit_pages(db, 1_000_000))

            held = (tmp_path / f"{FILE}-wal").stat().st_size
            with files_up_to(held + 5000), pytest.raises(StateError, match=said + "$"):
                await state.run(lambda db: people.set_note(db, "key", large))
            assert await state.run(lambda db: people.note(db, "key")) == "before"
            await state.run(lambda db: people.set_note(db, "other", large))

    asyncio.run(story())
    assert (note(tmp_path, "key"), note(tmp_path, "other")) == ("before", large)


def test_damage_that_comes_to_light_later_is_told_too(tmp_path: Path) -> None:
    async def story() -> None:
        with closing(StateThread(tmp_path)) as state:
            await state.run(lambda db: db.execute("INSERT INTO notes VALUES ('key', CAST(x'ff' AS TEXT))") and None)
            with pytest.raises(StateError, match=r"telegram\.sqlite is damaged \(Could not decode to UTF-8"):
                await state.run(lambda db: people.note(db, "key"))

    asyncio.run(story())
