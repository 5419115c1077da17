"""Write the lock files (requirements*.lock): run by `make lock` in an empty environment.

Installs what pyproject.toml pins, then lists everything that came along, exactly. The files name no index and
carry no hashes: builds of torch differ from machine to machine under one version.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEADER = "# Written by `make lock` from pyproject.toml. Exact versions of everything.\n"


def pip(*arguments: str) -> str:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout  # noqa: S603 - our own words


def frozen() -> list[str]:
    lines = pip("freeze", "--all", "--exclude", "pip", "--exclude", "wheel").splitlines()
    return [line.split("+", 1)[0] if line.startswith("torch==") else line for line in lines if "==" in line]


def write_onto(base: str, name: str, lines: list[str]) -> None:
    """Write the lock `name`: all that `base` has, and these lines."""
    (ROOT / name).write_text(HEADER + f"-r {base}\n" + "\n".join(lines) + "\n", "utf-8")


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    torch = [d for d in project["project"]["dependencies"] if d.startswith("torch==")]
    pip("install", *torch)  # first, so that no other package asks for a newer one
    pip("install", *project["project"]["dependencies"])
    runtime = frozen()
    (ROOT / "requirements.lock").write_text(HEADER + "\n".join(runtime) + "\n", "utf-8")
    pip("install", *(extra for extras in project["project"]["optional-dependencies"].values() for extra in extras))
    cluster = [line for line in frozen() if line not in runtime]
    write_onto("requirements.lock", "requirements-cluster.lock", cluster)
    pip("install", *project["dependency-groups"]["dev"], *project["build-system"]["requires"])
    write_onto(
        "requirements-cluster.lock",
        "requirements-dev.lock",
        [line for line in frozen() if line not in {*runtime, *cluster}],
    )


if __name__ == "__main__":
    main()
