"""The fakes are worth something: the encoder ranks, the network is shut."""

from __future__ import annotations

import socket

import numpy as np
import pytest

from embeddings.encoders import Encoder
from tests.fakes import HashingEncoder


def test_the_hashing_encoder_ranks_by_shared_words_with_or_without_marks() -> None:
    encoder: Encoder = HashingEncoder()
    rows = encoder.encode_passages(["huyện Hải Hậu có 14.500 đảng viên", "huyện Sông Lô họp", "trời mưa", ""])
    assert rows.shape == (4, 256)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert int(np.argmax(rows @ encoder.encode_queries(["dang vien hai hau"])[0])) == 0
    np.testing.assert_array_equal(
        rows,
        HashingEncoder().encode_queries(["huyện Hải Hậu có 14.500 đảng viên", "huyện Sông Lô họp", "trời mưa", ""]),
    )
    assert HashingEncoder().fingerprint != HashingEncoder(8).fingerprint


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 443), ("2001:db8::1", 80, 0, 0)])
def test_tests_reach_no_network(address: tuple[object, ...]) -> None:
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(OSError, match="tests use no network"):
        client.connect(address)


def test_tests_reach_themselves() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
