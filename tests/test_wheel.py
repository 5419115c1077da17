"""The wheel, installed in an environment of its own far from this folder, answers a question."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from typing import TYPE_CHECKING

from tests.fakes import ROOT, SEEDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def test_the_wheel_works_without_the_repository(tmp_path: Path, model_cache: Path) -> None:
    """Dependencies come from the environment that runs this test, by path; the project from the wheel alone."""
    _run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--no-deps",
            "--no-build-isolation",
            "-q",
            "-w",
            tmp_path / "dist",
            ROOT,
        ],
        tmp_path,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    home = tmp_path / "elsewhere"
    venv.create(home / "env", with_pip=True)
    python = home / "env" / "bin" / "python"
    _run([python, "-m", "pip", "install", "--no-index", "--no-deps", "-q", wheel], home)
    site = _run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], home).strip()
    with open(
        f"{site}/borrowed.pth", "w", encoding="utf-8"
    ) as file:  # a folder added so has its own .pth files ignored
        file.write(sysconfig.get_path("purelib") + "\n")

    where = _run([python, "-c", "import embeddings, qa_bot; print(embeddings.__file__, qa_bot.__file__)"], home)
    assert all(path.startswith(str(home)) for path in where.split())
    source = home / "seeds"
    source.mkdir()
    (source / "song-lo.txt").write_bytes((SEEDS / "song-lo.txt").read_bytes())
    environment = {**os.environ, "QA_BOT_ENCODER_CACHE_DIR": str(model_cache)}
    _run([home / "env" / "bin" / "rebuild-index"], home, environment)
    asked: list[str | Path] = [home / "env" / "bin" / "qa-bot", "ask", "Ai viết bài về Sông Lô?", "--json"]
    assert "Hồng Chiến" in json.loads(_run(asked, home, environment))["answer"]


def _run(command: Sequence[str | Path], folder: Path, environment: dict[str, str] | None = None) -> str:
    result = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
