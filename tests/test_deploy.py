"""What the unit, the container file and the documents name is there in the program, and no secret is in them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from embeddings.settings import load
from qa_bot.cli import _parser
from qa_bot.settings import BotSettings
from qa_bot.telegram.metrics import Metrics
from qa_bot.telegram_words import TELEGRAM as WORDS
from tests.fakes import ROOT

UNIT = (ROOT / "deploy" / "qa-bot.service").read_text("utf-8")
CONTAINER = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
SETTINGS = ROOT / "deploy" / "qa-bot.toml"
TELEGRAM = (ROOT / "docs" / "telegram.md").read_text("utf-8")
SERVER = (ROOT / "docs" / "server.md").read_text("utf-8")
ALL = {
    "unit": UNIT,
    "container": CONTAINER,
    "settings": SETTINGS.read_text("utf-8"),
    "telegram.md": TELEGRAM,
    "server.md": SERVER,
    "ignore": (ROOT / ".containerignore").read_text("utf-8"),
}
KEYS = {(s, key) for s, field in BotSettings.model_fields.items() for key in type(field.default).model_fields}
SCRIPTS = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"])


def unit(key: str) -> list[str]:
    """The values of `key` in the unit, comments left out."""
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)


def instructions(name: str) -> list[str]:
    """What follows each `name` in the container file, its continuation lines joined."""
    joined = re.sub(r"\\\n\s*", " ", CONTAINER)
    return re.findall(rf"^{name} (.*)$", joined, re.MULTILINE)


@pytest.mark.parametrize("name", ALL)
def test_every_variable_is_a_setting(name: str) -> None:
    known = {f"QA_BOT_{section}_{key}".upper() for section, key in KEYS}
    assert set(re.findall(r"QA_BOT_[A-Z][A-Z_]+[A-Z]", ALL[name])) <= known


@pytest.mark.parametrize("name", ["telegram.md", "server.md"])
def test_every_setting_that_the_documents_name_is_there(name: str) -> None:
    sections = "|".join(BotSettings.model_fields)
    named = re.findall(rf"`({sections})\.([a-z_]+)`", ALL[name])
    assert named
    assert {pair for pair in named if pair[1] != "sqlite"} <= KEYS


@pytest.mark.parametrize("name", ALL)
def test_no_secret_is_in_them(name: str) -> None:
    assert not re.search(r"\d{6,12}:[A-Za-z0-9_-]{30,}", ALL[name])
    values = re.findall(r"(?:TOKEN|SECRET)=([^\s`;]*)", ALL[name])
    assert set(values) <= {"…", '"$$(cat', "16-TO-256-LETTERS-DIGITS-_-AND--"}


def test_the_unit_starts_a_command_that_is_there() -> None:
    (command,) = unit("ExecStart")
    program, *arguments = command.split()
    assert program == "/opt/qa-bot/.venv/bin/qa-bot"
    assert Path(program).name in SCRIPTS
    options = _parser().parse_args(arguments)
    assert options.config == Path("/etc/qa-bot/qa-bot.toml")
    assert command in UNIT.replace(f"ExecStart={command}", "", 1), "the way with a credential starts the same"


def test_the_documents_install_what_the_unit_starts() -> None:
    (command,) = unit("ExecStart")
    (environment,) = unit("EnvironmentFile")
    (user,) = unit("User")
    assert "cd /opt/qa-bot\n    python3 -m venv .venv\n" in SERVER
    assert command.split()[-1] in SERVER
    assert environment in SERVER
    assert re.search(rf"^    useradd .* {user}$", SERVER, re.MULTILINE)
    for path in re.findall(r"\b(?:deploy|config)/[\w.-]+\b", SERVER + UNIT + CONTAINER):
        assert (ROOT / path).exists(), path
    assert (ROOT / urlsplit(unit("Documentation")[0]).path.removeprefix("/opt/qa-bot/")).exists()


def test_the_server_writes_only_where_the_unit_lets_it() -> None:
    settings = load(BotSettings, SETTINGS, {})
    state, cache = Path("/var/lib") / unit("StateDirectory")[0], Path("/var/cache") / unit("CacheDirectory")[0]
    assert unit("ProtectSystem") == ["strict"]
    assert settings.state.dir is not None
    for path in (*settings.articles.source, settings.index.dir, settings.state.dir):
        assert path.is_relative_to(state)
    assert settings.encoder.cache_dir is not None
    assert settings.encoder.cache_dir.is_relative_to(cache)
    assert Path(unit("WorkingDirectory")[0]) == state


def test_the_unit_stops_gently_and_gives_up_in_the_end() -> None:
    assert unit("KillSignal") == ["SIGTERM"]
    assert unit("TimeoutStopSec") == ["30"]
    assert unit("Restart") == ["on-failure"]
    assert int(unit("RestartSec")[0]) * int(unit("StartLimitBurst")[0]) < int(unit("StartLimitIntervalSec")[0])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """With a program and a user that every machine has; whether they exist is checked, too."""
    text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", UNIT, flags=re.MULTILINE)
    text = re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.MULTILINE)
    (tmp_path / "qa-bot.service").write_text(text, "utf-8")
    result = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "qa-bot.service"], capture_output=True, encoding="utf-8", check=False
    )
    assert not [line for line in result.stderr.splitlines() if "qa-bot.service" in line]


def test_the_image_holds_its_folders_where_the_settings_look() -> None:
    (variables,) = [line for line in instructions("ENV") if "QA_BOT_" in line]
    environment = dict(pair.split("=", 1) for pair in variables.split())
    settings = load(BotSettings, Path("/dev/null"), {k: v for k, v in environment.items() if k.startswith("QA_BOT_")})
    folders = {str(settings.articles.source[0]), str(settings.index.dir), str(settings.state.dir)}
    assert folders == {"/data/articles", "/data/index", "/data/state"}
    assert folders == set(re.findall(r'"(.*?)"', instructions("VOLUME")[0]))
    for folder in folders:
        assert f" {folder}" in " ".join(instructions("RUN"))
    assert f"ensure(Path('{settings.encoder.cache_dir}'))" in CONTAINER
    assert instructions("EXPOSE") == [str(settings.telegram.metrics_port)]
    assert f"http://127.0.0.1:{settings.telegram.metrics_port}/health" in instructions("HEALTHCHECK")[0]
    assert settings.telegram.token.get_secret_value() == ""


def test_the_image_starts_a_command_that_is_there_and_is_nobody_special() -> None:
    (command,) = [line for line in instructions("CMD") if line.startswith("[")]
    program, *arguments = re.findall(r'"(.*?)"', command)
    assert program in SCRIPTS
    _parser().parse_args(arguments)
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    assert all(int(user) > 0 for user in instructions("USER"))
    assert f"--uid {instructions('USER')[0]} " in CONTAINER


def test_the_health_check_of_the_image_is_a_program() -> None:
    code = re.findall(r'"(.*?)"', instructions("HEALTHCHECK")[0])[2]
    compile(code, "HEALTHCHECK", "exec")
    refused = subprocess.run(
        [sys.executable, "-c", code.replace(":9090/", ":1/")], capture_output=True, timeout=30, check=False
    )
    assert refused.returncode == 1


def test_what_the_image_is_built_from_is_enough(tmp_path: Path) -> None:
    """The copied files alone make the wheel, with everything in it that is read at run time."""
    ignored = ALL["ignore"].split("\n")
    for line in instructions("COPY"):
        if line.startswith("--from"):
            continue
        *sources, target = line.split()
        folder = tmp_path / target.strip("/")
        for source in sources:
            assert source not in ignored
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                folder.mkdir(exist_ok=True)
                shutil.copy(ROOT / source, folder)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            tmp_path,
            tmp_path / "src",
        ],
        check=True,
        timeout=120,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"embeddings/vietnamese.toml", "qa_bot/models.json", "qa_bot/telegram/web.py"} <= names


def test_the_documents_name_every_command_of_the_bot_and_no_other() -> None:
    named = set(re.findall(r"`/([a-z]+)", TELEGRAM)) - {"newbot", "setprivacy", "setinline", "revoke"}  # BotFather's
    assert named == {name.removeprefix("telegram.command.") for name in WORDS if ".command." in name}


def test_every_metric_that_the_documents_name_is_there() -> None:
    metrics = Metrics()
    metrics.answered("answered", 0.1)
    metrics.refused("busy")
    metrics.count("network")
    kinds = dict(re.findall(r"^# TYPE (qa_bot_\w+) (\w+)$", metrics.text().decode(), re.MULTILINE))
    assert set(re.findall(r"`(qa_bot_[a-z_]+)", SERVER)) == set(kinds)


def test_the_readme_leads_here() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "(docs/telegram.md)" in readme
    assert "(docs/server.md)" in readme
    assert "`qa-bot telegram`" in readme
