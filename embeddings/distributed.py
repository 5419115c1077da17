"""Errands and encoding on a Ray cluster.

Machines of the cluster need not see the articles: the builder sends what it read, stores what comes back, and is the
only one that writes. What they run is this program, sent along; the libraries that it needs must be installed there.
Tasks and actors that die are tried again by Ray Data, on another machine where theirs is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from embeddings.distributed_connecting import conducted, connected, translated
from embeddings.distributed_work import CANARY, Encoding, Finding, Preparing, found_on_node
from embeddings.encoders import Encoder
from embeddings.errands import batches, handfuls, outfit
from embeddings.errors import ClusterError
from embeddings.lexicon import Lexicon
from embeddings.settings import IndexSettings

if TYPE_CHECKING:
    import pyarrow as pa

_FEWEST, _TEXTS = 64, 512  # sentences in a block: up to some seconds' work, which a dead worker's successor does again
_SHARES = 8  # blocks a processor, where that makes them smaller: none waits long for the last one
_CHECK_SECONDS = 300.0  # a new machine unpacks the model first
_SHARE = 0.25  # of the smallest object store, for what is sent in one go …
_LEAST, _MOST = 8 << 20, 512 << 20  # … in bytes
_REPLY = 6  # times its request, at most, in what was measured
_SAME = 0.9999  # cosine of a sentence's vectors here and there


class Cluster:
    """A Ray cluster, connected to. Implements errands.Runners and pipeline.Cluster; to be used with `with`."""

    def __init__(self, address: str, settings: IndexSettings, words: Lexicon, encoder: Encoder) -> None:
        """`address`: "auto", "host:port" of the head from one of its machines, or "ray://host:port" from elsewhere.

        Raises ClusterError when there is none, or when one of its machines would give other vectors.
        """
        self._ray = connected(address)
        self._encoder_settings = settings.encoder
        self._fingerprint = encoder.fingerprint
        self._outfit = outfit(settings, words)
        self._address = address
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

        size = max(_FEWEST, min(_TEXTS, len(texts) // (_SHARES * self._processors())))
        tables = [
            pa.table({
                "number": pa.array(range(at, at + len(part)), pa.int64()),
                "text": pa.array([text.encode("utf-8", "surrogatepass") for text in part], pa.large_binary()),
            })
            for at in range(0, len(texts), size)
            for part in [texts[at : at + size]]
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
        with translated(self._address):
            refs = [ray.put(table) for table in tables]
            for table in conducted(ray, refs, work, given, min(len(tables), self._processors())):
                if len(table):
                    yield table

    def _processors(self) -> int:
        """Of the cluster as it is now."""
        with translated(self._address):
            return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def _room(self) -> int:
        """Bytes that may be sent in one go."""
        with translated(self._address):
            stores = [node["Resources"].get("object_store_memory", 0) for node in self._ray.nodes() if node["Alive"]]
        return int(max(_LEAST, min(_MOST, _SHARE * min((store for store in stores if store), default=_LEAST))))

    def _check(self, encoder: Encoder) -> None:
        """Whether every machine encodes as this one does. Raises ClusterError."""
        ray = self._ray
        with translated(self._address):
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
