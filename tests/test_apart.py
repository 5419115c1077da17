"""Readers that hang, eat memory, crash, lie: the child ends, the file is refused with its reason, the next is read."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.readers import Hints, Reading, Unreadable, read
from embeddings.readers.apart import Apart, Passing
from embeddings.readers.frames import (
    Refusal,
    packed_hints,
    packed_readings,
    packed_refusal,
    unpacked_hints,
    unpacked_reply,
)
from embeddings.records import Kind, Region
from tests import pdf_bytes
from tests.readings import DOCUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, str(Path(__file__).parent / "apart_child.py")]
TOO_MUCH = r"needs more than 256 MB|breaks its reader \(signal 6\)|took longer"
"""Of a parser in C. Whether it was memory cannot be told where this process had more."""
NEXT = "Bến Lâm trồng rừng.".encode()


@pytest.fixture
def apart() -> Iterator[Apart]:
    with Apart(seconds=20, megabytes=256, command=COMMAND) as found:
        yield found
        assert texts(found.read(NEXT, Hints(".plain"))) == ["Bến Lâm trồng rừng."]  # whatever came before


def texts(found: list[Reading | Unreadable]) -> list[str]:
    return [reading.text for reading in found if isinstance(reading, Reading)]


def pid_of(apart: Apart) -> int:
    (said, _) = apart.read(b"", Hints(".say"))
    assert isinstance(said, Reading)
    return int(said.front_matter["pid"])


def is_running(pid: int) -> bool:
    """Whether there is such a process; a zombie is one."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def has_left(pid: int) -> bool:
    """Whether an orphan has ended, though its new parent may not have noticed."""
    if not is_running(pid):
        return True
    state = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip()[:1] in ("", "Z")


@given(text=st.text(st.characters(codec="utf-8"), max_size=40))
def test_the_child_that_ships_reads_as_this_process_does(text: str) -> None:
    data = text.encode()
    try:
        expected = list(read(data, Hints(".txt")))
    except ValueError as refused:
        with pytest.raises(ValueError, match=f"^{re.escape(str(refused))}$"):
            _shared().read(data, Hints(".txt"))
        return
    assert _shared().read(data, Hints(".txt")) == expected


_kept: list[Apart] = []


def _shared() -> Apart:
    """One child for all examples."""
    if not _kept:
        _kept.append(Apart())
    return _kept[0]


@pytest.fixture(scope="module", autouse=True)
def _end_of_shared() -> Iterator[None]:
    yield
    while _kept:
        _kept.pop().close()


def test_a_reader_that_hangs_is_ended_at_its_time() -> None:
    with Apart(seconds=0.5, megabytes=256, command=COMMAND) as apart:
        with pytest.raises(Passing, match=r"took longer than 0\.5 s to read"):
            apart.read(b"", Hints(".hang"))
        apart.seconds = 20
        assert texts(apart.read(NEXT, Hints(".plain"))) == ["Bến Lâm trồng rừng."]


def test_a_reader_that_computes_for_ever_is_ended_though_its_parent_is_stopped() -> None:
    """The limit on the processor's time is the child's own."""
    with subprocess.Popen([*COMMAND, "0.1", "256"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        stated = packed_hints(Hints(".spin"))
        child.stdin.write(len(stated).to_bytes(8, "big") + stated + (0).to_bytes(8, "big"))
        child.stdin.flush()
        assert child.wait(30) == -signal.SIGXCPU


def test_a_request_that_the_child_does_not_take_in_time_is_given_up() -> None:
    deaf = [sys.executable, "-c", "import time; time.sleep(60)"]
    with Apart(seconds=0.3, command=deaf) as apart, pytest.raises(Passing, match="took longer"):
        apart.read(b"x" * 10_000_000, Hints(".txt"))


def test_a_reader_that_eats_memory_is_told_so(apart: Apart) -> None:
    with pytest.raises(ValueError, match=r"needs more than 256 MB to read; split it"):
        apart.read(b"", Hints(".eat"))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("crash", r"breaks its reader \(signal 11\)"),
        ("leave", r"breaks its reader \(exit status 3\)"),
        ("bug", r"breaks its reader \(KeyError\)"),
        ("lie", r"breaks its reader \(a malformed reply\)"),
        ("boast", r"its text is larger than 64 MB"),
        ("unknown", r"breaks its reader \(KeyError\)"),
    ],
)
def test_a_reader_that_fails_is_named_and_the_next_file_read(apart: Apart, word: str, reason: str) -> None:
    for _ in range(2):  # in a fresh child, and in one that has read before
        with pytest.raises(ValueError, match=reason):
            apart.read(b"", Hints(f".{word}"))
        apart.read(NEXT, Hints(".plain"))


