"""Where the report goes, and how far the asking is: the effects of an evaluation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from embeddings.errors import StorageError
from embeddings.messages import Language
from qa_bot.evaluation.words import say


def check_destination(report: Path, gold: Path) -> None:
    """Raises StorageError unless the report can be written there; leaves what is there as it is."""
    if report.exists() and gold.exists() and report.samefile(gold):
        raise StorageError(f"The report would overwrite the questions in {gold}. Give another --report FILE.")
    there = report.exists()
    try:
        with open(report, "ab", opener=_private):
            pass
        if not there:
            report.unlink()
    except OSError as error:
        raise _unwritable(report, error) from error


def write_report(report: Path, html: str) -> None:
    """Raises StorageError. Only its owner may read it: it holds what people asked."""
    try:
        with open(report, "w", encoding="utf-8", opener=_private) as file:
            file.write(html)
    except OSError as error:
        raise _unwritable(report, error) from error


def _unwritable(report: Path, error: OSError) -> StorageError:
    return StorageError(f"The report {report} cannot be written ({error.strerror}). Give another --report FILE.")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextmanager
def asking(total: int, language: Language, console: Console) -> Iterator[Callable[[], None]]:
    """A bar on `console` while questions are asked, silent where that is no terminal; call what it gives after each."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bar:
        task = bar.add_task(say(language, "eval.asking"), total=total)
        yield lambda: bar.advance(task)
