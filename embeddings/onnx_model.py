"""A checkpoint as an ONNX graph: token ids of one text in, its unit vector out. The only module that imports onnx.

A BERT encoder (exact GELU, positions from 0), the mean over its tokens, divided by its length. One text a run, so
nothing is padded or masked, and a vector can not depend on what stands beside it in a batch.

**The table of word vectors** stays in the checkpoint's own 4-bit blocks, which ONNX Runtime reads as they are: no
digit is lost, 60 MB instead of 384, and of these only the rows of the text's tokens are ever read.

**The matrices become int8**, a scale a row. What goes into them is quantised while it runs, with one scale for all
tokens (DynamicQuantizeLinear), so a single large value costs all others their digits. This model has such values, in
places that do not depend on the text; three things keep them away, without which a vector's cosine with the float
model's is 0.9966 and with which it is 0.9996 (XQuAD-vi and MLQA-vi, mean over questions and sentences):

- In seven layers one neuron of the feed-forward part reaches 12 to 63 where all others stay below 8 (_LONE_NEURONS).
  It is computed apart, in float32, and is 0 in the int8 part.
- Six coordinates of what comes out of a layer norm are several times the others (_LOUD). They are divided by a power
  of two before they are quantised, and their columns of the matrix multiplied by it ("SmoothQuant", Xiao 2023).
- Rows are scaled so that no two neighbours of a column add up to more than 128. A CPU without VNNI adds products of two
  neighbours in 16 bits, and would cut off what is larger: 0.003 of the cosine. So every machine computes the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from embeddings.e5s1 import BLOCK_VALUES, Checkpoint, Progress

# Both tables: largest values over 120 questions and sentences of XQuAD-vi, for the weights whose SHA-256 is
# bundled_model.WEIGHTS_SHA256. They decide how exact a vector is, not what it means.
_LONE_NEURONS = {0: 318, 1: 1462, 2: 354, 4: 778, 5: 658, 6: 1152, 7: 413}  # layer: neuron
_LOUD = {15: 4.0, 35: 4.0, 87: 2.0, 146: 2.0, 297: 2.0, 321: 2.0}  # coordinate: what it is divided by

_OPSET, _IR_VERSION = 18, 10  # 18: ReduceMean and ReduceL2 take their axes as an input
_CONTRIBUTED = "com.microsoft"  # ONNX Runtime's own operators
_IN_THE_GRAPH = 1024  # bytes; larger tensors go into the file of weights, which is mapped into memory
_INT8, _PAIR = 127, 127.5  # of a pair each half may be rounded up by 0.5; 255 * 128 is below 2^15


def write(checkpoint: Checkpoint, file: Path, weights: str, progress: Progress) -> None:
    """Write the graph into `file`, and its weights beside it into a file of that name."""
    model = _model(checkpoint, progress)
    progress(0.7, "writing")
    onnx.save_model(model, file, save_as_external_data=True, location=weights, size_threshold=_IN_THE_GRAPH)
    progress(0.9, "checking")


def quantized(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`matrix` [out, in] as int8 [out, in] and scales (out,): a value is about int8 * scale.

    Of the columns 0 and 1, 2 and 3 … no two values of a row add up to more than 128 or less than -128.
    """
    pairs = np.abs(matrix.reshape(len(matrix), -1, 2).sum(axis=2)).max(axis=1)
    scales = np.maximum(np.abs(matrix).max(axis=1) / _INT8, pairs / _PAIR).astype(np.float32)
    scales[scales == 0] = 1
    return np.rint(matrix / scales[:, None]).clip(-_INT8, _INT8).astype(np.int8), scales