def test_a_readers_own_reason_is_passed_on(apart: Apart) -> None:
    with pytest.raises(ValueError, match=r"^not UTF-8 \(byte 1\)"):
        apart.read(b"a\xff", Hints(".plain"))


def test_a_pdf_that_unpacks_without_end_is_refused(apart: Apart) -> None:
    bomb = pdf_bytes.bomb(600)
    assert len(bomb) < 10_000
    with pytest.raises(ValueError, match=TOO_MUCH):
        apart.read(bomb, Hints(".pdf"))


def test_a_pdf_that_draws_without_end_is_refused(apart: Apart) -> None:
    with pytest.raises(ValueError, match=TOO_MUCH):
        apart.read(pdf_bytes.endless(), Hints(".pdf"))


def test_a_pdf_is_read_with_little_memory() -> None:
    with Apart(megabytes=64, command=COMMAND) as apart:
        (reading,) = apart.read((DOCUMENTS / "one-column.pdf").read_bytes(), Hints(".pdf"))
    assert isinstance(reading, Reading)
    assert reading.front_matter["author"] == "Hà Văn Sung"
    assert len(reading.pages) == 2


def test_readers_write_no_files(apart: Apart, tmp_path: Path) -> None:
    target = tmp_path / "planted"
    with pytest.raises(ValueError, match="breaks its reader"):
        apart.read(str(target).encode(), Hints(".write"))
    assert not target.exists() or target.read_bytes() == b""


def test_what_libraries_print_does_not_get_into_the_replies(apart: Apart) -> None:
    assert texts(apart.read(b"", Hints(".chat"))) == ["đã đọc\n"]


def test_what_is_no_article_among_many_is_passed_on(apart: Apart) -> None:
    assert apart.read(b"", Hints(".say"))[1] == Unreadable("2", "không đọc được")


