"""The command as people run it: `python -m embeddings`, with the real model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from embeddings.bundled_model import identity
from embeddings.console import one_line
from embeddings.generations import builder_lock, read_manifest
from embeddings.index import open_index
from embeddings.readers import KNOWN
from tests.fakes import ROOT


def command(cwd: Path, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    variables = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LANG": "en_US.UTF-8",
        "LC_ALL": "",
        "COLUMNS": "100",
        **environment,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "embeddings", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        cwd=cwd,
        env=variables,
    )


def run(cwd: Path, *arguments: object, **environment: str) -> tuple[int, str, str]:
    child = command(cwd, *arguments, **environment)
    out, err = child.communicate(timeout=120)
    return child.returncode, out, err


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with seeds/ of one short article and one file that cannot be read."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "seeds").mkdir()
    (folder / "seeds" / "bai.txt").write_text(
        "Huyện Hải Hậu trồng cây\n\nNăm 2021, huyện Hải Hậu trồng thêm 14.500 cây xanh.\n", "utf-8"
    )
    (folder / "seeds" / "hong\x1b[2J.txt").write_bytes(b"B\xb5i")
    return folder


@pytest.fixture(scope="module")
def first_run(home: Path, model_cache: Path) -> tuple[int, str, str]:
    return run(home, QA_BOT_ENCODER_CACHE_DIR=str(model_cache))


def rows(table: str) -> dict[str, str]:
    cells = [
        [cell.strip() for cell in line.strip("│|").split("│" if "│" in line else "|")] for line in table.splitlines()
    ]
    return {row[0]: row[1] for row in cells if len(row) == 2}


def test_a_build_ends_with_a_table_and_code_zero(first_run: tuple[int, str, str], home: Path) -> None:
    code, out, err = first_run
    assert (code, err) == (0, "")
    assert out.startswith("Index generation 1 · index")
    table = rows(out)
    assert (table["Articles"], table["Reused"], table["Skipped"]) == ("1", "0", "1")
    assert table["Encoded"] == table["Sentences"] != "0"
    assert float(table["Passages per second"]) > 0
    assert table["Size"].endswith(" MB")
    assert "\x1b" not in out
    assert "seeds/hong\ufffd[2J.txt: not UTF-8 (byte 1)" in out
    manifest = read_manifest(home / "index" / "generations" / "000001")
    assert manifest.fingerprint.startswith(identity())
    open_index(home / "index", manifest.fingerprint).close()


def test_a_second_build_finds_nothing_new_and_loads_no_model(first_run: tuple[int, str, str], home: Path) -> None:
    assert first_run[0] == 0
    code, out, err = run(home, QA_BOT_ENCODER_CACHE_DIR="/nowhere")
    assert (code, err) == (0, "")
    assert rows(out)["Encoded"] == "nothing new"
    assert out.startswith("Index generation 1")


@pytest.mark.parametrize(("language", "word"), [("vi_VN.UTF-8", "Bài viết"), ("en_GB.UTF-8", "Articles")])
def test_the_table_speaks_the_users_language(
    language: str, word: str, first_run: tuple[int, str, str], home: Path
) -> None:
    assert first_run[0] == 0
    assert rows(run(home, LANG=language)[1])[word] == "1"


def test_a_terminal_without_vietnamese_letters_is_no_reason_to_fail(
    first_run: tuple[int, str, str], home: Path
) -> None:
    assert first_run[0] == 0
    code, out, err = run(home, LANG="vi_VN", PYTHONIOENCODING="ascii")
    assert (code, err) == (0, "")
    assert "B?i vi?t" in out


def test_an_index_folder_of_any_name_is_shown_as_it_is(first_run: tuple[int, str, str], home: Path) -> None:
    assert first_run[0] == 0
    odd = home / "[red]x[" / "b]"
    odd.parent.mkdir()
    (home / "index").rename(odd)
    code, out, err = run(home, "--index", "[red]x[/b]")
    odd.rename(home / "index")
    assert (code, err) == (0, "")
    assert out.startswith("Index generation 1 · [red]x[/b]")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--source", "nowhere"],
            "The articles folder 'nowhere' does not exist. "
            "Name a folder or file with --source, or set articles.source.",
        ),
        (
            ["--source", "void"],
            f"There is no article in void. Put files there that can be read: {KNOWN}. The old index stays as it is.",
        ),
        (
            ["--config", "none.toml"],
            "The settings file none.toml cannot be read (No such file or directory). Check --config.",
        ),
        (["--config", "bad.toml"], "Unknown setting encoder.modell in bad.toml. Did you mean 'model'?"),
        (
            ["--index", "seeds/bai.txt"],
            "The index folder seeds/bai.txt cannot be written (File exists). Choose another: --index",
        ),
    ],
)
def test_an_expected_error_is_one_line_and_code_one(arguments: list[str], message: str, home: Path) -> None:
    (home / "void").mkdir(exist_ok=True)
    (home / "bad.toml").write_text("[encoder]\nmodell = 'x'\n", "utf-8")
    assert run(home, *arguments) == (1, "", f"rebuild-index: {message}\n")


def test_an_unknown_model_is_one_line_without_a_network(home: Path) -> None:
    code, out, err = run(home, "--index", "other", QA_BOT_ENCODER_MODEL="nobody/nothing")
    assert (code, out) == (1, "")
    assert err.startswith("rebuild-index: The embedding model 'nobody/nothing' is neither a folder nor in")
    assert err.count("\n") == 1


def test_a_build_beside_another_is_told_who_builds(home: Path) -> None:
    with builder_lock(home / "busy"):
        code, out, err = run(home, "--index", "busy")
    assert (code, out) == (1, "")
    assert err == f"rebuild-index: Another build of busy is running (process {os.getpid()}). Wait for it to end.\n"


def test_an_interrupt_is_one_line_and_code_130(home: Path) -> None:
    os.mkfifo(home / "settings.toml")
    child = command(home, "--config", "settings.toml")
    with (home / "settings.toml").open("w"):  # opens when the command has begun to read its settings
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, "")
    assert err == "rebuild-index: interrupted; the old index still serves, and what was encoded is kept.\n"


def test_wrong_usage_is_code_two(home: Path) -> None:
    code, _, err = run(home, "--sauce", "x")
    assert code == 2
    assert "unrecognized arguments: --sauce x" in err


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\nb", "a b"), ("\x1b[2J\x9b", "\ufffd[2J\ufffd"), ("\u202etxt", "\ufffdtxt"), ("Mèo Vạc", "Mèo Vạc")],
)
def test_what_is_said_is_one_line_without_control_characters(text: str, shown: str) -> None:
    assert one_line(text) == shown
