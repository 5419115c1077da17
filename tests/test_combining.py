"""Questions of several threads share batches; each caller gets its own rows, or its own error, and nobody is left."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import pytest

from embeddings.combining import CombiningEncoder
from tests.fakes import HashingEncoder

SOON = 20.0  # seconds: longer means that somebody was forgotten
T = TypeVar("T")


class Model(HashingEncoder):
    """A model that can be held at work, that refuses some texts, and that notes what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []
        self.refused: dict[str, Exception] = {}
        self.interrupt_every = 0  # batches; 0: never
        self.warmed = 0
        self.free = threading.Event()
        self.free.set()
        self._alone = threading.Lock()

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        with self._working():
            self.batches.append(list(texts))
            assert self.free.wait(SOON)
            if self.interrupt_every and len(self.batches) % self.interrupt_every == 0:
                raise KeyboardInterrupt
            for text in texts:
                if text in self.refused:
                    raise self.refused[text]
            return super().encode_queries(texts)

    def warm_up(self) -> None:
        with self._working():
            self.warmed += 1
            assert self.free.wait(SOON)

    def _working(self) -> threading.Lock:
        assert not self._alone.locked(), "two callers at work at once"
        return self._alone


def in_thread(work: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.0005)


def lined_up(encoder: CombiningEncoder, model: Model, *calls: Sequence[str]) -> list[Future[np.ndarray]]:
    """One caller for each of `calls`: the first at work, held there, the others in line behind it in this order."""
    model.free.clear()
    futures = [in_thread(lambda: encoder.encode_queries(calls[0]))]
    until(lambda: len(model.batches) == 1)
    for number, texts in enumerate(calls[1:], 1):
        futures.append(in_thread(lambda texts=texts: encoder.encode_queries(texts)))  # type: ignore[misc]
        until(lambda number=number: encoder.waiting == number)  # type: ignore[misc]
    return futures


def rows_of(*texts: str) -> np.ndarray:
    return HashingEncoder().encode_queries(texts)


def test_who_comes_while_the_model_is_at_work_shares_the_next_batch() -> None:
    model = Model()
    calls = [["a"], ["b", "c"], ["d"], ["e"]]
    futures = lined_up(CombiningEncoder(model), model, *calls)
    model.free.set()
    for texts, future in zip(calls, futures, strict=True):
        np.testing.assert_array_equal(future.result(SOON), rows_of(*texts))
    assert model.batches == [["a"], ["b", "c", "d", "e"]]


def test_a_batch_has_at_most_so_many_texts_and_nobody_is_overtaken() -> None:
    model = Model()
    calls = [["a"], ["b", "c"], ["d", "e"], ["f"], ["g", "h", "i", "j", "k"], ["l"]]
    futures = lined_up(CombiningEncoder(model, most=4), model, *calls)
    model.free.set()
    for texts, future in zip(calls, futures, strict=True):
        np.testing.assert_array_equal(future.result(SOON), rows_of(*texts))
    assert model.batches == [["a"], ["b", "c", "d", "e"], ["f"], ["g", "h", "i", "j", "k"], ["l"]]


def test_a_long_text_goes_alone_because_the_others_would_be_padded_to_its_length() -> None:
    model = Model()
    long = "dài " * 100
    futures = lined_up(CombiningEncoder(model), model, ["a"], ["b"], [long], ["c"], ["d"])
    model.free.set()
    assert [future.result(SOON).shape for future in futures] == [(1, 256)] * 5
    assert model.batches == [["a"], ["b"], [long], ["c", "d"]]


def test_the_same_question_of_several_callers_is_encoded_once() -> None:
    model = Model()
    futures = lined_up(CombiningEncoder(model, remembered=0), model, ["x"], ["a"], ["a", "b"], ["b", "a", "a"])
    model.free.set()
    np.testing.assert_array_equal(futures[3].result(SOON), rows_of("b", "a", "a"))
    assert model.batches == [["x"], ["a", "b"]]


def test_what_the_batch_before_encoded_is_not_encoded_again() -> None:
    model = Model()
    futures = lined_up(CombiningEncoder(model), model, ["a"], ["a"])
    model.free.set()
    np.testing.assert_array_equal(futures[1].result(SOON), rows_of("a"))
    assert model.batches == [["a"]]


