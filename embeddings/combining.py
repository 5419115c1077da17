"""Questions of several threads, encoded together: whoever comes while the model is at work shares the next batch.

A model that pads its batches takes little longer for eight short questions than for one (float32 on 2 cores: 16 ms for
one, 34 ms for eight), the bundled one spreads them over all processors, and two calls at once only take turns. So
callers line up; the first one encodes for as many as wait, and then lets the next one lead ("flat combining", Hendler
and others 2010). There is no thread beside the callers', and nobody waits for company: who comes alone is encoded at
once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from embeddings.encoders import BatchDone, Encoder

_LONG = 200  # characters: a longer text goes alone, for a batch takes as long as its longest text


@dataclass(eq=False, slots=True)
class _Call:
    """One caller's texts and what became of them. `turn` is set when they are done, or when this caller leads."""

    texts: Sequence[str]
    turn: threading.Event = field(default_factory=threading.Event)
    rows: np.ndarray | None = None
    error: Exception | None = None
    abandoned: bool = False  # its caller was interrupted and waits no more

    @property
    def joins_others(self) -> bool:
        return bool(self.texts) and max(map(len, self.texts)) <= _LONG

    def finish(self, rows: np.ndarray | None, error: Exception | None = None) -> None:
        self.rows, self.error = rows, error
        self.turn.set()


class CombiningEncoder:
    """`encoder`, for questions from several threads. Every caller gets rows of its own, in the order of its texts."""

    def __init__(self, encoder: Encoder, most: int = 8, remembered: int = 512) -> None:
        """`most`: texts of several callers in one batch. `remembered`: texts whose vectors are kept, newest first."""
        self._encoder = encoder
        self._most = most
        self._recent = _Recent(remembered)
        self._lock = threading.Lock()
        self._waiting: deque[_Call] = deque()  # in the order they came; a leader stands first until it begins
        self._leader: _Call | None = None

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def waiting(self) -> int:
        """How many callers wait for those at work to end."""
        return len(self._waiting)

    def encode_passages(self, texts: Sequence[str], done: BatchDone | None = None) -> np.ndarray:
        return self._encoder.encode_passages(texts, done)

    def warm_up(self) -> None:
        """Questions that come meanwhile wait, so that the model is loaded once."""
        with self._in_turn(_Call(())):
            self._take()
            self._encoder.warm_up()

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        """Raises what the model raises for these very texts, whatever it says of others."""
        if not texts:
            return self.encode_queries([""])[:0]  # (0, dim)
        known = [self._recent.get(text) for text in texts]
        rows = [row for row in known if row is not None]
        if len(rows) == len(texts):
            return np.stack(rows)
        call = _Call(tuple(texts))
        with self._in_turn(call):
            if self._leader is call:
                self._lead()
        if call.error is not None:
            raise call.error
        assert call.rows is not None  # noqa: S101 - a call is left only when it is finished
        return call.rows

    @contextmanager
    def _in_turn(self, call: _Call) -> Iterator[None]:
        """Wait until `call` is done or leads. However the block ends, also by Ctrl-C, another one leads after it."""
        try:
            with self._lock:
                self._waiting.append(call)
                if self._leader is None:
                    self._appoint(call)
            call.turn.wait()
            yield
        finally:
            with self._lock:
                call.abandoned = True
                if call in self._waiting:
                    self._waiting.remove(call)
                if self._leader is call:
                    self._appoint(self._waiting[0] if self._waiting else None)

    def _appoint(self, call: _Call | None) -> None:
        self._leader = call
        if call is not None:
            call.turn.set()

    def _lead(self) -> None:
        """Encode for the first ones in the line, the leader among them."""
        batch = self._take()
        try:
            self._encode(batch)
        except BaseException:  # Ctrl-C is the leader's alone: the others are back in the line, where they stood
            with self._lock:
                left = [call for call in batch[1:] if not (call.turn.is_set() or call.abandoned)]
                self._waiting.extendleft(reversed(left))
            raise

    def _take(self) -> list[_Call]:
        """The leader, who stands first, and those behind it that fit into its batch; nobody is overtaken."""
        with self._lock:
            batch = [self._waiting.popleft()]
            size = len(batch[0].texts)
            while batch[0].joins_others and self._waiting and self._waiting[0].joins_others:
                size += len(self._waiting[0].texts)
                if size > self._most:
                    break
                batch.append(self._waiting.popleft())
        return batch

    def _encode(self, batch: Sequence[_Call]) -> None:
        """Give each call its rows; where the batch fails, each call is tried alone, to fail by its own texts only."""
        try:
            rows = self._rows(dict.fromkeys(text for call in batch for text in call.texts))
        except Exception as error:  # noqa: BLE001 - raised again where its texts come from
            if len(batch) == 1:
                batch[0].finish(None, error)
                return
            for call in batch:
                self._encode([call])
            return
        for call in batch:
            call.finish(np.stack([rows[text] for text in call.texts]))

    def _rows(self, texts: Iterable[str]) -> dict[str, np.ndarray]:
        known = {text: self._recent.get(text) for text in texts}  # anew: the batch before may have had them
        missing = [text for text, row in known.items() if row is None]
        found = {text: row for text, row in known.items() if row is not None}
        if missing:
            for text, row in zip(missing, self._encoder.encode_queries(missing), strict=True):
                found[text] = row
                self._recent.put(text, row.copy())  # not a view, which would keep its whole batch
        return found


class _Recent:
    """The vectors of the `most` texts asked for last. Safe for several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> np.ndarray | None:
        with self._lock:
            if text in self._rows:
                self._rows.move_to_end(text)
            return self._rows.get(text)

    def put(self, text: str, row: np.ndarray) -> None:
        with self._lock:
            self._rows[text] = row
            self._rows.move_to_end(text)
            while len(self._rows) > self._most:
                self._rows.popitem(last=False)
