"""Where the lines of a conversation come from: a terminal with history, completion and paste, or a pipe.

The only importer of prompt_toolkit.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, BinaryIO

from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output.plain_text import PlainTextOutput

from embeddings.console import complain
from qa_bot.commands import completions, handle
from qa_bot.conversation import Asks, Conversation, Rebuild
from qa_bot.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from prompt_toolkit.document import Document
    from rich.console import Console

    from embeddings.messages import Language

_INTERRUPTED = 130  # what a shell reports of a program that Ctrl-C ended


def run(bot: Asks, rebuild: Rebuild, language: Language, history_file: Path, console: Console) -> int:
    """Answer until Ctrl-D, `:quit` or the end of a pipe; the exit code. Everything is printed to `console`."""
    talk = Conversation(bot, rebuild, language, console)
    if not sys.stdin.isatty():
        return answer_lines(talk, sys.stdin.buffer)
    talk.greet()
    talk.warn()
    plain = PlainTextOutput(sys.stdout) if console.is_dumb_terminal else None  # else even a bare prompt sets the cursor
    with create_app_session(output=plain):
        return converse(talk, prompt_session(talk, open_history(history_file, language)))


def answer_lines(talk: Conversation, lines: BinaryIO) -> int:
    """One question or command a line, without a prompt."""
    talk.warn()
    try:
        for line in lines:
            handle(talk, line.decode("utf-8", "replace"))
            if not talk.running:
                break
    except KeyboardInterrupt:
        talk.say("repl.stopped")
        return _INTERRUPTED
    return 0


def converse(talk: Conversation, session: PromptSession[str]) -> int:
    """Prompt, answer, again. Ctrl-C drops the line that is typed, or the question that runs."""
    while talk.running:
        try:
            line = session.prompt(say(talk.language, "repl.prompt"))
        except KeyboardInterrupt:
            continue
        except EOFError:
            break
        try:
            handle(talk, encodable(line))
        except KeyboardInterrupt:
            talk.say("repl.stopped")
    return 0


def prompt_session(talk: Conversation, history: History) -> PromptSession[str]:
    return PromptSession(
        history=history,
        completer=_Commands(talk),
        complete_while_typing=False,  # Tab completes; nothing pops up under a question
        complete_in_thread=True,
        key_bindings=_paste_as_one_line(),
    )


def open_history(file: Path, language: Language) -> History:
    """The history in `file`, made with its folder; one that lasts for this session where that cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a+b"):
            return _LastingHistory(str(file))
    except OSError as error:
        complain(say(language, "repl.no_history", file=file, reason=error.strerror or error))
        return InMemoryHistory()


def joined_lines(text: str) -> str:
    """`text` with each run of line breaks as one space."""
    return re.sub(r"\s*[\r\n]\s*", " ", text)


def encodable(text: str) -> str:
    """`text` with "?" for what was not UTF-8 when it was typed."""
    return text.encode("utf-8", "replace").decode("utf-8")


class _LastingHistory(FileHistory):
    """A full disk costs the history, not the conversation."""

    def store_string(self, string: str) -> None:
        try:
            super().store_string(encodable(string))
        except OSError as error:
            complain(f"{os.fsdecode(self.filename)}: {error.strerror or error}")


class _Commands(Completer):
    def __init__(self, talk: Conversation) -> None:
        self._talk = talk

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002
        for text, replaced in completions(self._talk, document.text_before_cursor):
            yield Completion(text, start_position=-replaced)


def _paste_as_one_line() -> KeyBindings:
    """A pasted text is one question, however many lines it has, and waits for Enter."""
    bindings = KeyBindings()

    @bindings.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(joined_lines(event.data))

    return bindings
