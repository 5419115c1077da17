"""Embedding models behind one Protocol. The only module that imports sentence_transformers.

The bundled model runs on ONNX Runtime (embeddings.onnx_encoder), any other one, a folder or a name, on
sentence-transformers. Either comes down to a folder, whose content gives the fingerprint; the model itself is loaded
at the first text.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from embeddings import bundled_model
from embeddings.e5s1 import Progress
from embeddings.errors import ModelError
from embeddings.onnx_encoder import OnnxEncoder
from embeddings.prefixes import prefixes
from embeddings.settings import Encoder as EncoderSettings
from embeddings.settings import default_cache_dir

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BatchDone = Callable[[int], None]
"""Called with the number of texts just encoded."""


class Encoder(Protocol):
    """Texts to unit vectors. Two indexes can be compared only when their encoders' fingerprints are equal."""

    @property
    def fingerprint(self) -> str: ...

    def encode_passages(self, texts: Sequence[str], done: BatchDone | None = None) -> np.ndarray:
        """(len(texts), dim) float32, unit rows."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        """(len(texts), dim) float32, unit rows."""
        ...

    def warm_up(self) -> None:
        """Load what the first text would otherwise wait for."""
        ...


def make_encoder(settings: EncoderSettings, progress: Progress | None = None) -> Encoder:
    """The encoder of the configured model. `progress` hears how far the bundled model is unpacked."""
    if settings.model == "bundled":
        return OnnxEncoder(settings, progress)
    return SentenceTransformersEncoder(settings, progress)


class SentenceTransformersEncoder:
    """Any sentence-transformers model, on the CPU; the bundled one too, in float32, to compare with."""

    def __init__(self, settings: EncoderSettings, progress: Progress | None = None) -> None:
        self._settings = settings
        self._progress = progress
        self._model: SentenceTransformer | None = None
        self._loading = threading.Lock()
        self._prefixes = prefixes(settings)
        self._fingerprint: str | None = None

    @property
    def fingerprint(self) -> str:
        """Weights, prefixes and token limit: whatever changes a vector. Known without loading the model."""
        if self._fingerprint is None:
            bundled = self._settings.model == "bundled"
            name = self._settings.model
            weights = bundled_model.standard_identity() if bundled else _folder_identity(self._folder(), name)
            query, passage = self._prefixes
            self._fingerprint = f"{weights} {query!r} {passage!r} {self._settings.max_tokens}"
        return self._fingerprint

    def encode_passages(self, texts: Sequence[str], done: BatchDone | None = None) -> np.ndarray:
        return self._encode([self._prefixes.passage + text for text in texts], done)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self._encode([self._prefixes.query + text for text in texts], None)

    def warm_up(self) -> None:
        self.encode_queries(["a"])

    def _encode(self, texts: list[str], done: BatchDone | None) -> np.ndarray:
        """Batches hold texts of like length, longest first: little padding, and memory peaks at the start."""
        model = self._loaded()
        size = self._settings.batch_size
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        vectors = np.empty((len(texts), _dimension(model)), np.float32)
        for at in range(0, len(order), size):
            rows = order[at : at + size]
            batch = model.encode(
                [texts[i] for i in rows], batch_size=size, normalize_embeddings=True, show_progress_bar=False
            )
            vectors[rows] = np.asarray(batch, np.float32)
            if done is not None:
                done(len(rows))
        return vectors

    def _loaded(self) -> SentenceTransformer:
        """The model; loaded once, whoever asks first and however many wait."""
        with self._loading:
            if self._model is None:
                self._model = _load(self._folder(), self._settings)
            return self._model

    def _folder(self) -> Path:
        name = self._settings.model
        cache_dir = self._settings.cache_dir or default_cache_dir()
        if name == "bundled":
            return bundled_model.ensure_standard(cache_dir, self._progress)
        if Path(name).is_dir():
            return Path(name)
        return _from_hub(name, cache_dir)


def _load(folder: Path, settings: EncoderSettings) -> SentenceTransformer:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call] # the library's own gap
        transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call] # likewise
        logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # chatter of the libraries below, none of it for our users
            model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except ImportError as error:
        raise _not_installed(error) from error
    except Exception as error:
        raise ModelError(
            f"The embedding model in {folder} cannot be loaded ({_first_line(error)}). "
            "Check encoder.model, or delete that folder if it is in the cache."
        ) from error
    model.max_seq_length = min(settings.max_tokens, model.max_seq_length or settings.max_tokens)
    return model


def _not_installed(error: ImportError) -> ModelError:
    return ModelError(
        f"Another embedding model than the bundled one needs sentence-transformers ({_first_line(error)}). "
        'Install it: pip install -r requirements.lock, or set encoder.model = "bundled".'
    )


def _dimension(model: SentenceTransformer) -> int:
    size = model.get_embedding_dimension()
    if size is None:
        raise ModelError("The embedding model does not say how long its vectors are; choose another (encoder.model).")
    return size


def _from_hub(name: str, cache_dir: Path) -> Path:
    """The local snapshot of a hub model, fetched when it is not there yet and the network allows it."""
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError
    except ImportError as error:
        raise _not_installed(error) from error

    hub = cache_dir / "hub"
    try:
        try:
            return Path(snapshot_download(name, cache_dir=hub, local_files_only=True))
        except LocalEntryNotFoundError:
            return Path(snapshot_download(name, cache_dir=hub))
    except Exception as error:
        raise ModelError(
            f"The embedding model {name!r} is neither a folder nor in {hub}, and could not be fetched "
            f'({_first_line(error)}). Give a folder, connect once, or use encoder.model = "bundled".'
        ) from error


def _folder_identity(folder: Path, name: str) -> str:
    """Name and a hash over the folder: small files whole, of large ones the size and both ends (1 MB each)."""
    ends = 1_000_000
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(ends))
            if size > ends:
                file.seek(max(ends, size - ends))
                digest.update(file.read())
    return f"{Path(name).name}@{digest.hexdigest()[:12]}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
