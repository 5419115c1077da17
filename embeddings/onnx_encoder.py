"""The bundled model on ONNX Runtime. The only module that imports onnxruntime.

Texts are encoded one by one, each by one thread, so a vector is the same to the last bit whatever else is asked for at
the same time. Several texts are shared out among threads (onnx_threads says how many). Two threads on one question
would bring 3.7 ms down to 2.9 where nothing else runs, and up to 13 where something does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embeddings import bundled_model, onnx_threads
from embeddings.e5s1 import MAX_TOKENS, Progress
from embeddings.errors import ModelError
from embeddings.prefixes import prefixes
from embeddings.processors import processors
from embeddings.settings import Encoder as EncoderSettings
from embeddings.settings import default_cache_dir
from embeddings.tokenizing import Tokenizer

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_MANY = 256  # texts: so many are worth finding out how they are encoded fastest
_SAMPLE = [
    "passage: Ban Chấp hành Đảng bộ huyện họp bàn về sản xuất vụ đông xuân và xây dựng nông thôn mới ở các xã."
] * 48
_AT_ONCE = 8  # texts that a thread takes from the pile
_SILENT = 4  # what goes wrong is raised; a log of its own would go to the terminal


class OnnxEncoder:
    """The bundled model, on the CPU. Safe for several threads; loaded at the first text."""

    def __init__(self, settings: EncoderSettings, progress: Progress | None = None) -> None:
        self._settings = settings
        self._progress = progress
        self._prefixes = prefixes(settings)
        self._model: _Model | None = None
        self._loading = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """Weights, their form, prefixes and token limit: whatever changes a vector. Known without loading the model."""
        query, passage = self._prefixes
        return f"{bundled_model.identity()} {query!r} {passage!r} {self._settings.max_tokens}"

    def encode_passages(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> np.ndarray:
        return self._loaded().encode([self._prefixes.passage + text for text in texts], done)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self._loaded().encode([self._prefixes.query + text for text in texts], None)

    def warm_up(self) -> None:
        self.encode_queries(["a"])

    def _loaded(self) -> _Model:
        """The model; loaded once, whoever asks first and however many wait."""
        with self._loading:
            if self._model is None:
                cache_dir = self._settings.cache_dir or default_cache_dir()
                folder = bundled_model.ensure(cache_dir, self._progress)
                self._model = _Model(folder, min(self._settings.max_tokens, MAX_TOKENS))
            return self._model


class _Model:
    """One unpacked folder, loaded."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit  # tokens
        self._session = _load(folder)
        self._dim: int = self._session.get_outputs()[0].shape[0]
        try:
            self._tokenizer = Tokenizer(folder / bundled_model.PIECES)
        except (OSError, ValueError) as error:
            raise _damaged(folder, error) from error
        self._threads: int | None = None  # known at the first build: a question needs one
        self._pool = cache(partial(ThreadPoolExecutor, thread_name_prefix="encoder"))  # by how many threads

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None) -> np.ndarray:
        """(len(texts), dim) float32, unit rows. `done` is called in the thread that called."""
        return self._encode(texts, done, self._best_threads() if len(texts) >= _MANY else processors())

    def _best_threads(self) -> int:
        if self._threads is None:
            self._threads = onnx_threads.chosen(
                self._folder,
                processors(),
                _version(),
                lambda threads: onnx_threads.clocked(lambda: self._encode(_SAMPLE, None, threads)),
            )
        return self._threads

    def _encode(self, texts: Sequence[str], done: Callable[[int], None] | None, threads: int) -> np.ndarray:
        vectors = np.empty((len(texts), self._dim), np.float32)

        def encode(rows: Sequence[int]) -> int:
            for row in rows:
                vectors[row] = self._vector(texts[row])
            return len(rows)

        shares = _shares(texts, threads)
        run = self._pool(threads).map if len(texts) > 1 else map
        for count in run(encode, shares):
            if done is not None:
                done(count)
        return vectors

    def _vector(self, text: str) -> np.ndarray:
        ids = np.array(self._tokenizer.encode(text, self._limit), np.int64)
        try:
            (vector,) = self._session.run(None, {"ids": ids})
        except Exception as error:
            raise _damaged(self._folder, error) from error
        return np.asarray(vector)


def _shares(texts: Sequence[str], processors: int) -> list[list[int]]:
    """The rows of `texts` in small shares, longest texts first: no thread is left with much at the end."""
    rows = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
    size = min(max(len(rows) // (4 * processors), 1), _AT_ONCE)
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def _load(folder: Path) -> InferenceSession:
    try:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # a text is computed by the thread that asks
        options.enable_mem_pattern = False  # it keeps a plan for every length that it has seen
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL  # see onnx_model._normalized
        options.log_severity_level = _SILENT
        return ort.InferenceSession(str(folder / bundled_model.GRAPH), options, providers=["CPUExecutionProvider"])
    except ImportError as error:
        raise ModelError(
            f"The bundled embedding model needs the package 'onnxruntime', which cannot be imported "
            f"({_first_line(error)}). Install the project's requirements: pip install -r requirements.lock"
        ) from error
    except Exception as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> ModelError:
    return ModelError(
        f"The embedding model in {folder} cannot be run ({_first_line(error)}). "
        "Delete that folder; it is made again at the next start."
    )


def _version() -> str:
    return metadata.version("onnxruntime")


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
