"""Any sentence-transformers model serves; each has its own fingerprint, prefixes and one-line errors."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embeddings.bundled_model import standard_identity
from embeddings.encoders import SentenceTransformersEncoder
from embeddings.errors import ModelError
from embeddings.prefixes import Prefixes, prefixes
from embeddings.settings import Encoder
from tests.fakes import ROOT

TEXTS = ["xin chào", "huyện", "xin chào huyện ta", "ta"]


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of 16 dimensions with random weights, as sentence-transformers saves it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    words = ["[PAD]", "[UNK]", "xin", "chào", "huyện", "ta", "query", "passage", ":"]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token="[PAD]",  # noqa: S106
        unk_token="[UNK]",  # noqa: S106
        model_max_length=64,
    ).save_pretrained(folder / "bert")
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        initializer_range=1.0,
    )
    BertModel(config).save_pretrained(folder / "bert")
    modules = [Transformer(str(folder / "bert")), Pooling(16)]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "model"))
    return folder / "model"


def encoder(model: Path, **settings: object) -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder(Encoder.model_validate({"model": str(model), **settings}))


def test_any_sentence_transformers_folder_encodes_to_unit_rows(tiny_model: Path) -> None:
    done: list[int] = []
    rows = encoder(tiny_model, batch_size=3).encode_passages(TEXTS, done.append)
    assert (rows.shape, done) == ((4, 16), [3, 1])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert encoder(tiny_model).encode_queries([]).shape == (0, 16)


def test_a_vector_does_not_depend_on_its_neighbours_in_the_batch(tiny_model: Path) -> None:
    together = encoder(tiny_model, batch_size=4).encode_queries(TEXTS)
    for text, row in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(encoder(tiny_model, batch_size=1).encode_queries([text])[0], row, atol=1e-5)


def test_prefixes_go_before_questions_and_passages(tiny_model: Path) -> None:
    plain, prefixed = encoder(tiny_model), encoder(tiny_model, preset="e5")
    np.testing.assert_allclose(prefixed.encode_queries(["huyện"]), plain.encode_queries(["query: huyện"]), atol=1e-6)
    np.testing.assert_allclose(
        prefixed.encode_passages(["huyện"]), plain.encode_passages(["passage: huyện"]), atol=1e-6
    )
    assert not np.allclose(prefixed.encode_queries(["huyện"]), prefixed.encode_passages(["huyện"]), atol=1e-3)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"model": "bundled"}, ("query: ", "passage: ")),
        ({"model": "intfloat/multilingual-e5-base"}, ("query: ", "passage: ")),
        ({"model": "/models/E5/"}, ("query: ", "passage: ")),
        ({"model": "BAAI/bge-m3"}, ("", "")),
        ({"model": "AITeamVN/Vietnamese_Embedding"}, ("", "")),
        ({"model": "bkai-foundation-models/vietnamese-bi-encoder"}, ("", "")),
        ({"model": "/srv/release5/bge-m3"}, ("", "")),
        ({"model": "unknown/model"}, ("", "")),
        ({"model": "bundled", "preset": "plain"}, ("", "")),
        ({"model": "x/y", "preset": "e5", "query_prefix": "hỏi: "}, ("hỏi: ", "passage: ")),
        ({"model": "bundled", "query_prefix": "", "passage_prefix": ""}, ("", "")),
    ],
)
def test_prefixes_are_as_set_or_as_the_models_family_wants(settings: dict[str, str], expected: tuple[str, str]) -> None:
    assert prefixes(Encoder.model_validate(settings)) == Prefixes(*expected)


def test_fingerprints_differ_where_vectors_would(tiny_model: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(tiny_model, tmp_path / tiny_model.name))
    assert encoder(other).fingerprint == encoder(tiny_model).fingerprint
    weights = other / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    all_different = [
        encoder(tiny_model), encoder(other), encoder(tiny_model, preset="e5"), encoder(tiny_model, query_prefix="q"),
        encoder(tiny_model, passage_prefix="q"), encoder(tiny_model, max_tokens=32), encoder(Path("bundled")),
    ]  # fmt: skip
    assert len({one.fingerprint for one in all_different}) == len(all_different)


def test_the_fingerprint_of_the_bundled_model_needs_no_model(tmp_path: Path) -> None:
    settings = Encoder(cache_dir=tmp_path / "none")
    assert SentenceTransformersEncoder(settings).fingerprint.startswith(standard_identity())
    assert list(tmp_path.iterdir()) == []


def test_a_text_longer_than_the_limit_is_cut_to_it(tiny_model: Path) -> None:
    limited = encoder(tiny_model, max_tokens=16)
    long, longer = "xin chào " * 20, "xin chào " * 20 + "huyện ta"
    np.testing.assert_allclose(limited.encode_queries([long]), limited.encode_queries([longer]), atol=1e-6)


@pytest.mark.parametrize("name", ["nobody/no-such-model", "./no/such/folder", "a b c", "../no-such-model"])
def test_an_unknown_model_is_one_line_without_a_network(name: str, tmp_path: Path) -> None:
    unknown = SentenceTransformersEncoder(Encoder(model=name, cache_dir=tmp_path))
    with pytest.raises(ModelError, match=r"is neither a folder nor in .*encoder\.model = \"bundled\"") as caught:
        _ = unknown.fingerprint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json", "modules.json"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "object"])
def test_a_damaged_model_folder_is_one_line(file: str, damage: str, tiny_model: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    data = (broken / file).read_bytes()
    (broken / file).write_bytes(
        {"truncated": data[: len(data) // 2], "empty": b"", "object": json.dumps({"a": 1}).encode()}[damage]
    )
    with pytest.raises(
        ModelError, match=r"The embedding model in .* cannot be loaded \(.*Check encoder\.model"
    ) as caught:
        encoder(broken).encode_queries(["a"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("package", "model"), [("sentence_transformers", "."), ("huggingface_hub", "nobody/model")])
def test_a_missing_package_is_one_line_with_the_cure(package: str, model: str, tmp_path: Path) -> None:
    (tmp_path / f"{package}.py").write_text("raise ImportError('No module named this')", "utf-8")
    program = (
        "from embeddings.encoders import make_encoder\n"
        "from embeddings.errors import ModelError\n"
        "from embeddings.settings import Encoder\n"
        "try:\n"
        f"    make_encoder(Encoder(model={model!r})).encode_queries(['a'])\n"
        "except ModelError as error:\n"
        "    print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=60
    )
    assert child.stdout + child.stderr == (
        "Another embedding model than the bundled one needs sentence-transformers (No module named this). "
        'Install it: pip install -r requirements.lock, or set encoder.model = "bundled".\n'
    )
