"""The house tests itself: documents, settings, pins and code say the same."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from embeddings import lexicon
from embeddings.settings import ANSWERING_SECTIONS, IndexSettings, load
from qa_bot.cli import _parser as qa_bot_parser
from qa_bot.commands import COMMANDS
from qa_bot.settings import BotSettings
from tests.fakes import ROOT

README = (ROOT / "README.md").read_text("utf-8")
DOCS = {path.name: path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md")}


def test_the_settings_file_equals_the_defaults() -> None:
    assert load(BotSettings, ROOT / "config" / "qa-bot.toml", {}) == BotSettings()


def test_the_settings_file_names_every_setting() -> None:
    text = (ROOT / "config" / "qa-bot.toml").read_text("utf-8")
    for section, field in BotSettings.model_fields.items():
        assert f"[{section}]" in text
        for key in type(field.default).model_fields:
            assert re.search(rf"^(?:# )?{key} = ", text, re.MULTILINE), f"{section}.{key}"


def test_both_commands_know_the_same_sections() -> None:
    assert set(BotSettings.model_fields) - set(IndexSettings.model_fields) == ANSWERING_SECTIONS


def test_the_word_lists_load_and_hold_no_empty_phrase() -> None:
    words = lexicon.load()
    for phrases in (
        words.boilerplate,
        words.endings,
        words.question_words,
        words.bare_question_words,
        words.date_words,
    ):
        assert phrases
        assert "" not in phrases


def test_readme_and_docs_name_every_command() -> None:
    for name in _subcommands():
        assert f"qa-bot {name}" in README, name
    assert "rebuild-index" in README
    for command in COMMANDS:
        assert f":{command.name}" in DOCS["asking.md"], command.name


def test_every_command_that_the_documents_name_is_there() -> None:
    for name, text in {"README.md": README, **DOCS}.items():
        assert set(re.findall(r"qa-bot ([a-z]+)(?![\w.])", text)) <= _subcommands() | {"telegram"}, name


def test_every_make_target_that_the_readme_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert {"chat", "ask", "test", "check", "bench", "clean", "help"} <= targets
    assert set(re.findall(r"make ([a-z]+)", README)) <= targets


def test_links_between_the_documents_lead_somewhere() -> None:
    for folder, texts in ((ROOT, {"README.md": README}), (ROOT / "docs", DOCS)):
        for name, text in texts.items():
            for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
                assert (folder / target).exists(), f"{name}: {target}"


def test_what_is_pinned_is_locked_and_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    locked = _locked("requirements.lock") | _locked("requirements-dev.lock")
    wanted = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    for requirement in wanted:
        name, version = requirement.split("==")
        assert locked[_canonical(name)] == version
    for name, version in locked.items():
        assert metadata.version(name).split("+")[0] == version, name


def test_the_lock_files_name_no_index_and_no_machine() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        assert "://" not in text
        assert "--hash" not in text


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, qa_bot.cli, embeddings.__main__\n"
        "heavy = ('torch', 'sentence_transformers', 'onnx', 'onnxruntime', 'pymilvus', 'ray',\n"
        "         'faiss', 'tantivy', 'prompt_toolkit', 'rich', 'telegram',\n"
        "         'tornado', 'prometheus_client', 'httpx')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"


def test_nothing_unpickles() -> None:
    for package in ("embeddings", "qa_bot"):
        for path in Path(ROOT, package).rglob("*.py"):
            assert not re.search(
                r"^\s*(?:import|from) (?:pickle|marshal|shelve|joblib)", path.read_text("utf-8"), re.MULTILINE
            ), path


def _subcommands() -> set[str]:
    return set(re.findall(r"^    ([a-z]+)(?: |$)", qa_bot_parser().format_help(), re.MULTILINE))


def _locked(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {_canonical(package): version for package, version in pairs}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