def test_a_poisoned_text_harms_only_its_asker() -> None:
    model = Model()
    model.refused["poison"] = ValueError("not this text")
    futures = lined_up(CombiningEncoder(model), model, ["a"], ["b"], ["c", "poison"], ["d"])
    model.free.set()
    with pytest.raises(ValueError, match="not this text"):
        futures[2].result(SOON)
    for at, text in ((0, "a"), (1, "b"), (3, "d")):
        np.testing.assert_array_equal(futures[at].result(SOON), rows_of(text))
    assert model.batches == [["a"], ["b", "c", "poison", "d"], ["b"], ["c", "poison"], ["d"]]


def test_an_error_is_not_remembered() -> None:
    model = Model()
    encoder = CombiningEncoder(model)
    model.refused["a"] = ValueError("for now")
    with pytest.raises(ValueError, match="for now"):
        encoder.encode_queries(["a"])
    model.refused.clear()
    np.testing.assert_array_equal(encoder.encode_queries(["a"]), rows_of("a"))


def test_an_interrupted_leader_leaves_the_others_their_place() -> None:
    model = Model()
    encoder = CombiningEncoder(model)
    model.interrupt_every = 2
    futures = lined_up(encoder, model, ["a"], ["interrupted"], ["b"], ["c"])
    model.free.set()
    with pytest.raises(KeyboardInterrupt):
        futures[1].result(SOON)
    np.testing.assert_array_equal(futures[2].result(SOON), rows_of("b"))
    np.testing.assert_array_equal(futures[3].result(SOON), rows_of("c"))
    assert model.batches == [["a"], ["interrupted", "b", "c"], ["b", "c"]]
    assert encoder.waiting == 0


def test_a_repeated_question_costs_nothing_and_the_oldest_is_forgotten() -> None:
    model = Model()
    encoder = CombiningEncoder(model, remembered=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        np.testing.assert_array_equal(encoder.encode_queries([text]), rows_of(text))
    assert model.batches == [["a"], ["b"], ["c"], ["b"]]


def test_rows_belong_to_who_asked() -> None:
    encoder = CombiningEncoder(HashingEncoder())
    encoder.encode_queries(["a"])[:] = 0
    encoder.encode_queries(["a"])[:] = 0
    np.testing.assert_array_equal(encoder.encode_queries(["a"]), rows_of("a"))


def test_no_text_gives_no_row() -> None:
    assert CombiningEncoder(HashingEncoder()).encode_queries([]).shape == (0, 256)


def test_questions_wait_until_the_model_is_warm() -> None:
    model = Model()
    encoder = CombiningEncoder(model)
    model.free.clear()
    warming = in_thread(encoder.warm_up)
    until(lambda: model.warmed == 1)
    futures = [in_thread(lambda text=text: encoder.encode_queries([text])) for text in "ab"]  # type: ignore[misc]
    until(lambda: encoder.waiting == 2)
    assert model.batches == []
    model.free.set()
    warming.result(SOON)
    for text, future in zip("ab", futures, strict=True):
        np.testing.assert_array_equal(future.result(SOON), rows_of(text))
    assert sorted(model.batches[0]) == ["a", "b"]


def test_passages_and_the_fingerprint_are_the_models() -> None:
    model = HashingEncoder()
    encoder = CombiningEncoder(model)
    done: list[int] = []
    np.testing.assert_array_equal(encoder.encode_passages(["a", "b"], done.append), rows_of("a", "b"))
    assert (model.encoded, done, encoder.fingerprint) == (["a", "b"], [2], model.fingerprint)


@pytest.mark.parametrize("remembered", [0, 8])
def test_in_a_crowd_every_caller_gets_its_own_rows_and_nobody_is_forgotten(remembered: int) -> None:
    model = Model()
    model.refused["poison"] = ValueError("not this text")
    model.interrupt_every = 10
    encoder = CombiningEncoder(model, most=8, remembered=remembered)
    choice = random.Random(1)  # noqa: S311
    texts = [*(f"câu hỏi {number}" for number in range(60)), "poison"]
    calls = [choice.choices(texts, k=choice.randint(1, 4)) for _ in range(1500)]
    interrupted: list[list[str]] = []

    def ask(call: list[str]) -> None:
        try:
            rows = encoder.encode_queries(call)
        except ValueError:
            assert "poison" in call
        except KeyboardInterrupt:
            interrupted.append(call)
        else:
            np.testing.assert_array_equal(rows, rows_of(*call))

    with ThreadPoolExecutor(32) as pool:
        for future in [pool.submit(ask, call) for call in calls]:
            future.result(SOON)
    assert encoder.waiting == 0
    assert max(map(len, model.batches)) <= 8
    assert len(model.batches) < len(calls)
    assert len(interrupted) == len(model.batches) // model.interrupt_every
