"""How a Ray cluster is reached, and what its errors mean. The only module that imports ray."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from embeddings.console import one_line
from embeddings.errors import BotError, ClusterError
from embeddings.lexicon import FILE, shipped_file

if TYPE_CHECKING:
    import pyarrow as pa

_CONNECT_SECONDS = 5.0
_CLIENT = "ray://"
_ENVIRONMENT = {
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # what matters is raised, and the terminal has a progress bar
    "RAY_NUM_REDIS_GET_RETRIES": "3",  # of 20, a second and more each, when the head refuses us
}
_LONGEST = 300  # characters of what Ray says


def _imported() -> Any:
    for name, value in _ENVIRONMENT.items():  # read when ray is imported
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
        import ray.exceptions
        import ray.util.client
        import ray.util.scheduling_strategies
    except ImportError as error:
        raise ClusterError(
            f"--ray needs the package 'ray', which cannot be imported ({error}). "
            "Install it: pip install -r requirements-cluster.lock, or 'vietnamese-qa-bot[ray]'"
        ) from error
    return ray


def connected(address: str) -> Any:
    """The module ray, connected to the cluster there. Raises ClusterError."""
    ray = _imported()
    _knock(address)
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    try:
        with _hushed(), _packed() as package:
            ray.init(
                address=address,
                runtime_env={"py_modules": [str(package)]},
                logging_level=logging.CRITICAL,
                log_to_driver=False,
            )
    except (ConnectionError, ValueError, RuntimeError, OSError, ray.exceptions.RayError) as error:
        raise _unreachable(address, error) from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    return ray


def mapped(refs: Sequence[Any], work: type, given: Mapping[str, Any], actors: int) -> Iterator[pa.Table]:
    """What `work`, made with `given`, makes of each table behind `refs`, in the order in which they are done."""
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    done = ray.data.from_arrow_refs(list(refs)).map_batches(
        work,
        fn_constructor_kwargs=dict(given),
        batch_size=None,
        batch_format="pyarrow",
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=actors, initial_size=actors),
    )
    yield from done.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1)


class Conductor:
    """`mapped` on a machine of the cluster, for a builder that is none of them: Ray Data does not run in such a one."""

    def __init__(self, refs: Sequence[Any], work: type, given: Mapping[str, Any], actors: int) -> None:
        self._tables = mapped(refs, work, given, actors)

    def next(self) -> pa.Table | None:
        return next(self._tables, None)


def conducted(ray: Any, refs: Sequence[Any], work: type, given: Mapping[str, Any], actors: int) -> Iterator[pa.Table]:
    """`mapped`, wherever it has to run."""
    if not ray.util.client.ray.is_connected():
        yield from mapped(refs, work, given, actors)
        return
    conductor = ray.remote(num_cpus=0)(Conductor).remote(refs, work, given, actors)
    while (table := ray.get(conductor.next.remote())) is not None:
        yield table


@contextmanager
def _packed() -> Iterator[Path]:
    """This package as a wheel has it, with the word lists that ship in it; Ray sends it to whoever needs it."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "embeddings"
        shutil.copytree(Path(__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(shipped_file(), package / FILE)
        yield package


@contextmanager
def _hushed() -> Iterator[None]:
    """Standard error leads nowhere: Ray's core reports there that it was told to report nothing."""
    sys.stderr.flush()
    with os.fdopen(os.dup(2), "wb") as kept, open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept.fileno(), 2)


def _knock(address: str) -> None:
    """Whether anyone is there: Ray itself would try for half a minute and more. Raises ClusterError."""
    if address == "auto":
        return
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        host, port = parts.hostname, parts.port
        if not host or not port:
            raise ValueError("it has no port")
    except ValueError as error:
        raise ClusterError(
            f"--ray {address} is no address ({error}). Write auto, HOST:PORT or {_CLIENT}HOST:10001."
        ) from error
    try:
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> ClusterError:
    return ClusterError(
        f"There is no Ray cluster at {address} that this program can use ({_said(error)}). "
        "Start one (ray start --head), or check the address, the versions of Python and Ray, and RAY_AUTH_TOKEN."
    )


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Raises ClusterError for whatever Ray raises; an error of ours that a worker met, as it is."""
    try:
        yield
    except BotError:
        raise
    except Exception as error:  # Ray lets through whatever its parts raise
        own = _own(error)
        if own is not None:
            raise own from error
        raise ClusterError(
            f"The Ray cluster at {address} failed ({_said(error)}). What was encoded is kept: run the same again."
        ) from error


def _own(error: BaseException) -> BotError | None:
    """The error of ours that is at the bottom of one of Ray's."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        cause = getattr(current, "cause", None)
        for found in (current, cause):
            if isinstance(found, BotError):
                return type(found)(str(found.args[0])) if type(found).__module__ == "embeddings.errors" else found
        current = cause if isinstance(cause, BaseException) else current.__cause__
    return None


def _said(error: BaseException) -> str:
    """What Ray means: of an error on another machine the error itself, without its traceback."""
    cause = getattr(error, "cause", None)
    text = f"{type(cause).__name__}: {cause}" if isinstance(cause, BaseException) else str(error)
    return one_line(" ".join(text.split()))[:_LONGEST] or type(error).__name__
