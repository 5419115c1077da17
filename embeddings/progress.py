"""A progress bar for builds: one line a stage, on standard error."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from embeddings import messages

_PACE = 120  # seconds over which the time that is left is reckoned


class Bar:
    """Implements steps.Progress; `model` is the callback of a model that is being unpacked."""

    def __init__(self, console: Console, language: messages.Language) -> None:
        self._language = language
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            speed_estimate_period=_PACE,
        )
        self._task: TaskID | None = None
        self._model_task: TaskID | None = None

    def stage(self, name: str, total: int) -> None:
        self._task = self._progress.add_task(messages.say(messages.BUILD, self._language, f"stage.{name}"), total=total)

    def advance(self, steps: int = 1) -> None:
        if self._task is not None:
            self._progress.advance(self._task, steps)

    def model(self, done: float, _what: str) -> None:
        if self._model_task is None:
            self._model_task = self._progress.add_task(
                messages.say(messages.BUILD, self._language, "stage.model"), total=100
            )
        self._progress.update(self._model_task, completed=int(100 * done))

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
