"""The bot as a process of its own, beside a Bot API server in this one: started, killed, started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.bot_api import BotApi

STARTING = 40.0  # seconds until the bot must have asked for updates; loading a model takes some of them
STOPPING = 25.0  # seconds that an orderly end may take

CHILD = (sys.executable, "-m", "tests.telegram_child")
REAL = (str(Path(sys.executable).parent / "qa-bot"), "telegram")


@dataclass
class Process:
    """One bot, that may be killed and started again; all that it ever printed is kept."""

    api: BotApi
    folder: Path
    command: Sequence[str] = CHILD
    settings: Mapping[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None

    @property
    def printed(self) -> str:
        return (self.folder / "printed.log").read_text("utf-8", errors="replace")

    def discloses(self) -> list[str]:
        """Names of files that hold the token or its secret part, of what was printed and what is stored."""
        secret = self.api.token.partition(":")[2].encode()
        files = [self.folder / "printed.log", *sorted((self.folder / "state").glob("*"))]
        return [file.name for file in files if file.is_file() and secret in file.read_bytes()]

    def start(self, *, wait: bool = True) -> None:
        """Returns when the bot has begun to ask for updates."""
        before = len(self.api.calls_of("getUpdates", "setWebhook"))
        with (self.folder / "printed.log").open("ab") as log:
            self.running = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environment(), stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        if wait:
            self.api.wait(lambda: self._asks(before), STARTING)

    def _asks(self, before: int) -> bool:
        assert self.running is not None
        assert self.running.poll() is None, self.printed
        return len(self.api.calls_of("getUpdates", "setWebhook")) > before

    def environment(self) -> dict[str, str]:
        state = {"QA_BOT_STATE_DIR": str(self.folder / "state"), "QA_BOT_INDEX_DIR": str(self.folder / "index")}
        telegram = {"QA_BOT_TELEGRAM_TOKEN": self.api.token, "QA_BOT_TELEGRAM_BASE_URL": self.api.base_url}
        return {**os.environ, "PYTHONPATH": str(ROOT), **state, **telegram, **self.settings}

    def kill(self) -> None:
        """As when the machine is pulled out of the wall."""
        assert self.running is not None
        self.running.kill()
        self.running.wait()

    def stop(self) -> int:
        """The exit code after an orderly end."""
        assert self.running is not None
        if self.running.poll() is None:
            self.running.send_signal(signal.SIGTERM)
        return self.running.wait(STOPPING)

    def ended(self, timeout: float = STARTING) -> int:
        assert self.running is not None
        return self.running.wait(timeout)

    def memory_mb(self) -> float:
        assert self.running is not None
        status = Path(f"/proc/{self.running.pid}/status").read_text("ascii")
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


@contextmanager
def running(
    api: BotApi, folder: Path, settings: Mapping[str, str], command: Sequence[str] = CHILD, *, wait: bool = True
) -> Iterator[Process]:
    """A bot until the block ends; it must end in order then, if it still runs. `settings` without their QA_BOT_."""
    process = Process(api, folder, command, {f"QA_BOT_{name}": value for name, value in settings.items()})
    process.start(wait=wait)
    try:
        yield process
    finally:
        assert process.running is not None
        if process.running.poll() is None:
            process.running.send_signal(signal.SIGTERM)
            try:
                process.running.wait(STOPPING)
            except subprocess.TimeoutExpired:
                process.running.kill()
                raise
