"""The index folder: its generations, who builds, what model it is of, and what killed builds left."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from embeddings import checking, generations, pipeline, removals
from embeddings.articles import shown
from embeddings.checking import Checked
from embeddings.errors import IndexProblem, StorageError
from embeddings.staging import BUILDING, LOCK
from qa_bot import calibration
from qa_bot.doctor.findings import Finding, Message, shown_size, told
from qa_bot.doctor.places import room_in
from qa_bot.settings import BotSettings

_COPIES = 2  # of the newest generation, that a build may need at once: its words are written anew beside the old ones
_MARGIN = 64_000_000  # bytes
_STALE = 3600.0  # seconds after which a file that was being written is nobody's any more


def index(settings: BotSettings, fingerprint: str | None) -> Iterator[Finding]:
    """`fingerprint`: of the configured model, where it is known."""
    folder = settings.index.dir
    if not os.path.lexists(folder):
        if settings.index.backend == "milvus":
            return  # a reader of a server needs none
        yield Finding("index", "bad", told("doctor.index.none", folder=shown(folder)), told("doctor.cure.build"))
        return
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        what = told("doctor.index.unusable", folder=shown(folder))
        yield Finding("index", "bad", what, told("doctor.cure.index"))
        return
    checked = checking.look_at_all(folder)
    yield _folder(folder, checked)
    yield from _builder(folder)
    yield from _generations(folder, checked)
    yield from _served(settings, checked, fingerprint)
    yield from _unfinished(folder)
    yield from _removals(folder)
    if fingerprint is not None:
        yield from _calibration(folder, fingerprint)


def _folder(folder: Path, checked: Sequence[Checked]) -> Finding:
    room = room_in(folder)
    if not room.writable:
        what = told("doctor.index.read_only", folder=shown(folder))
        return Finding("index", "notice", what, told("doctor.cure.writable", folder=shown(folder)))
    needed = _COPIES * max((item.bytes for item in checked), default=0) + _MARGIN
    values = {"folder": shown(folder), "free": shown_size(room.free), "needed": shown_size(needed)}
    if room.free < needed:
        return Finding("index", "notice", told("doctor.index.no_space", **values), told("doctor.cure.space"))
    return Finding("index", "good", told("doctor.index.folder", **values))


# --- who builds ---


def builder(folder: Path) -> str | None:
    """The number of the process that says it holds the builder's lock; None when nobody does.

    The lock is tried only where somebody may hold it: for a moment it keeps a build that begins just then from it.
    """
    try:
        with (folder / LOCK).open("rb") as lock:
            process = lock.read(20).decode("ascii", "replace").strip() or "?"
            if _lives(process) or next(folder.glob(f"{BUILDING}*"), None):
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return process
    except OSError:
        return None
    return None


def _builder(folder: Path) -> Iterator[Finding]:
    holder = builder(folder)
    if holder is None:
        return
    if _lives(holder):
        yield Finding("index", "good", told("doctor.index.building", process=holder))
    else:  # a build in a container or on another machine, or a child that the builder left behind
        yield Finding("index", "notice", told("doctor.index.held", process=holder), told("doctor.cure.held"))


def _lives(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return True


def _unfinished(folder: Path) -> Iterator[Finding]:
    """What killed builds and calibrations left."""
    left = _left_by_builds(folder)
    if left:
        size = shown_size(sum(checking.size_of(path) for path in left))
        what = told("doctor.index.unfinished", folder=shown(folder), count=len(left), size=size)
        yield Finding("index", "notice", what, repair=partial(_finish, folder, left))
    for path in sorted(folder.glob(f"{calibration.FILE}-*")):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE:
                what = told("doctor.index.unfinished_file", file=shown(path))
                yield Finding("index", "notice", what, repair=partial(_unlink, path))


def _left_by_builds(folder: Path) -> list[Path]:
    found = sorted(folder.glob(f"{BUILDING}*"))
    if not found or builder(folder) is not None:
        return []
    return [path for path in found if path.exists()]  # a build may have ended just now


def _finish(folder: Path, left: Sequence[Path]) -> Message:
    with generations.builder_lock(folder):  # whoever takes it sweeps up first
        gone = sum(not path.exists() for path in left)
    return told("doctor.done.unfinished", count=gone)


def _unlink(path: Path) -> Message:
    path.unlink(missing_ok=True)
    return told("doctor.done.file", file=shown(path))


# --- generations ---


def _generations(folder: Path, checked: Sequence[Checked]) -> Iterator[Finding]:
    if not checked:
        yield Finding("index", "bad", told("doctor.index.none", folder=shown(folder)), told("doctor.cure.build"))
        return
    newest, sound = checked[0], [item for item in checked if item.fault is None]
    if newest.fault is None:
        what = told(
            "doctor.index.sound", number=newest.number, articles=newest.articles, passages=newest.passages,
            created=newest.created, sound=len(sound), count=len(checked),
        )  # fmt: skip
        yield Finding("index", "good", what)
    else:
        # It stays, for it is what tells that the index is behind; the next build makes one that is newer and sound.
        values = {"number": newest.number, "problem": newest.problem, "serving": sound[0].number if sound else 0}
        what = told(f"doctor.index.newest_{newest.fault}" if sound else "doctor.index.no_sound", **values)
        yield Finding("index", "bad", what, told("doctor.cure.run", command=checking.cure(list(checked))))
    for item in checked[1:]:
        if item.fault in ("damaged", "wrong"):
            what = told("doctor.index.older", number=item.number, problem=item.problem, size=shown_size(item.bytes))
            if sound:
                yield Finding("index", "notice", what, repair=partial(_remove_generation, folder, item.number))
            else:
                yield Finding("index", "bad", what)


def _remove_generation(folder: Path, number: int) -> Message:
    """Remove a damaged generation that nobody reads, as long as a sound one stays. It is gone in one step."""
    with generations.builder_lock(folder):
        faults = {item.number: item.fault for item in checking.look_at_all(folder)}
        if faults.get(number) is None:
            return told("doctor.done.nothing", number=number)
        if None not in faults.values():
            raise StorageError(f"Generation {number} stays, since none is sound. Build one: rebuild-index")
        target = generations.folder_of(folder, number)
        with _unread(target, number), generations.staging(folder) as aside:
            os.rename(target, aside / "removed")
    return told("doctor.done.generation", number=number)


@contextmanager
def _unread(folder: Path, number: int) -> Iterator[None]:
    """Keeps readers from a generation. Raises StorageError when one has it open."""
    try:
        hold = (folder / generations.MANIFEST).open("rb")
    except OSError:  # nobody can hold it
        yield
        return
    with hold:
        try:
            fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageError(f"Generation {number} is open in another program. Close that, and try again.") from error
        yield


def _served(settings: BotSettings, checked: Sequence[Checked], fingerprint: str | None) -> Iterator[Finding]:
    """Whether the generation that answers was made by the configured model, by this program and by these settings."""
    serving = next((item.number for item in checked if item.fault in (None, "wrong")), None)
    if serving is None or fingerprint is None:
        return
    try:
        manifest = generations.read_manifest(generations.folder_of(settings.index.dir, serving))
        recipe = pipeline._recipe(settings, fingerprint)
    except (IndexProblem, OSError):
        return  # deleted meanwhile, as one that nobody needs; or word lists that `articles` tells of
    if manifest.fingerprint != fingerprint:
        what = told("doctor.index.other_model", number=serving, built=manifest.fingerprint, configured=fingerprint)
        yield Finding("index", "bad", what, told("doctor.cure.run", command="rebuild-index"))
    elif manifest.recipe != recipe:
        what = told("doctor.index.other_recipe", number=serving)
        yield Finding("index", "notice", what, told("doctor.cure.run", command="rebuild-index"))


def _removals(folder: Path) -> Iterator[Finding]:
    """The list of articles that stay out: without it no build goes on."""
    try:
        removed = removals.Removals(folder).load()
    except StorageError as error:
        yield Finding("index", "bad", told("doctor.said", text=error))
        return
    if removed:
        yield Finding("index", "good", told("doctor.index.removed", count=len(removed)))


def _calibration(folder: Path, fingerprint: str) -> Iterator[Finding]:
    if not os.path.lexists(folder / calibration.FILE):
        return
    fitted = calibration.load(folder, fingerprint)
    if fitted.warning is not None:
        yield Finding("index", "notice", told("doctor.said", text=fitted.warning))
    else:
        yield Finding("index", "good", told("doctor.index.calibrated", file=shown(folder / calibration.FILE)))
