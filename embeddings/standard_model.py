"""A checkpoint as an ordinary sentence-transformers folder: weights in safetensors, tokenizer in `tokenizer.json`.

Nothing on the way from a question to its answer needs it. It is what the ONNX model is held against in tests, and
what other tools can load.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from embeddings.e5s1 import MAX_TOKENS, Checkpoint, Header, Pieces, Progress


def write(checkpoint: Checkpoint, folder: Path, progress: Progress) -> None:
    """Write the folder of `checkpoint` into the empty `folder`."""
    from safetensors.numpy import save_file

    header = checkpoint.header
    weights: dict[str, np.ndarray] = {}
    for number, name in enumerate(checkpoint.directory):
        progress(0.1 + 0.6 * number / len(checkpoint.directory), "weights")
        standard, shape = _standard_name(name, header)
        weights[standard] = checkpoint.values(name).reshape(shape)
    progress(0.7, "writing")
    # BERT's pooler is not part of the model (sentences are averages of tokens), yet loaders warn when it lacks.
    weights["pooler.dense.weight"] = np.zeros((header.hidden, header.hidden), np.float32)
    weights["pooler.dense.bias"] = np.zeros(header.hidden, np.float32)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    _write_json(folder / "tokenizer.json", _tokenizer_json(checkpoint.pieces))
    _write_configs(folder, header, checkpoint.pieces.pad)
    progress(0.9, "checking")


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


def _standard_name(name: str, header: Header) -> tuple[str, tuple[int, ...]]:
    """BERT's name of a tensor, and its shape ([out, in] for matrices, -1 where the length follows)."""
    if name in _EMBEDDING_NAMES:
        return _EMBEDDING_NAMES[name], (-1,) if ".ln." in name else (-1, header.hidden)
    layer, part, which = name.split(".")
    suffix = {"w": "weight", "b": "bias"}[which]
    inner = header.intermediate if part == "fo" else header.hidden
    matrix = which == "w" and part not in ("aln", "oln")
    return f"encoder.layer.{layer[1:]}.{_LAYER_NAMES[part]}.{suffix}", (-1, inner) if matrix else (-1,)


def _tokenizer_json(pieces: Pieces) -> dict[str, object]:
    """A `tokenizers` file: XLM-RoBERTa's unigram vocabulary, NFKC, spaces squeezed, <s> text </s>."""
    special = pieces.special
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
        "model": {
            "type": "Unigram",
            "unk_id": pieces.unk,
            "vocab": [
                (piece.decode("utf-8"), float(score)) for piece, score in zip(pieces, pieces.scores, strict=True)
            ],
            "byte_fallback": False,
        },
    }


def _write_configs(folder: Path, header: Header, pad: int) -> None:
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
            "pad_token_id": pad,
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
