"""What the machines of a cluster do: callable classes whose objects live there, tables in and tables out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embeddings.encoders import make_encoder
from embeddings.errands import Runner
from embeddings.errors import BotError, StaleIndex
from embeddings.settings import Encoder as EncoderSettings

if TYPE_CHECKING:
    import pyarrow as pa

CANARY = "Huyện trồng thêm 1.250 cây xanh, gấp đôi năm ngoái, và 96,4 % số cây sống qua mùa khô."
"""A sentence that every machine encodes before anything is begun."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a machine says of itself."""

    fingerprint: str = ""
    canary: tuple[float, ...] = ()
    problem: str | None = None


def found_on_node(settings: EncoderSettings) -> Finding:
    """Tried with one sentence: model, libraries and processor."""
    try:
        encoder = make_encoder(settings)
        return Finding(encoder.fingerprint, tuple(map(float, encoder.encode_passages([CANARY])[0])))
    except (BotError, ImportError) as error:
        return Finding(problem=str(error).rstrip("."))


class Preparing:
    """(number, request) -> (number, reply)."""

    def __init__(self, outfit: bytes) -> None:
        self._runner = Runner(outfit)

    def __call__(self, table: pa.Table) -> pa.Table:
        import pyarrow as pa  # there where ray is

        replies = [self._runner.run(request) if request else b"" for request in table["request"].to_pylist()]
        return pa.table({"number": table["number"], "reply": pa.array(replies, pa.large_binary())})


class Encoding:
    """(number, text) -> (number, vector)."""

    def __init__(self, settings: EncoderSettings, fingerprint: str) -> None:
        """Raises StaleIndex: a machine that joined since all were asked may have another model."""
        self._encoder = make_encoder(settings)
        if self._encoder.fingerprint != fingerprint:
            raise StaleIndex(
                f"A machine of the cluster has the embedding model {self._encoder.fingerprint!r}, "
                f"the builder has {fingerprint!r}. Install the same there."
            )

    def __call__(self, table: pa.Table) -> pa.Table:
        import pyarrow as pa

        texts = [text.decode("utf-8", "surrogatepass") for text in table["text"].to_pylist()]
        vectors = self._encoder.encode_passages(texts)
        rows = [row.astype("<f4").tobytes() for row in vectors]
        return pa.table({"number": table["number"], "vector": pa.array(rows, pa.binary())})