def test_the_child_knows_nothing_of_its_parent(apart: Apart, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QA_BOT_TELEGRAM_TOKEN", "123:secret")
    monkeypatch.chdir(tmp_path)
    said = apart.read(b"", Hints(".say"))[0]
    assert isinstance(said, Reading)
    assert said.front_matter["cwd"] == "/"
    assert set(said.front_matter["environment"].split(",")) <= {"HOME", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH"}


def test_a_file_in_the_working_folder_cannot_pass_for_a_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("yaml", "json", "embeddings", "resource"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    with Apart() as apart:
        assert texts(apart.read(b"---\ntitle: a\n---\nb", Hints(".md"))) == ["---\ntitle: a\n---\nb"]
    assert not (tmp_path / "ran").exists()


def test_a_child_loads_only_what_a_format_needs(apart: Apart) -> None:
    said = apart.read(b"", Hints(".say"))[0]
    assert isinstance(said, Reading)
    assert not {"pypdfium2", "lxml", "numpy", "yaml", "httpx"} & set(said.front_matter["modules"].split(","))


def test_a_child_reads_many_files_and_is_replaced_after_its_number() -> None:
    with Apart(files=3, command=COMMAND) as apart:
        pids = [pid_of(apart) for _ in range(7)]
    assert len(set(pids)) == 3
    assert pids[0] == pids[2] != pids[3] == pids[5] != pids[6]
    assert not any(map(is_running, pids))


def test_a_child_that_died_while_idle_is_replaced(apart: Apart) -> None:
    first = pid_of(apart)
    os.kill(first, signal.SIGKILL)
    assert pid_of(apart) != first


def test_closing_ends_the_child_and_leaves_nothing_open() -> None:
    before = set(os.listdir("/dev/fd"))
    apart = Apart(command=COMMAND)
    pid = pid_of(apart)
    apart.close()
    assert not is_running(pid)
    assert set(os.listdir("/dev/fd")) == before
    apart.close()
    with pytest.raises(Passing, match="the program is ending"):
        apart.read(NEXT, Hints(".plain"))


def test_closing_does_not_wait_for_a_file_that_hangs() -> None:
    apart = Apart(seconds=600, command=COMMAND)
    pid = pid_of(apart)
    reasons: list[str] = []

    def hang() -> None:
        try:
            apart.read(b"", Hints(".hang"))
        except ValueError as error:
            reasons.append(str(error))

    thread = threading.Thread(target=hang)
    thread.start()
    apart.close()
    thread.join(10)
    assert reasons == ["not read, since the program is ending"]
    assert not is_running(pid)


def test_the_child_leaves_when_its_parent_is_gone(tmp_path: Path) -> None:
    """Killed, the parent can tidy nothing; the end of the pipe tells the child."""
    script = (
        "import os, sys; from embeddings.readers import Hints; from embeddings.readers.apart import Apart\n"
        "apart = Apart(command=sys.argv[1:]); said = apart.read(b'', Hints('.say'))[0]\n"
        "print(said.front_matter['pid'], flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *COMMAND], cwd=ROOT, capture_output=True, text=True, check=False
    )
    pid = int(done.stdout)
    deadline = time.monotonic() + 20
    while not has_left(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert has_left(pid)


def test_ctrl_c_reaches_the_parent_alone(tmp_path: Path) -> None:
    """A whole group gets the signal from a terminal; the child is in a session of its own and says nothing."""
    script = (
        "import os, signal, sys; from embeddings.readers import Hints; from embeddings.readers.apart import Apart\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN); apart = Apart(command=sys.argv[1:])\n"
        "first = apart.read(b'', Hints('.say'))[0]; os.killpg(os.getpid(), signal.SIGINT)\n"
        "second = apart.read(b'', Hints('.say'))[0]; apart.close()\n"
        "print(first.front_matter['pid'] == second.front_matter['pid'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *COMMAND],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("True\n", "", 0)


def test_threads_share_one_child(apart: Apart) -> None:
    found: list[str] = []

    def several(number: int) -> None:
        for turn in range(5):
            found.extend(texts(apart.read(f"bài {number} {turn}".encode(), Hints(".plain"))))

    threads = [threading.Thread(target=several, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"bài {number} {turn}" for number in range(4) for turn in range(5))


def test_a_command_that_does_not_exist_is_a_reason() -> None:
    with Apart(command=["/nowhere/python"]) as apart, pytest.raises(Passing, match="its reader cannot be started"):
        apart.read(NEXT, Hints(".plain"))


READINGS = st.builds(
    Reading,
    text=st.just("Đảng bộ xã\nBến Lâm\n"),
    front_matter=st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))),
    body_start=st.integers(0, 5),
    regions=st.one_of(st.none(), st.just((Region(Kind.TITLE, 0, 10), Region(Kind.BODY, 11, 18)))),
    pages=st.sampled_from([(), (0, 5, 5, 19)]),
    part=st.text("0123456789", max_size=3),
)


@given(st.lists(READINGS | st.builds(Unreadable, st.text("0123"), st.text(st.characters(codec="utf-8"))), max_size=4))
def test_readings_come_back_as_they_were_sent(readings: list[Reading | Unreadable]) -> None:
    assert unpacked_reply(packed_readings(readings)) == readings


@given(
    extension=st.text(max_size=8),
    address=st.none() | st.text(max_size=8),
    charset=st.none() | st.text(max_size=8),
    fields=st.dictionaries(st.text(max_size=4), st.lists(st.text(max_size=4)).map(tuple), max_size=3),
)
def test_hints_come_back_as_they_were_sent(
    extension: str, address: str | None, charset: str | None, fields: dict[str, tuple[str, ...]]
) -> None:
    hints = Hints(extension, address, charset, fields)
    assert unpacked_hints(packed_hints(hints)) == hints


def test_a_refusal_comes_back_as_it_was_sent() -> None:
    assert unpacked_reply(packed_refusal(Refusal("trống", spent=True))) == Refusal("trống", spent=True)


GOOD = packed_readings([Reading("Bến Lâm\n", {"title": "a"}, regions=(Region(Kind.BODY, 0, 7),), pages=(0, 8))])


@given(place=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255))
def test_a_reply_that_was_tampered_with_is_refused_or_sound(place: int, byte: int) -> None:
    reply = bytearray(GOOD)
    reply[place] = byte
    try:
        found = unpacked_reply(bytes(reply))
    except (TypeError, ValueError, LookupError, AttributeError):
        return
    assert isinstance(found, list)
    for reading in found:
        assert isinstance(reading, Reading)
        assert all(0 <= r.start <= r.end <= len(reading.text) for r in reading.regions or ())
        assert all(0 <= page <= len(reading.text) for page in reading.pages)


@pytest.mark.parametrize(
    "reading",
    [
        Reading("e\u0301", {}),
        Reading("abc", {}, regions=(Region(Kind.BODY, 2, 1),)),
        Reading("abc", {}, regions=(Region(Kind.BODY, 0, 4),)),
        Reading("abc", {}, regions=(Region(Kind.BODY, 0, 2), Region(Kind.BODY, 1, 3))),
        Reading("abc", {}, pages=(2, 1)),
        Reading("abc", {}, body_start=9),
    ],
)
def test_readings_that_break_their_promises_do_not_pass(reading: Reading) -> None:
    with pytest.raises(ValueError, match=r"NFC|offsets"):
        unpacked_reply(packed_readings([reading]))
