"""Faults on purpose: builds killed at any operation or moment, files damaged, disks filled, races. Seeded.

The quick form runs in tests/test_torture.py, the long one in benchmarks/torture.py. Every build and every look at the
index happens in a process of its own, forked from one that holds no thread and no open index.
"""

from __future__ import annotations

import errno
import os
import pickle
import random
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import cast

import numpy as np

from embeddings import generations, pipeline
from embeddings.errors import BotError, IndexBusy, IndexProblem
from embeddings.index import open_index
from tests.fakes import HashingEncoder, index_settings

_PLACES = ("Hải Hậu", "Mèo Vạc", "Bình Liêu", "Sông Lô", "Ba Chẽ", "Nho Quan", "Yên Khánh", "Cô Tô")
_DIM = 64
_OPERATIONS = frozenset({
    "write", "fsync", "rename", "replace", "unlink", "rmdir", "mkdir", "mkdtemp", "fchmod", "chmod", "copy_file_range",
    "sendfile", "truncate", "ftruncate", "execute", "executemany", "executescript", "commit", "close", "open", "flock",
    "writer", "add_document", "delete_documents_by_query", "wait_merging_threads", "scandir", "read_index",
})  # fmt: skip
"""Calls from Python into C that touch a file: a build may die right before each of them."""

Contents = dict[str, str]
"""What an index holds, or should: {path: first words of the text}."""


@dataclass
class Tally:
    """What was tried, what came of it, and every word about what went wrong."""

    tried: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0  # seconds, of whatever is timed


class World:
    """A folder of articles that changes, and the index of it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.source, self.index_dir = folder / "articles", folder / "index"
        self.source.mkdir(parents=True)
        self.random = random.Random(seed)  # noqa: S311 - faults are to be repeatable, not secret
        for number in range(4):
            self._write(f"bai-{number}.txt")

    def _write(self, name: str) -> None:
        place, year = self.random.choice(_PLACES), self.random.randrange(1900, 2100)
        count = self.random.randrange(10_000)
        text = (
            f"Huyện {place} làm thêm việc năm {year}\n\nNăm {year}, huyện {place} đã làm {count} việc cho các xã, "
            f"và cả {count % 97} thôn cùng góp công vào đó trong nhiều tháng liền.\n"
        )
        (self.source / name).write_text(text, "utf-8")

    def change(self) -> None:
        name = f"bai-{self.random.randrange(8)}.txt"
        if self.random.random() < 0.25 and len(list(self.source.iterdir())) > 2:
            (self.source / name).unlink(missing_ok=True)
        else:
            self._write(name)

    def contents(self) -> Contents:
        """What an index of the folder as it is must hold."""
        found: dict[str, str] = {}
        for file in sorted(self.source.iterdir()):
            found[file.name] = file.read_text("utf-8")
        return found

    def build(self, *, full: bool = False) -> None:
        pipeline.build(index_settings(self.source, self.index_dir), HashingEncoder(_DIM), full=full)

    def served(self) -> tuple[Contents, bool]:
        """What the index holds, every vector and passage looked at, and whether it warns. Raises IndexProblem."""
        encoder = HashingEncoder(_DIM)
        index = open_index(self.index_dir, encoder.fingerprint)
        try:
            found = {Path(article.path).name: article.text for article in index.articles()}
            for stored in index.passages(range(index.passage_count)):
                passage = stored.passage
                if stored.article.text[passage.start : passage.end] != passage.text:
                    raise AssertionError("a passage is not where it should be")
                texts = [f"{stored.article.title}. {text}" for text in passage.sentence_texts()]
                if stored.context.place is None and stored.article.title:
                    own = encoder.encode_queries(texts)
                    rows = [index.sentence_scores(vector, [stored.row])[0][n] for n, vector in enumerate(own)]
                    if not np.allclose(rows, 1, atol=1e-5):
                        raise AssertionError("a vector belongs to another sentence")
            if index.passage_count and not index.holding(["huyen"], index.passage_count):
                raise AssertionError("words are not found")
            return found, index.warning is not None
        finally:
            index.close()


# --- processes ---


def apart(work: Callable[[], object]) -> int:
    """Fork, do it there, and return the child's process id; it ends with 0, or with 1 and the traceback printed."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BotError:
        code = 3
    except BaseException:  # noqa: BLE001 - this process is about to end
        traceback.print_exc()
    os._exit(code)


