"""A vector that was begun early is the vector of its text, and nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import ModelError
from qa_bot.ahead import Ahead, Begun
from tests.fakes import HashingEncoder

ENCODER = HashingEncoder()
AHEAD = Ahead(ENCODER)


@given(begun=st.sampled_from("abc"), texts=st.lists(st.sampled_from("abcd"), min_size=1, max_size=5))
def test_whatever_was_begun_the_vectors_are_the_encoders(begun: str, texts: list[str]) -> None:
    expected = ENCODER.encode_queries(texts)
    assert np.array_equal(AHEAD.begin(begun).vectors(texts), expected)
    assert np.array_equal(Begun(ENCODER).vectors(texts), expected)


class Gated(HashingEncoder):
    """Encodes only once it may; counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.asked: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        self.may.wait(10)
        return super().encode_queries(texts)


def test_a_text_that_was_begun_is_encoded_once_and_others_beside_it() -> None:
    encoder = Gated()
    encoder.may.set()
    begun = Ahead(encoder).begin("một")
    begun.vectors(["một", "hai"])
    assert sorted(encoder.asked) == ["hai", "một"]


def test_while_one_is_under_way_no_other_is_begun() -> None:
    encoder = Gated()
    ahead = Ahead(encoder)
    first = ahead.begin("một")
    ahead.begin("hai")
    encoder.may.set()
    first.vectors(["một"])
    assert encoder.asked == ["một"]


class Failing(HashingEncoder):
    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        raise ModelError(f"The embedding model cannot be run on {len(texts)} texts.")


def test_what_the_model_says_is_raised_where_the_vector_is_wanted_and_the_next_one_is_begun() -> None:
    ahead = Ahead(Failing())
    for _ in range(2):
        with pytest.raises(ModelError, match="cannot be run"):
            ahead.begin("một").vectors(["một"])
