"""The vector of a question that is begun before the question is understood.

Understanding takes a few milliseconds of one processor, the model takes some of another. Most questions typed with
diacritics mean just what was typed: their vector is there when it is asked for. Of any other text it is made then.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from embeddings.encoders import Encoder


class Begun:
    """The vectors that one question needs; that of `text` may be under way."""

    def __init__(self, encoder: Encoder, text: str = "", vector: Future[np.ndarray] | None = None) -> None:
        self._encoder = encoder
        self._text = text
        self._vector = vector

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """(len(texts), dim) float32, unit rows. Raises what the encoder raises."""
        if self._vector is None or self._text not in texts:
            return self._encoder.encode_queries(texts)
        others = [text for text in texts if text != self._text]
        rest = iter(self._encoder.encode_queries(others) if others else ())
        (early,) = self._vector.result()
        return np.stack([early if text == self._text else next(rest) for text in texts])


class Ahead:
    """Begins one question at a time: where several come at once, every processor has its own already."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._free = threading.Lock()

    def begin(self, text: str) -> Begun:
        if not self._free.acquire(blocking=False):
            return Begun(self._encoder)
        return Begun(self._encoder, text, self._threads.submit(self._encode, text))

    def _encode(self, text: str) -> np.ndarray:
        try:
            return self._encoder.encode_queries([text])
        finally:
            self._free.release()