def ended(child: int) -> int:
    """How it ended: an exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def result_of(work: Callable[[], object]) -> object:
    """What `work` returns, done in a process of its own; an exception of it is returned as its text."""
    reading, writing = os.pipe()

    def report() -> None:
        os.close(reading)
        try:
            answer: object = work()
        except IndexProblem as error:
            answer = f"{type(error).__name__}: {error}"
        except Exception:  # noqa: BLE001 - all that went wrong is to be seen
            answer = "Crash: " + traceback.format_exc()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps(answer))  # to ourselves

    child = apart(report)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    ended(child)
    return pickle.loads(data) if data else "Crash: nothing was said"  # noqa: S301 - from our own child


@contextmanager
def dying_at(operation: int) -> Iterator[list[int]]:
    """In this process: SIGKILL right before that many operations on files. Threads are counted as well."""
    left = [operation]

    def look(_: FrameType, event: str, function: object) -> None:
        on = getattr(function, "__self__", None)
        if event == "c_call" and getattr(function, "__name__", "") in _OPERATIONS and not isinstance(on, str):
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(look)
    threading.setprofile(look)
    try:
        yield left
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


# --- what is tried ---


def kills(world: World, count: int, tally: Tally, *, operations: bool) -> None:
    """Builds killed at a random operation, or at a random moment; after each the index is the old or the new one."""
    ended(apart(world.build))
    most, longest = _size_of_a_build(world)
    serving = world.contents()
    for _ in range(count):
        world.change()
        wanted = world.contents()
        tally.tried += 1
        at, seconds = world.random.randrange(1, most), world.random.uniform(0, longest)

        def build(at: int = at if operations else 1_000_000) -> None:
            with dying_at(at):
                world.build()

        child = apart(build if operations else world.build)
        if not operations:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
        serving = _checked(world, ended(child), serving, wanted, tally)
    ended(apart(world.build))
    _same_as_from_nothing(world, tally)


def _size_of_a_build(world: World) -> tuple[int, float]:
    """(operations on files, seconds) of a build that finds one change, and more: it may have leftovers to clear."""
    found: list[tuple[int, float]] = []
    for _ in range(3):
        world.change()

        def measured() -> tuple[int, float]:
            began = time.monotonic()
            with dying_at(1_000_000) as left:
                world.build()
            return 1_000_000 - left[0], time.monotonic() - began

        answer = result_of(measured)
        if isinstance(answer, tuple):
            found.append(answer)
    return int(1.4 * max(operations for operations, _ in found)), 1.1 * max(seconds for _, seconds in found)


def _checked(world: World, code: int, serving: Contents, wanted: Contents, tally: Tally) -> Contents:
    """Look at the index after a build that ended with `code`; what it serves now."""
    tally.outcomes["killed" if code == -signal.SIGKILL else "finished" if code == 0 else "told why"] += 1
    if code not in (0, 3, -signal.SIGKILL):
        tally.wrong.append(f"a build ended with {code}")
    found = result_of(world.served)
    if isinstance(found, str):
        tally.wrong.append(found)
        return serving
    held, warned = cast("tuple[Contents, bool]", found)
    if warned:
        tally.wrong.append("the newest generation was damaged")
    if held == wanted:
        tally.outcomes["new index"] += 1
        return wanted
    if held == serving and code != 0:
        tally.outcomes["old index"] += 1
        return serving
    tally.wrong.append(f"neither the old nor the new index: {sorted(held)}")
    return held


def _same_as_from_nothing(world: World, tally: Tally) -> None:
    """The caches survived as well: the index is what a build gives that knows nothing of what went before."""
    found = result_of(world.served)
    if not isinstance(found, tuple) or found[0] != world.contents():
        tally.wrong.append(f"after all of it the index is not that of the folder: {found!r:.300}")
    leftovers = [path.name for path in world.index_dir.glob("building-*")]
    if leftovers:
        tally.wrong.append(f"left behind: {leftovers}")


def full_disks(world: World, count: int, tally: Tally) -> None:
    """Builds that may write no file beyond a random size: each says why, and the old index is untouched."""
    ended(apart(world.build))
    serving = world.contents()
    for _ in range(count):
        world.change()
        wanted = world.contents()
        tally.tried += 1
        limit = int(2 ** world.random.uniform(0, 19))

        def starved(limit: int = limit) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            world.build()

        serving = _checked(world, ended(apart(starved)), serving, wanted, tally)
        if list(world.index_dir.glob("building-*")):
            tally.wrong.append(f"a build that could write {limit} bytes left its folder behind")
    ended(apart(world.build))
    _same_as_from_nothing(world, tally)


def failing_syncs(world: World, count: int, tally: Tally) -> None:
    """Builds whose nth fsync fails with EIO: the generation is given up, and the old one serves."""
    ended(apart(world.build))
    serving = world.contents()
    for _ in range(count):
        world.change()
        wanted = world.contents()
        tally.tried += 1
        left = [world.random.randrange(1, 30)]
        real = os.fsync

        def build(left: list[int] = left, real: Callable[[int], None] = real) -> None:
            def fsync(handle: int) -> None:
                left[0] -= 1
                if left[0] == 0:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                real(handle)

            os.fsync = fsync  # type: ignore[assignment] # the disk's answer, not ours
            world.build()

        serving = _checked(world, ended(apart(build)), serving, wanted, tally)


def mutations(world: World, count: int, tally: Tally) -> None:
    """Bits flipped, bytes cut, added or zeroed in the newest generation's files: the one before answers."""
    ended(apart(world.build))
    before = world.contents()
    for _ in range(3):
        world.change()
    ended(apart(world.build))
    newest = generations.folder_of(world.index_dir, generations.numbers(world.index_dir)[0])
    files = sorted(path for path in newest.rglob("*") if path.is_file())
    while tally.tried < count:
        file = files[tally.tried % len(files)]
        whole = file.read_bytes()
        kind, damaged = _damaged(whole, world.random)
        if damaged == whole:
            continue
        tally.tried += 1
        file.write_bytes(damaged)
        began = time.monotonic()
        try:
            held = generations.open_newest(world.index_dir)
        except Exception as error:  # noqa: BLE001 - whatever comes out is to be seen
            tally.wrong.append(f"{file.name} {kind}: {type(error).__name__} {error}")
            continue
        finally:
            file.write_bytes(whole)
        tally.slowest = max(tally.slowest, time.monotonic() - began)
        held.hold.close()
        if held.folder == newest or held.warning is None:
            tally.wrong.append(f"{file.name} {kind} was not seen")
        else:
            tally.outcomes[kind] += 1
    file = files[0]
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    found = result_of(world.served)
    if not isinstance(found, tuple) or found != (before, True):
        tally.wrong.append(f"the generation before did not answer: {found!r:.300}")
    file.write_bytes(whole)


