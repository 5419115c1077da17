"""The REPL with a bot that needs no index, as a program of its own: python tests/repl_child.py HISTORY_FILE"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import termios
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from embeddings.generations import Manifest
from embeddings.vietnamese import fold
from qa_bot import terminal
from qa_bot.errors import QuestionError
from qa_bot.filters import passes
from qa_bot.records import EVERYTHING, Answer, Filters
from tests.samples import MARKET, MARKET_PASSAGE, RIVER, RIVER_PASSAGE, answered, refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.index import StoredPassage
    from embeddings.messages import Language
    from embeddings.records import Article


@dataclass(frozen=True)
class FakeIndex:
    manifest: Manifest
    warning: str | None = None


def manifest(number: int) -> Manifest:
    return Manifest(
        1, number, "2024-05-01T08:00:00+00:00", "fake", 8, 2, 2, 2, 0, "", {}, [["seeds/x.doc", "no text"]], {}
    )


class FakeBot:
    """Answers what mentions Sông Lô, if that article may answer, refuses the rest, and asks back what says "ở đó".

    It never answers a question that says "mãi mãi".
    """

    def __init__(self) -> None:
        self.index = FakeIndex(manifest(1), os.environ.get("FAKE_WARNING"))

    def newest(self) -> int | None:
        return self.index.manifest.number

    def ask(self, question: str, history: Sequence[str] = (), filters: Filters = EVERYTHING) -> Answer:
        folded = fold(question).casefold()
        if "mai mai" in folded:
            threading.Event().wait()
        if "loi" in folded:
            raise QuestionError("The question\x1b[2J cannot be asked.")
        if "o do" in folded:
            return replace(refused(question), unclear=True)
        understood = f"{history[-1]} {question}" if history and folded.startswith("con ") else question
        return (
            answered(question, understood)
            if "song lo" in fold(understood).casefold() and passes(RIVER, filters)
            else refused(question, understood)
        )

    def articles(self) -> list[Article]:
        return [RIVER, MARKET]

    def headers(self) -> list[Article]:
        return self.articles()

    def passage(self, row: int) -> StoredPassage:
        return (RIVER_PASSAGE, MARKET_PASSAGE)[row]

    def reopen(self) -> None:
        self.index = FakeIndex(manifest(self.index.manifest.number + 1))


def main() -> int:
    if os.isatty(0):
        # So that Ctrl-C is heard as in a terminal window, even when the tests run in the background.
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
    bot, console = FakeBot(), Console()

    def rebuild(language: Language) -> None:
        console.print(f"rebuilt after {bot.index.manifest.number} in {language}")

    return terminal.run(bot, rebuild, "vi", Path(sys.argv[1]), console)


if __name__ == "__main__":
    sys.exit(main())
