"""A whole installation in a folder of its own, for the doctor to look at: articles, index, caches, model, state."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from embeddings import bundled_model, generations, pipeline
from embeddings.messages import Language
from embeddings.settings import Articles, Encoder, Index
from qa_bot.doctor import Finding, Repaired, examine, repair_all
from qa_bot.doctor.table import report
from qa_bot.settings import BotSettings, State, Telegram
from tests.fakes import HashingEncoder, write_articles

FINGERPRINT = HashingEncoder().fingerprint
TOKEN = "123456789:" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456_-"


@dataclass(frozen=True)
class Home:
    folder: Path

    @property
    def settings(self) -> BotSettings:
        return BotSettings(
            articles=Articles(source=(self.folder / "articles",)),
            index=Index(dir=self.folder / "index"),
            encoder=Encoder(cache_dir=self.folder / "models"),
            state=State(dir=self.folder / "state"),
            telegram=Telegram(token=SecretStr(TOKEN), admins=(7,)),
        )

    @property
    def index(self) -> Path:
        return self.folder / "index"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def database(self) -> Path:
        return self.folder / "state" / "telegram.sqlite"

    @property
    def model(self) -> Path:
        return self.folder / "models" / bundled_model.identity()

    def generation(self, number: int) -> Path:
        return generations.folder_of(self.index, number)

    def build(self, *, full: bool = False) -> None:
        pipeline.build(self.settings, HashingEncoder(), full=full)

    def look(self, **changes: object) -> list[Finding]:
        """What the doctor finds, having said it in both languages to terminals wide and narrow."""
        findings = examine(self.settings.model_copy(update=changes), FINGERPRINT, environment={})
        for language in ("vi", "en"):
            for width in (40, 200):
                assert TOKEN not in shown(findings, [], language, width)
        return findings

    def repair(self) -> list[Repaired]:
        repaired = repair_all(self.look())
        for language in ("vi", "en"):
            shown(self.look(), repaired, language)
        return repaired

    def files(self) -> dict[str, bytes]:
        """Every file there is, and what is in it."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


def shown(findings: list[Finding], repaired: list[Repaired], language: Language, width: int = 200) -> str:
    """The table as text; nothing in it steers a terminal."""
    out = io.StringIO()
    Console(file=out, width=width, no_color=True).print(report(findings, repaired, language))
    text = out.getvalue()
    assert not {"\x1b", "\x07", "\r", "\u202e", "\u2028"} & set(text)
    return text


def wrong(findings: list[Finding]) -> list[tuple[str, str]]:
    """(state, message) of what is not good."""
    return [(finding.state, finding.what.name) for finding in findings if finding.state != "good"]


def write_model(folder: Path) -> Path:
    """A model folder as a conversion leaves it, with small files."""
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 40)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}), "utf-8")
    bundled_model._seal(folder)
    return folder


def make_home(folder: Path, articles: int = 3) -> Home:
    """Two generations, both sound: one article fewer in the first."""
    home = Home(folder)
    for name in ("tmp", "state"):
        (folder / name).mkdir(parents=True)
    for count in (articles - 1, articles):
        write_articles(folder / "articles", count)
        home.build()
    write_model(home.model)
    return home


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("pattern") / "home").folder


@pytest.fixture
def home(pattern: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A healthy installation, one's own to damage; its temporary folder is this process's, and its children's."""
    folder = Path(shutil.copytree(pattern, tmp_path / "home", symlinks=True))
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    return Home(folder)