def _damaged(whole: bytes, chance: random.Random) -> tuple[str, bytes]:
    at = chance.randrange(len(whole)) if whole else 0
    kind = chance.choice(("flip", "flip", "flip", "cut", "zeroes", "longer", "empty"))
    if kind == "flip":
        return kind, whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :] if whole else whole
    if kind == "cut":
        return kind, whole[:at]
    if kind == "zeroes":
        length = chance.randrange(1, 512)
        return kind, whole[:at] + bytes(min(length, len(whole) - at)) + whole[at + length :]
    return kind, whole + b"\0" if kind == "longer" else b""


def damaged_caches(world: World, count: int, tally: Tally) -> None:
    """The vector cache and the list of files damaged between builds: the index comes out right all the same."""
    for _ in range(count):
        world.change()
        files = [world.index_dir / pipeline.CACHE_FILE, world.index_dir / pipeline.LEDGER_FILE]
        for file in files:
            if file.exists():
                kind, damaged = _damaged(file.read_bytes(), world.random)
                file.write_bytes(damaged)
        tally.tried += 1
        wanted = world.contents()
        code = ended(apart(world.build))
        found = result_of(world.served)
        if code != 0 or found != (wanted, False):
            tally.wrong.append(f"{kind}: the build ended with {code}, {found!r:.200}")
        else:
            tally.outcomes["right"] += 1