class _Graph:
    """Nodes and weights, in the order in which they are made."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, onnx.TensorProto] = {}

    def weight(self, name: str, value: np.ndarray) -> str:
        if name not in self.weights:
            self.weights[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def several(self, count: int, operator: str, *inputs: str, **attributes: Any) -> list[str]:
        """The names of what a new node gives."""
        outputs = [f"{operator}.{len(self.nodes)}.{number}" for number in range(count)]
        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs

    def op(self, operator: str, *inputs: str, **attributes: Any) -> str:
        return self.several(1, operator, *inputs, **attributes)[0]

    def contributed(self, operator: str, *inputs: str, **attributes: Any) -> str:
        return self.op(operator, *inputs, domain=_CONTRIBUTED, **attributes)

    def int8(self, x: str, name: str, matrix: np.ndarray, bias: np.ndarray) -> str:
        """`x` [tokens, in] times `matrix` [out, in], plus `bias`."""
        values, scales = quantized(matrix)
        inputs = self.weight(f"{name}.int8", values.T), self.weight(f"{name}.scale", scales), ""
        return self.contributed("DynamicQuantizeMatMul", x, *inputs, self.weight(f"{name}.bias", bias))


def _model(checkpoint: Checkpoint, progress: Progress) -> onnx.ModelProto:
    header, graph = checkpoint.header, _Graph()
    axis = graph.weight("axis0", np.array([0]))
    progress(0.1, "weights")
    x = _embedded(checkpoint, graph, "ids")
    for layer in range(header.layers):
        progress(0.1 + 0.6 * layer / header.layers, "weights")
        x = _layer(checkpoint, graph, layer, x)
    mean = graph.op("ReduceMean", x, axis, keepdims=0)
    length = graph.op("ReduceL2", mean, axis, keepdims=1)
    graph.nodes.append(helper.make_node("Div", [mean, length], ["vector"]))
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["tokens"])],
            [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [header.hidden])],
            list(graph.weights.values()),
        ),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIBUTED, 1)],
        ir_version=_IR_VERSION,
    )


def _embedded(checkpoint: Checkpoint, graph: _Graph, ids: str) -> str:
    """Word, position and type, normalised: [tokens, hidden]."""
    hidden = checkpoint.header.hidden
    levels, scales = checkpoint.blocks("emb.word")
    packed = (levels[:, 0::2] | (levels[:, 1::2] << 4)).reshape(-1, hidden // 2)  # the even one in the low four bits
    words = graph.contributed(
        "GatherBlockQuantized",
        graph.weight("words.levels", packed),
        ids,
        graph.weight("words.scales", scales.reshape(-1, hidden // BLOCK_VALUES)),
        bits=4,
        block_size=BLOCK_VALUES,
        gather_axis=0,
        quantize_axis=1,
    )
    places = checkpoint.values("emb.pos").reshape(-1, hidden) + checkpoint.values("emb.type")[:hidden]
    start = graph.weight("axis0", np.array([0]))
    here = graph.op("Slice", graph.weight("places", places), start, graph.op("Shape", ids))
    return _normalized(checkpoint, graph, graph.op("Add", words, here), "emb.ln")


def _layer(checkpoint: Checkpoint, graph: _Graph, layer: int, x: str) -> str:
    """Attention and feed-forward, each added to what it came from and normalised: [tokens, hidden]."""
    prefix = f"l{layer}."
    attended = _attention(checkpoint, graph, prefix, x)
    x = _normalized(checkpoint, graph, graph.op("Add", x, attended), prefix + "aln")
    lone = _LONE_NEURONS.get(layer)
    before = x if lone is None else _with_lone_neuron(checkpoint, graph, prefix, x, lone)
    matrix, bias = _dense(checkpoint, prefix + "fi")
    back, back_bias = _dense(checkpoint, prefix + "fo")
    if lone is not None:
        matrix[lone], bias[lone], back[:, lone] = 0, 0, 0
    inner = graph.contributed("Gelu", _quietly(graph, x, prefix + "fi", matrix, bias))
    return _normalized(
        checkpoint, graph, graph.op("Add", before, graph.int8(inner, prefix + "fo", back, back_bias)), prefix + "oln"
    )


def _attention(checkpoint: Checkpoint, graph: _Graph, prefix: str, x: str) -> str:
    """Queries, keys and values in one product: what goes in is quantised once."""
    matrices, biases = zip(*(_dense(checkpoint, prefix + part) for part in "qkv"), strict=True)
    together = _quietly(graph, x, prefix + "qkv", np.concatenate(matrices), np.concatenate(biases))
    axis = graph.weight("axis0", np.array([0]))
    parts = graph.several(3, "Split", graph.op("Unsqueeze", together, axis), axis=-1, num_outputs=3)
    attended = graph.contributed("MultiHeadAttention", *parts, num_heads=checkpoint.header.heads)
    return graph.int8(graph.op("Squeeze", attended, axis), prefix + "ao", *_dense(checkpoint, prefix + "ao"))


def _with_lone_neuron(checkpoint: Checkpoint, graph: _Graph, prefix: str, x: str, neuron: int) -> str:
    """`x` and what the one neuron makes of it, in float32."""
    (matrix, bias), (back, _) = _dense(checkpoint, prefix + "fi"), _dense(checkpoint, prefix + "fo")
    inputs = graph.weight(prefix + "lone.in", matrix[[neuron]].T), graph.weight(prefix + "lone.bias", bias[[neuron]])
    alone = graph.contributed("Gelu", graph.op("Gemm", x, *inputs))
    return graph.op("Gemm", alone, graph.weight(prefix + "lone.out", back[:, [neuron]].T), x)


def _quietly(graph: _Graph, x: str, name: str, matrix: np.ndarray, bias: np.ndarray) -> str:
    """The int8 product, its loud coordinates brought down on one side and up on the other."""
    factors = np.ones(matrix.shape[1], np.float32)
    factors[list(_LOUD)] = list(_LOUD.values())
    quiet = graph.op("Mul", x, graph.weight("quiet", 1 / factors))
    return graph.int8(quiet, name, matrix * factors, bias)


def _normalized(checkpoint: Checkpoint, graph: _Graph, x: str, name: str) -> str:
    """Layer norm. Not fused with the Add before it: SkipLayerNormalization takes ten times as long on a CPU."""
    weights = [graph.weight(f"{name}.{which}", checkpoint.values(f"{name}.{which}")) for which in "wb"]
    return graph.op("LayerNormalization", x, *weights, axis=-1, epsilon=checkpoint.header.epsilon)


def _dense(checkpoint: Checkpoint, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(matrix [out, in], bias (out,)), float32, ours to change."""
    bias = checkpoint.values(f"{name}.b").copy()
    return checkpoint.values(f"{name}.w").reshape(len(bias), -1).copy(), bias
