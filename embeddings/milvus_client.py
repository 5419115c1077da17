"""A Milvus server as a few verbs over collections.

Every call has a limit of time; every refusal becomes a ServerProblem (milvus_problems). Calls may come from several
threads.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from embeddings import milvus_layout as layout
from embeddings.console import one_line
from embeddings.errors import ServerProblem
from embeddings.milvus_connection import Connection
from embeddings.milvus_layout import Field, VectorIndex, bm25
from embeddings.milvus_problems import ALIAS_GONE, GONE, SHOWN, UNLOADED

if TYPE_CHECKING:
    import numpy as np

    from embeddings.settings import Index as IndexSection

_ANALYSERS = ("whitespace", "standard")  # the first that the server has; Milvus Lite has only the second
_K1, _B = 1.2, 0.75  # Tantivy's
_SHORTEST, _LONGEST = 0.02, 2.0  # seconds between two looks at an index that is being built


class Server:
    """One connection. Raises ServerProblem wherever the server cannot be reached, or refuses."""

    def __init__(self, settings: IndexSection) -> None:
        self._connection = Connection(settings)
        self.address = settings.milvus_uri
        self.prefix = settings.milvus_prefix
        self._replicas, self._shards = settings.milvus_replicas, settings.milvus_shards
        self._seconds = settings.milvus_timeout_seconds
        self._patience = 60 * settings.milvus_build_minutes

    @property
    def _client(self) -> Any:
        return self._connection.client

    def close(self) -> None:
        self._connection.close()

    # --- which generation ---

    def serving(self) -> int | None:
        """The number of the generation that the alias names; None where there is no alias.

        Raises ServerProblem where it is another project's.
        """
        target = self._alias()
        if target is None:
            return None
        found = layout.parsed(self.prefix, target)
        if found is None or found[0] != layout.FILES:
            raise ServerProblem(
                f"The alias {self.prefix} on {self.address} belongs to something else (collection {target}). Choose "
                "another index.milvus_prefix."
            )
        return found[1]

    def _alias(self) -> str | None:
        try:
            found = self._client.describe_alias(self.prefix, timeout=self._seconds)
        except self._connection.refusals as error:
            if getattr(error, "code", None) in (GONE, ALIAS_GONE):
                return None
            raise self._connection.problem(error, "tell its alias") from error
        return str(found["collection_name"])

    def serve(self, number: int) -> None:
        """The one step that publishes: from now on the alias names this generation."""
        name = layout.name_of(self.prefix, layout.FILES, number)
        with self._connection.telling("set the alias"):
            if self._alias() is None:
                self._client.create_alias(name, self.prefix, timeout=self._seconds)
            else:
                self._client.alter_alias(name, self.prefix, timeout=self._seconds)

    def collections(self) -> dict[int, set[str]]:
        """{generation: its parts}, whole or not; what is not ours is not seen.

        Raises ServerProblem where a collection has the name of our alias.
        """
        with self._connection.telling("list collections"):
            names = self._client.list_collections(timeout=self._seconds)
        if self.prefix in names:
            raise ServerProblem(
                f"On {self.address} there is a collection called {self.prefix}, the name of this index's alias. Choose "
                "another index.milvus_prefix."
            )
        found: dict[int, set[str]] = {}
        for name in names:
            ours = layout.parsed(self.prefix, name)
            if ours is not None:
                found.setdefault(ours[1], set()).add(ours[0])
        return found

    # --- writing ---

    def create(self, part: str, number: int, dim: int) -> None:
        name = layout.name_of(self.prefix, part, number)
        refusal: Exception | None = None
        for analyser in _ANALYSERS:
            try:
                schema = self._schema(layout.fields_of(part, dim), analyser)
                self._client.create_collection(name, schema=schema, num_shards=self._shards, timeout=self._patience)
                return
            except self._connection.refusals as error:
                refusal = error
                if not re.search("tokenizer|analyzer", str(error)):
                    break
        assert refusal is not None  # noqa: S101 - else we had returned
        raise self._connection.problem(refusal, f"make the collection {name}") from refusal

    def _schema(self, fields: Sequence[Field], analyser: str) -> Any:
        milvus, kinds = self._connection.milvus, self._connection.milvus.DataType
        schema = milvus.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        for field in fields:
            if field.kind == "key":
                schema.add_field(field.name, kinds.INT64, is_primary=True)
            elif field.kind == "number":
                schema.add_field(field.name, kinds.INT64)
            elif field.kind == "vector":
                schema.add_field(field.name, kinds.FLOAT_VECTOR, dim=field.dim)
            elif field.kind == "text":
                schema.add_field(field.name, kinds.VARCHAR, max_length=layout.MOST_BYTES)
            else:
                schema.add_field(
                    field.name, kinds.VARCHAR, max_length=layout.MOST_BYTES, enable_analyzer=True,
                    enable_match=field.indexed, analyzer_params={"tokenizer": analyser},
                )  # fmt: skip
                schema.add_field(bm25(field.name), kinds.SPARSE_FLOAT_VECTOR)
                schema.add_function(
                    milvus.Function(
                        name=f"{field.name}_to_bm25", function_type=milvus.FunctionType.BM25,
                        input_field_names=[field.name], output_field_names=[bm25(field.name)],
                    )
                )  # fmt: skip
        return schema

    def insert(self, part: str, number: int, rows: Sequence[Mapping[str, object]]) -> None:
        with self._connection.telling("take rows"):
            name = layout.name_of(self.prefix, part, number)
            self._client.insert(name, list(rows), timeout=self._patience)

    def finish(self, part: str, number: int, vectors: VectorIndex, dim: int) -> None:
        """Make what was inserted lasting, index it, and load it."""
        name = layout.name_of(self.prefix, part, number)
        with self._connection.telling(f"index {name}"):
            self._client.flush(name, timeout=self._patience)
            params = self._client.prepare_index_params()
            for field in layout.fields_of(part, dim):
                if field.kind == "vector":
                    kind = vectors if field.name == "vector" else VectorIndex("FLAT", {}, 0)
                    params.add_index(field.name, index_type=kind.kind, metric_type="IP", **_tuned(kind.build))
                elif field.kind == "words":
                    params.add_index(
                        bm25(field.name), index_type="SPARSE_INVERTED_INDEX", metric_type="BM25",
                        **_tuned({"bm25_k1": _K1, "bm25_b": _B}),
                    )  # fmt: skip
                elif field.indexed:
                    params.add_index(field.name, index_type="INVERTED")
            self._client.create_index(name, params, timeout=self._patience, sync=False)
            self._wait_for_indexes(name)
            self._client.load_collection(name, replica_number=self._replicas, timeout=self._patience)

    def _wait_for_indexes(self, name: str) -> None:
        """Until all rows are indexed. The client's own waiting takes half a second an index at the least."""
        end, pause = time.monotonic() + self._patience, _SHORTEST
        for index in self._client.list_indexes(name):
            while True:
                state = self._client.describe_index(name, index, timeout=self._seconds) or {}
                if state.get("state") == "Failed":
                    raise ServerProblem(
                        f"The Milvus server at {self.address} could not index {index} of {name} "
                        f"({one_line(str(state.get('index_state_fail_reason', '')))[:SHOWN]})."
                    )
                if state.get("state") == "Finished" and not state.get("pending_index_rows"):
                    break
                if time.monotonic() > end:
                    raise ServerProblem(
                        f"The Milvus server at {self.address} indexes {name} for longer than "
                        "index.milvus_build_minutes allows. Allow more, or give it more nodes."
                    )
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST)

    def drop(self, part: str, number: int) -> None:
        with self._connection.telling("drop a collection"):
            self._client.drop_collection(layout.name_of(self.prefix, part, number), timeout=self._patience)

    # --- reading ---

    def count(self, part: str, number: int, where: str = "") -> int:
        """How many rows there are of which `where` holds, those inserted just now included."""
        found = self._asked(
            "count", self._client.query, layout.name_of(self.prefix, part, number), filter=where,
            output_fields=["count(*)"], consistency_level="Strong",
        )  # fmt: skip
        return int(found[0]["count(*)"])

    def rows(
        self, part: str, number: int, where: str, fields: Sequence[str], limit: int = layout.MOST_HITS
    ) -> list[dict[str, Any]]:
        """Those of which `where` holds, in no order."""
        found = self._asked(
            "read rows", self._client.query, layout.name_of(self.prefix, part, number), filter=where,
            output_fields=list(fields), limit=limit,
        )  # fmt: skip
        return [dict(row) for row in found]

    def _asked(self, doing: str, call: Callable[..., Any], name: str, **arguments: object) -> Any:
        """What the server answers; a collection that it has let go of (Milvus Lite does, at a restart) is loaded."""
        with self._connection.telling(doing):
            try:
                return call(name, timeout=self._seconds, **arguments)
            except self._connection.refusals as error:
                if not UNLOADED.search(str(error)):
                    raise
            self._client.load_collection(name, replica_number=self._replicas, timeout=self._seconds)
            return call(name, timeout=self._seconds, **arguments)

    def nearest(
        self, number: int, vector: np.ndarray, limit: int, how: Mapping[str, object], where: str = ""
    ) -> list[tuple[int, float]]:
        """(passage, inner product) of the nearest sentences, best first."""
        hits = self._search(layout.SENTENCES, number, vector, "vector", "IP", how, limit, where, "passage")
        return [(int(hit["entity"]["passage"]), float(hit["distance"])) for hit in hits]

    def matching(self, number: int, field: str, text: str, limit: int, where: str = "") -> list[tuple[int, float]]:
        """(passage, BM25) of the passages whose field has words of `text`, best first."""
        hits = self._search(layout.PASSAGES, number, text, bm25(field), "BM25", {}, limit, where, "row")
        return [(int(hit["entity"]["row"]), abs(float(hit["distance"]))) for hit in hits]  # Milvus Lite's are negative

    def _search(
        self, part: str, number: int, sought: object, field: str, metric: str, how: Mapping[str, object],
        limit: int, where: str, wanted: str,
    ) -> Sequence[Mapping[str, Any]]:  # fmt: skip
        found = self._asked(
            "search", self._client.search, layout.name_of(self.prefix, part, number), data=[sought], anns_field=field,
            filter=where, limit=min(limit, layout.MOST_HITS), output_fields=[wanted],
            search_params={"metric_type": metric, "params": dict(how)},
        )  # fmt: skip
        return found[0]  # type: ignore[no-any-return]


def _tuned(params: Mapping[str, object]) -> dict[str, object]:
    """Parameters of an index as one, called params: Milvus Lite reads none that stand by themselves."""
    return {"params": {"params": dict(params)}} if params else {}