def races(world: World, count: int, tally: Tally, *, builders: int, readers: int) -> None:
    """Builders that start together, of which one wins, while readers open the index: no reader meets an error."""
    ended(apart(world.build))
    for _ in range(count):
        tally.tried += 1
        old = world.contents()
        world.change()
        new = world.contents()
        winners, errors = _race(world, builders, readers, (old, new))
        tally.outcomes[f"{winners} winner"] += 1
        if winners != 1:
            tally.wrong.append(f"{winners} builders won")
        tally.wrong += errors


def _race(world: World, builders: int, readers: int, allowed: tuple[Contents, Contents]) -> tuple[int, list[str]]:
    start, started = os.pipe()
    go_on, going_on = os.pipe()
    told, telling = os.pipe()

    def build() -> None:
        os.close(started)
        os.close(going_on)
        os.read(start, 1)  # until all are there

        class Waits(pipeline.Silent):
            def stage(self, name: str, total: int) -> None:  # noqa: ARG002
                if name == "read":  # the lock is held; the others are to find it so
                    os.read(go_on, 1)

        try:
            pipeline.build(index_settings(world.source, world.index_dir), HashingEncoder(_DIM), Waits(), full=True)
            os.write(telling, b"won\n")
        except IndexBusy:
            os.write(telling, b"busy\n")

    def read() -> None:
        os.close(started)
        os.read(start, 1)
        for _ in range(3):
            found, warned = world.served()
            if warned or found not in allowed:
                os.write(telling, b"wrong\n")

    children = [apart(build) for _ in range(builders)] + [apart(read) for _ in range(readers)]
    for pipe in (start, go_on, telling):
        os.close(pipe)
    os.close(started)
    heard = b""
    while heard.count(b"busy") < builders - 1 and (part := os.read(told, 4096)):
        heard += part
    os.close(going_on)
    while part := os.read(told, 4096):
        heard += part
    os.close(told)
    codes = [ended(child) for child in children]
    errors = [f"a process ended with {code}" for code in codes if code]
    if b"wrong" in heard:
        errors.append("a reader saw neither the old nor the new index")
    return heard.count(b"won"), errors


def first_builds(folder: Path, count: int, seed: int, tally: Tally) -> None:
    """The very first build killed anywhere: there is no index yet, or all of it; the next build works."""
    for number in range(count):
        world = World(folder / str(number), seed + number)
        tally.tried += 1
        at = world.random.randrange(1, 160)

        def build(world: World = world, at: int = at) -> None:
            with dying_at(at):
                world.build()

        code = ended(apart(build))
        found = result_of(world.served)
        if isinstance(found, str) and found.startswith("NoIndex") and code == -signal.SIGKILL:
            tally.outcomes["no index yet"] += 1
        elif found == (world.contents(), False):
            tally.outcomes["new index"] += 1
        else:
            tally.wrong.append(f"after {code}: {found!r:.300}")
        if ended(apart(world.build)) != 0 or result_of(world.served) != (world.contents(), False):
            tally.wrong.append("the next build did not work")
        shutil.rmtree(folder / str(number))
