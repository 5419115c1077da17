"""Errands and encoding on a Ray cluster. The only module that imports ray.

Machines of the cluster need not see the articles: the builder sends what it read, stores what comes back, and is the
only one that writes. What they run is this program, sent along; the libraries that it needs must be installed there.
Tasks and actors that die are tried again by Ray Data, on another machine where theirs is gone.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import numpy as np

from embeddings.distributed_work import CANARY, Encoding, Finding, Preparing, found_on_node
from embeddings.encoders import Encoder
from embeddings.errands import batches, handfuls, outfit
from embeddings.errors import BotError, ClusterError
from embeddings.lexicon import Lexicon
from embeddings.settings import IndexSettings

if TYPE_CHECKING:
    import pyarrow as pa

_TEXTS = 512  # sentences in a block: a second or two of one processor, and what a dead worker has to do again
_CONNECT_SECONDS = 5.0
_CHECK_SECONDS = 300.0  # a new machine unpacks the model first
_SHARE = 0.25  # of the smallest object store, for what is sent in one go …
_LEAST, _MOST = 8 << 20, 512 << 20  # … in bytes
_REPLY = 6  # times its request, at most, in what was measured
_SAME = 0.9999  # cosine of a sentence's vectors here and there
_DRIVER = "ray://"


class Cluster:
    """A Ray cluster, connected to. Implements errands.Runners and pipeline.Cluster; to be used with `with`."""

    def __init__(self, address: str, settings: IndexSettings, words: Lexicon, encoder: Encoder) -> None:
        """`address`: "auto", "host:port" of the head from one of its machines, or "ray://host:port" from elsewhere.

        Raises ClusterError when there is none, or when one of its machines would give other vectors.
        """
        self._ray = _imported()
        self._encoder_settings = settings.encoder
        self._fingerprint = encoder.fingerprint
        self._outfit = outfit(settings, words)
        self._address = address
        _connect(self._ray, address)
        try:
            self._check(encoder)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with suppress(Exception):  # of a cluster that is gone there is nothing to leave
            self._ray.shutdown()

    # --- errands ---

    def run(self, requests: Iterable[bytes]) -> Iterator[bytes | None]:
        """See errands.Runners."""
        import pyarrow as pa

        for portion in batches(requests, len, 1 << 20, self._room() // _REPLY):
            numbers = iter(count())
            tables = [
                pa.table({
                    "number": pa.array([next(numbers) for _ in handful], pa.int64()),
                    "request": pa.array(handful, pa.large_binary()),
                })
                for handful in handfuls(portion)
            ]  # fmt: skip
            early: dict[int, bytes] = {}
            due = 0
            for table in self._mapped(tables, Preparing, {"outfit": self._outfit}):
                early.update(zip(table["number"].to_pylist(), table["reply"].to_pylist(), strict=True))
                while due in early:
                    yield early.pop(due)
                    due += 1

    # --- encoding ---

    def room(self) -> int:
        """How many bytes of text are worth sending in one go."""
        return self._room()

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[list[int], np.ndarray]]:
        """(positions in `texts`, their vectors), a block at a time as they are done."""
        import pyarrow as pa

        tables = [
            pa.table({
                "number": pa.array(range(at, at + len(part)), pa.int64()),
                "text": pa.array([text.encode("utf-8", "surrogatepass") for text in part], pa.large_binary()),
            })
            for at in range(0, len(texts), _TEXTS)
            for part in [texts[at : at + _TEXTS]]
        ]  # fmt: skip
        given = {"settings": self._encoder_settings, "fingerprint": self._fingerprint}
        for table in self._mapped(tables, Encoding, given):
            vectors = [np.frombuffer(blob, "<f4") for blob in table["vector"].to_pylist()]
            yield table["number"].to_pylist(), np.stack(vectors).astype(np.float32, copy=False)

    # --- Ray Data ---

    def _mapped(self, tables: Sequence[pa.Table], work: type, given: dict[str, Any]) -> Iterator[pa.Table]:
        """What `work` makes of each table, in the order in which they are done. Raises ClusterError."""
        ray = self._ray
        if not tables:
            return
        with _translated(ray, self._address):
            data = ray.data.from_arrow_refs([ray.put(table) for table in tables])
            actors = max(1, min(len(tables), int(ray.cluster_resources().get("CPU", 1))))
            done = data.map_batches(
                work,
                fn_constructor_kwargs=given,
                batch_size=None,
                batch_format="pyarrow",
                num_cpus=1,
                compute=ray.data.ActorPoolStrategy(min_size=1, max_size=actors, initial_size=actors),
            )
            for table in done.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1):
                if len(table):
                    yield table

    def _room(self) -> int:
        """Bytes that may be sent in one go."""
        with _translated(self._ray, self._address):
            stores = [node["Resources"].get("object_store_memory", 0) for node in self._ray.nodes() if node["Alive"]]
        return int(max(_LEAST, min(_MOST, _SHARE * min((store for store in stores if store), default=_LEAST))))

    def _check(self, encoder: Encoder) -> None:
        """Whether every machine encodes as this one does. Raises ClusterError."""
        ray = self._ray
        with _translated(ray, self._address):
            asked = ray.remote(num_cpus=0, max_retries=1)(found_on_node)
            affinity = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
            replies = {
                node["NodeManagerAddress"]: asked.options(
                    scheduling_strategy=affinity(node_id=node["NodeID"], soft=False)
                ).remote(self._encoder_settings)
                for node in ray.nodes()
                if node["Alive"] and node["Resources"].get("CPU", 0) > 0
            }
            if not replies:
                raise ClusterError(
                    f"No machine of the Ray cluster at {self._address} has a processor to spare. "
                    "Start workers: ray start --address=HEAD:PORT"
                )
            found = {name: ray.get(reply, timeout=_CHECK_SECONDS) for name, reply in replies.items()}
        own = encoder.encode_passages([CANARY])[0]
        for name, finding in found.items():
            problem = _problem(finding, self._fingerprint, own)
            if problem:
                raise ClusterError(
                    f"The machine {name} of the Ray cluster cannot help: {problem}. "
                    "Install there what is installed here: pip install -r requirements-cluster.lock"
                )


def _problem(finding: Finding, fingerprint: str, own: np.ndarray) -> str | None:
    """Why a machine may not encode for this one."""
    if finding.problem:
        return finding.problem
    if finding.fingerprint != fingerprint:
        return f"its embedding model is {finding.fingerprint!r}, here it is {fingerprint!r}"
    there = np.array(finding.canary, np.float32)
    if there.shape != own.shape or float(there @ own) < _SAME:
        return "its processor gives other vectors with the same embedding model"
    return None


def _imported() -> Any:
    try:
        import ray
        import ray.data
        import ray.exceptions
        import ray.util.scheduling_strategies
    except ImportError as error:
        raise ClusterError(
            f"--ray needs the package 'ray', which cannot be imported ({error}). "
            "Install it: pip install -r requirements-cluster.lock, or 'vietnamese-qa-bot[ray]'"
        ) from error
    return ray


def _connect(ray: Any, address: str) -> None:
    _knock(address)
    logging.getLogger("ray").setLevel(logging.CRITICAL)  # what matters is raised; the terminal has a progress bar
    try:
        ray.init(
            address=address,
            runtime_env={"py_modules": [str(Path(__file__).parent)]},
            logging_level=logging.CRITICAL,
            log_to_driver=False,
        )
    except (ConnectionError, ValueError, RuntimeError, OSError, ray.exceptions.RayError) as error:
        raise _unreachable(address, error) from error
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)


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
            f"--ray {address} is no address ({error}). Write auto, HOST:PORT or {_DRIVER}HOST:10001."
        ) from error
    try:
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> ClusterError:
    return ClusterError(
        f"There is no Ray cluster at {address} that this program can use ({_first_line(error)}). "
        "Start one (ray start --head), or check the address, the versions of Python and Ray, and RAY_AUTH_TOKEN."
    )


@contextmanager
def _translated(ray: Any, address: str) -> Iterator[None]:
    """Raises ClusterError for whatever Ray raises; an error of ours that a worker met, as it is."""
    try:
        yield
    except BotError:
        raise
    except (ray.exceptions.RayError, ConnectionError, TimeoutError, RuntimeError) as error:
        own = _own(error)
        if own is not None:
            raise own from error
        raise ClusterError(
            f"The Ray cluster at {address} failed ({_first_line(error)}). What was encoded is kept: run the same again."
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


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__
