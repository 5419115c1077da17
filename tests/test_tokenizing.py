"""Every text has the ids that the library `tokenizers` gives it for the same vocabulary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Oracle

from embeddings import bundled_model, tokenizing
from embeddings.e5s1 import Pieces
from embeddings.tokenizing import Tokenizer
from tests.fakes import PARAGRAPH, ROOT, pages, time_limit

ALL = 10**9  # tokens: no limit

ODD = [
    "", " ", "\n\t", "▁", "▁▁a", "a▁ ▁b", "<s>", " <s> a</s>b<pad>", "<unk><unk>", "a<unk>b", "<s> <s>", "< s>", "<S>",
    "\uff1cｓ\uff1e x", "\uff1cunk\uff1ex", "<mask>", "query: ", "a\x85b\u00a0c\u3000d\u2028e", "a\x1cb\x1f",
    "\x00a\x00", "\ufeffa\u200bb", "ﬁ ½ ² ① ㎏ Å", "\uff11\uff14.500", "Tie\u0302\u0301ng Vie\u0323\u0302t", "việt",
    "\U0001f1fb\U0001f1f3\U0001f468\u200d\U0001f469\U0001f3fd é\u0301\u0301", "漢字かな交じり" * 30, "ก" * 300,
    "한국어" * 50, "ẦẤẪẨẬ" * 9, "\U0010ffff\U000e0001x", "x" * 3000, "ă" * 3000, "a b " * 2000, "%$#@!" * 200,
]  # fmt: skip

_characters = st.one_of(
    st.sampled_from("ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđĐƠƯàáâãèéêìíòóôõùúýăĩũơư"),
    st.sampled_from(" \u00a0\n\t\r\u2003\u200b▁.,:;!?()\"'“”…-–/%0123456789"),
    st.characters(max_codepoint=0x2FFF, exclude_categories=["Cs", "Cn"]),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
    st.characters(min_codepoint=0xFF01, max_codepoint=0xFF5E),
    st.characters(min_codepoint=0x1F300, max_codepoint=0x1F5FF),
)  # of what Unicode had by version 10, so that the two libraries' tables agree
_parts = st.one_of(
    st.text(_characters, max_size=12), st.sampled_from(["<s>", "</s>", "<pad>", "<unk>", " huyện", "Hải Hậu "])
)
texts = st.lists(_parts, max_size=12).map("".join)


@pytest.fixture(scope="module")
def oracle(model_cache: Path) -> Oracle:
    return Oracle.from_file(str(bundled_model.ensure_standard(model_cache) / "tokenizer.json"))


@pytest.fixture(scope="module")
def tokenizer(model_cache: Path) -> Tokenizer:
    return Tokenizer(bundled_model.ensure(model_cache) / bundled_model.PIECES)


def test_real_lines_have_the_librarys_ids(oracle: Oracle, tokenizer: Tokenizer) -> None:
    files = [*ROOT.glob("seeds/*"), *ROOT.glob("docs/*.md"), *ROOT.glob("config/*.toml"), *ROOT.glob("tests/**/*.html")]
    lines = [line for file in files if file.is_file() for line in file.read_text("utf-8", "replace").splitlines()]
    assert len(lines) > 1000
    for line, expected in zip(lines, oracle.encode_batch(lines), strict=True):
        assert tokenizer.encode(line, ALL) == expected.ids


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_have_the_librarys_ids(text: str, oracle: Oracle, tokenizer: Tokenizer) -> None:
    assert tokenizer.encode(text, ALL) == oracle.encode(text).ids


@given(text=st.one_of(texts, pages))
def test_any_text_has_the_librarys_ids(text: str, oracle: Oracle, tokenizer: Tokenizer) -> None:
    assert tokenizer.encode(text, ALL) == oracle.encode(text).ids


@given(text=pages, limit=st.integers(2, 40))
def test_a_limit_leaves_the_end_of_the_text_out(text: str, limit: int, tokenizer: Tokenizer) -> None:
    whole, cut = tokenizer.encode(text, ALL), tokenizer.encode(text, limit)
    assert len(cut) == min(limit, len(whole))
    assert cut == whole if len(whole) <= limit else [*whole[: limit - 1], whole[-1]]


def test_the_same_word_has_the_same_ids_however_many_came_between(oracle: Oracle, tokenizer: Tokenizer) -> None:
    before = tokenizer.encode(PARAGRAPH)
    for number in range(60_000):
        tokenizer.encode(f"chữ{number}")
    assert tokenizer.encode(PARAGRAPH) == before == oracle.encode(PARAGRAPH).ids


@pytest.mark.parametrize("word", ["a", "漢", "\u0301", "\U0001f600", "x-"])
def test_a_word_of_a_million_characters_is_no_trouble(word: str, tokenizer: Tokenizer) -> None:
    with time_limit(20):
        assert 3 <= len(tokenizer.encode(word * 1_000_000)) <= 512


def test_half_of_a_surrogate_pair_is_no_trouble(tokenizer: Tokenizer) -> None:
    assert len(tokenizer.encode("a\ud800b")) > 2


# --- a vocabulary of our own, where the right answer is known ---


def vocabulary(file: Path, scores: dict[str, float]) -> Tokenizer:
    """A file with these pieces after the four special ones; the ids are 4, 5, 6 …"""
    blobs = [piece.encode() for piece in ("<s>", "<pad>", "</s>", "<unk>", *scores)]
    offsets = np.cumsum([0, *map(len, blobs)]).astype(np.uint32)
    values = np.array([0, 0, 0, 0, *scores.values()], np.float32)
    tokenizing.write(Pieces(b"".join(blobs), offsets, values, bos=0, eos=2, pad=1, unk=3), file)
    return Tokenizer(file)


def test_the_most_likely_pieces_win(tmp_path: Path) -> None:
    ours = vocabulary(tmp_path / "v", {"▁": -1, "a": -2, "b": -2, "ab": -3, "▁a": -4, "▁ab": -9})
    assert ours.encode("ab") == [0, 4, 7, 2]  # ▁ ab: -4; ▁a b: -6; ▁ab: -9
    assert ours.encode("a") == [0, 4, 5, 2]  # ▁ a: -3; ▁a: -4


def test_unknown_characters_side_by_side_are_one_piece(tmp_path: Path) -> None:
    ours = vocabulary(tmp_path / "v", {"▁": -1, "a": -2})
    assert ours.encode("axyza z") == [0, 4, 5, 3, 5, 4, 3, 2]


@pytest.mark.parametrize("keep", [0, 7, 30, 60, -1])
def test_a_file_that_is_cut_off_is_refused(keep: int, tmp_path: Path) -> None:
    vocabulary(tmp_path / "v", {"▁": -1, "a": -2, "xin": -3})
    data = (tmp_path / "v").read_bytes()
    (tmp_path / "v").write_bytes(data[:keep])
    with pytest.raises(ValueError, match=r"cut off|not a vocabulary|empty file"):
        Tokenizer(tmp_path / "v")


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"{}" * 100)
    with pytest.raises(ValueError, match="not a vocabulary"):
        Tokenizer(tmp_path / "v")
