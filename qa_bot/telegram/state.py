"""What the bot must not forget: one SQLite file in a folder of its own, and the one thread that works on it.

    telegram.sqlite    with -wal and -shm beside it while the bot runs
    lock               held by the one bot that uses the folder

What `StateThread.run` has returned from is on disk, and survives a kill and a power cut; what it raised from never
happened. The other rooms (journal, threads, people, desk) are functions on the connection, and never commit.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar

from qa_bot.errors import StateError
from qa_bot.telegram.schema import MIGRATIONS

FILE = "telegram.sqlite"
_LOCK = "lock"
_APPLICATION = 0x71614274  # PRAGMA application_id: "qaBt"
_OURS = frozenset({_LOCK, FILE, f"{FILE}-wal", f"{FILE}-shm"})

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, None}  # None: text that is no UTF-8, found by Python
_REFUSED = {
    sqlite3.SQLITE_FULL: "Free some space",
    sqlite3.SQLITE_IOERR: "Check the disk, and that there is space",
    sqlite3.SQLITE_BUSY: "Close the program that has it open",
    sqlite3.SQLITE_LOCKED: "Close the program that has it open",
    sqlite3.SQLITE_READONLY: "Make it writable",
    sqlite3.SQLITE_CANTOPEN: "Make its folder writable",
    sqlite3.SQLITE_PERM: "Make it writable",
    sqlite3.SQLITE_NOMEM: "Free some memory",
    sqlite3.SQLITE_PROTOCOL: "Close the program that has it open",
}

T = TypeVar("T")


class _Owner(sqlite3.Connection):
    """A connection that holds the folder's lock until it is closed."""

    lock: int | None = None  # an open file

    def close(self) -> None:
        super().close()
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None


def open_state(folder: Path) -> sqlite3.Connection:
    """The database in `folder`, made or brought up to date. It belongs to the caller's thread until it is closed.

    Statements that write begin a transaction; `with db:` ends it. Raises StateError when the folder cannot be
    written, another bot uses it, or the file is damaged, foreign, or made by a newer version.
    """
    file = folder / FILE
    with ExitStack() as undo:
        try:
            _make_folder(folder)
            lock = _own(folder)
            undo.callback(os.close, lock)
            _make_private(folder)
        except OSError as error:
            cure = "Free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Make it writable"
            reason = error.strerror or error
            raise StateError(
                f"The state folder {folder} cannot be used ({reason}). {cure}, or set QA_BOT_STATE_DIR."
            ) from error
        try:
            db = sqlite3.connect(file, isolation_level="IMMEDIATE", factory=_Owner)
            undo.callback(db.close)
            _bring_up_to_date(db, file)
        except sqlite3.Error as error:
            raise _explained(error, file) or _damaged(file, error) from error
        db.lock = lock
        undo.pop_all()
    return db


def _make_folder(folder: Path) -> None:
    """A folder that holds other things too keeps its mode: it may be shared, like /tmp."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) != 0o700 and {path.name for path in folder.iterdir()} <= _OURS:
        with suppress(PermissionError):  # another's folder; the files in it are private by themselves
            folder.chmod(0o700)


def _own(folder: Path) -> int:
    """The lock, held, as an open file: it ends with its process, however that ends. Raises StateError that names it."""
    lock = _open_private(folder / _LOCK)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)
    except BlockingIOError as error:
        holder = os.pread(lock, 20, 0).decode(errors="replace").strip() or "unknown"
        os.close(lock)
        raise StateError(f"Another bot uses {folder}: process {holder}. Stop it, or set QA_BOT_STATE_DIR.") from error
    except OSError:
        os.close(lock)
        raise
    return lock


def _make_private(folder: Path) -> None:
    """People's questions are nobody else's business. SQLite gives -wal and -shm the mode of the file itself."""
    os.close(_open_private(folder / FILE))
    for name in _OURS:
        with suppress(FileNotFoundError):
            if stat.S_IMODE((folder / name).stat().st_mode) != 0o600:
                (folder / name).chmod(0o600)


def _open_private(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _bring_up_to_date(db: sqlite3.Connection, file: Path) -> None:
    """Look before touching: a file that is not ours, or not whole, stays as it is."""
    version, application = _number(db, "PRAGMA user_version"), _number(db, "PRAGMA application_id")
    new = not (version or application or _number(db, "SELECT count(*) FROM sqlite_master"))
    if application != _APPLICATION and not new:
        raise StateError(f"{file} is not a database of this bot. Move it away, or set QA_BOT_STATE_DIR.")
    if version > len(MIGRATIONS):
        raise StateError(
            f"{file} was made by a newer bot (version {version}, this one knows {len(MIGRATIONS)}). "
            "Install that one, or set QA_BOT_STATE_DIR."
        )
    for (found,) in db.execute("PRAGMA quick_check(1)").fetchall():
        if found != "ok":
            raise _damaged(file, found)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten, too
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        stamps = f"PRAGMA user_version = {number}; PRAGMA application_id = {_APPLICATION};"
        db.executescript(f"BEGIN IMMEDIATE; {script} {stamps} COMMIT;")


def _number(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])


def _explained(error: sqlite3.Error, file: Path) -> StateError | None:
    """What a person can put right; None for a bug."""
    code = getattr(error, "sqlite_errorcode", None)
    kind = None if code is None else code & 0xFF
    if kind in _REFUSED:
        return StateError(
            f"The bot's database {file} cannot be used ({error}). {_REFUSED[kind]}; nothing stored is lost."
        )
    if kind in _DAMAGED and type(error) in (sqlite3.DatabaseError, sqlite3.OperationalError):
        return _damaged(file, error)
    return None


def _damaged(file: Path, reason: object) -> StateError:
    said = " ".join(str(reason).split())  # quick_check breaks its lines
    return StateError(
        f"The bot's database {file} is damaged ({said}). Move it away, with its -wal and -shm, to begin anew."
    )


class StateThread:
    """The one thread that works on the database. Close it to let another bot use the folder."""

    def __init__(self, folder: Path) -> None:
        """Raises StateError as `open_state` does."""
        self._file = folder / FILE
        self._closed = False
        self._executor = ThreadPoolExecutor(1, "state")
        try:
            self._db = self._executor.submit(open_state, folder).result()
        except BaseException:
            self._executor.shutdown()
            raise

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, once all that it wrote is on disk; when it raises, nothing of it is. In order of asking.

        Whoever asked may be cancelled: the work is done all the same, whole. Raises StateError for a full disk,
        a damaged file, and after `close`.
        """
        if self._closed:
            raise StateError(f"The bot's database {self._file} is closed, since the bot is stopping. Start it again.")
        done = self._executor.submit(self._transact, work)
        return await asyncio.shield(asyncio.wrap_future(done))

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._db:
                return work(self._db)
        except sqlite3.Error as error:
            if explained := _explained(error, self._file):
                raise explained from error
            raise

    def close(self) -> None:
        """Waits until everything that was asked for is done. A second time, it does nothing."""
        if not self._closed:
            self._closed = True
            closing = self._executor.submit(self._db.close)
            self._executor.shutdown()
            closing.result()
