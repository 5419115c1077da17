"""Text to the ids of XLM-RoBERTa's unigram vocabulary, as the library `tokenizers` gives them; a millisecond to load.

Text is normalised (NFKC, runs of spaces squeezed), cut before each space, and every word is split into the pieces
whose log-probabilities add up to the most (Kudo 2018). Words repeat, so their pieces are remembered.

The vocabulary is one file that is mapped into memory and never parsed: `tokenizers` takes 0.6 s to read the same
250,002 pieces, sentencepiece 0.4 s. Its layout, in the order of bytes of the machine that wrote it: eight bytes of
magic; seven u32 (pieces, slots, characters of the longest piece, ids of <s>, </s>, <pad>, <unk>); u32 offsets into
the blob (pieces + 1); f32 scores (pieces); u32 slots, a hash table of open addressing over CRC-32 with id + 1 in it,
0 where it is empty; the blob of UTF-8 pieces.
"""

from __future__ import annotations

import mmap
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from embeddings.e5s1 import MAX_TOKENS, Pieces

_MAGIC = b"unigram1"
_COUNTS = struct.Struct("=7I")
_SPACE = "▁"  # what SentencePiece writes for a space; it begins every word
_WORD = re.compile(f"{_SPACE}[^{_SPACE}]*")
_SPACES = re.compile(r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")  # Unicode's White_Space
_SPECIAL = re.compile("(<s>|</s>|<pad>|<unk>)")
_UNKNOWN_PENALTY = 10.0  # below the least likely piece; `tokenizers` and SentencePiece have the same
_REMEMBERED, _LONG = 50_000, 50  # words; characters of one that is not worth remembering


def write(pieces: Pieces, file: Path) -> None:
    """The vocabulary as a file that Tokenizer opens."""
    size = 1 << (2 * len(pieces) - 1).bit_length()  # at most half full
    slots = [0] * size
    longest = 0
    for number, piece in enumerate(pieces):
        longest = max(longest, len(piece.decode("utf-8")))
        slot = zlib.crc32(piece) & (size - 1)
        while slots[slot]:
            slot = (slot + 1) & (size - 1)
        slots[slot] = number + 1
    counts = (len(pieces), size, longest, pieces.bos, pieces.eos, pieces.pad, pieces.unk)
    with file.open("wb") as out:
        out.write(_MAGIC + _COUNTS.pack(*counts))
        out.write(pieces.offsets.astype("=u4").tobytes() + pieces.scores.astype("=f4").tobytes())
        out.write(np.array(slots, "=u4").tobytes() + pieces.blob)


class Tokenizer:
    """One vocabulary file. Safe for several threads."""

    def __init__(self, file: Path) -> None:
        """Raises OSError or ValueError when `file` is not a whole vocabulary."""
        with file.open("rb") as opened:
            data = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
        start = len(_MAGIC) + _COUNTS.size
        if len(data) < start or data[: len(_MAGIC)] != _MAGIC:
            raise ValueError("not a vocabulary")
        pieces, size, self._longest, self._bos, self._eos, self._pad, self._unk = _COUNTS.unpack_from(data, len(_MAGIC))
        offsets = start + 4 * (pieces + 1)
        scores = offsets + 4 * pieces
        slots = scores + 4 * size
        if len(data) < slots:
            raise ValueError("a vocabulary that is cut off")
        self._offsets: memoryview[int] = data[start:offsets].cast("I")
        self._scores: memoryview[float] = data[offsets:scores].cast("f")
        self._slots: memoryview[int] = data[scores:slots].cast("I")
        self._blob = data[slots:]
        if len(self._blob) != self._offsets[pieces]:
            raise ValueError("a vocabulary that is cut off")
        self._mask = size - 1
        self._unknown = float(np.frombuffer(data[offsets:scores], np.float32).min()) - _UNKNOWN_PENALTY
        self._special = {"<s>": self._bos, "</s>": self._eos, "<pad>": self._pad, "<unk>": self._unk}
        self._words: dict[str, tuple[int, ...]] = {}

    def encode(self, text: str, limit: int = MAX_TOKENS) -> list[int]:
        """<s>, the ids of `text`, </s>: at most `limit` of them, the end of the text left out."""
        ids = [self._bos]
        for part in self._parts(text):
            ids += part
            if len(ids) >= limit:
                break
        return [*ids[: limit - 1], self._eos]

    def _parts(self, text: str) -> Iterator[tuple[int, ...]]:
        for segment in _SPECIAL.split(text):  # at odd places what was split at
            if segment in self._special:
                yield (self._special[segment],)
                continue
            normal = _SPACES.sub(" ", unicodedata.normalize("NFKC", segment)).strip(" ").replace(" ", _SPACE)
            if normal:
                for match in _WORD.finditer(normal if normal[0] == _SPACE else _SPACE + normal):
                    yield self._remembered(match[0])

    def _remembered(self, word: str) -> tuple[int, ...]:
        known = self._words.get(word)
        if known is not None:
            return known
        ids = self._split(word[: MAX_TOKENS * self._longest])  # what comes after that can be in no token of the limit
        if len(word) <= _LONG:
            if len(self._words) >= _REMEMBERED:
                self._words.clear()
            self._words[word] = ids
        return ids

    def _split(self, word: str) -> tuple[int, ...]:
        """The ids of the most likely pieces; unknown characters side by side are one unknown piece."""
        data = word.encode("utf-8", "replace")  # half of a surrogate pair, which no vocabulary has, becomes "?"
        starts = [at for at, byte in enumerate(data) if byte & 0xC0 != 0x80]
        starts.append(len(data))
        last = len(starts) - 1
        best = [float("-inf")] * (last + 1)  # by the number of characters that are split
        best[0] = 0.0
        came: list[tuple[int, int]] = [(0, 0)] * (last + 1)  # (where the last piece begins, its id)
        for first in range(last):
            so_far, begin = best[first], starts[first]
            alone = False  # whether the character is a piece by itself
            for end in range(first + 1, min(first + self._longest, last) + 1):
                number = self._find(data[begin : starts[end]])
                if number < 0:
                    continue
                alone = alone or end == first + 1
                score = so_far + self._scores[number]
                if score > best[end]:
                    best[end], came[end] = score, (first, number)
            if not alone and so_far + self._unknown > best[first + 1]:
                best[first + 1], came[first + 1] = so_far + self._unknown, (first, self._unk)
        ids: list[int] = []
        while last:
            last, number = came[last]
            if number != self._unk or not ids or ids[-1] != self._unk:
                ids.append(number)
        return tuple(reversed(ids))

    def _find(self, piece: bytes) -> int:
        """The id of `piece`, or -1."""
        slot: int = zlib.crc32(piece) & self._mask
        while (number := self._slots[slot]) != 0:
            start, end = self._offsets[number - 1], self._offsets[number]
            if end - start == len(piece) and self._blob[start:end] == piece:
                return number - 1
            slot = (slot + 1) & self._mask
        return -1
