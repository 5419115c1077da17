"""How fast the bundled model starts and encodes, and how exactly, beside the same weights in float32.

    python -m benchmarks.encoding DATA_FOLDER [--standard]

DATA_FOLDER holds xquad.vi.json. Prints one `name: value` a line, by the clock and by the processor's time: where other
programs run at the same time, compare the latter. --standard: sentence-transformers with torch in float32 instead.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import corpora
from embeddings import bundled_model
from embeddings.encoders import Encoder, SentenceTransformersEncoder
from embeddings.onnx_encoder import OnnxEncoder
from embeddings.settings import Encoder as EncoderSettings
from embeddings.settings import default_cache_dir
from embeddings.tokenizing import Tokenizer

QUESTIONS, SENTENCES, LONG = 60, 300, 40
ROUNDS = 5
_COLD = """
import time
started = time.perf_counter()
from {module} import {name}
from embeddings.settings import Encoder
{name}(Encoder()).encode_queries(["Ai là bí thư huyện ủy?"])
print(time.perf_counter() - started)
"""


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """(seconds of the clock, seconds of all processors)"""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def cold(kind: type) -> float:
    """Seconds from the import to the first vector, in a process of its own; the fastest of three."""
    program = _COLD.format(module=kind.__module__, name=kind.__name__)
    run = [sys.executable, "-c", program]
    return min(float(subprocess.run(run, capture_output=True, text=True, check=True).stdout) for _ in range(3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--standard", action="store_true")
    options = parser.parse_args()
    kind: type[OnnxEncoder] | type[SentenceTransformersEncoder]
    kind = SentenceTransformersEncoder if options.standard else OnnxEncoder
    encoder: Encoder = kind(EncoderSettings())
    encoder.warm_up()  # unpacked, if it was not yet
    print(f"cold_first_vector_s: {cold(kind):.2f}")

    dataset = corpora.xquad(options.data)
    chosen = np.random.default_rng(0)
    questions = [dataset.questions[i].text for i in chosen.permutation(len(dataset.questions))[:QUESTIONS]]
    paragraphs = [dataset.paragraphs[i] for i in chosen.permutation(len(dataset.paragraphs))]
    sentences = [sentence for paragraph in paragraphs for sentence in paragraph.split(". ")][:SENTENCES]
    tokenizer = Tokenizer(bundled_model.ensure(default_cache_dir()) / bundled_model.PIECES)

    single = [measured(partial(encoder.encode_queries, [question])) for question in questions * ROUNDS]
    for number, name in enumerate(("clock", "processor")):
        times = [1000 * pair[number] for pair in single]
        print(f"hot_question_{name}_ms: p10 {np.percentile(times, 10):.1f} p50 {np.percentile(times, 50):.1f}")
    for name, texts in (("sentences", sentences), ("paragraphs", paragraphs[:LONG])):
        tokens = sum(len(tokenizer.encode("passage: " + text)) for text in texts)
        clock, processor = np.min([measured(partial(encoder.encode_passages, texts)) for _ in range(ROUNDS)], axis=0)
        print(f"{name}_tokens_per_s: {tokens / clock:.0f}, per second of one processor {tokens / processor:.0f}")
    print(f"memory_peak_mb: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f}")
    if not options.standard:
        reference = SentenceTransformersEncoder(EncoderSettings())
        cosines = (encoder.encode_passages(sentences) * reference.encode_passages(sentences)).sum(axis=1)
        print(f"cosine_with_float32: mean {cosines.mean():.4f} lowest {cosines.min():.4f}")


if __name__ == "__main__":
    main()
