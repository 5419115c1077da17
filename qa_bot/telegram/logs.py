"""Structured logs: one line an event on standard error, and no token in any of them.

    2026-11-22T12:00:00.123Z level=info logger=qa_bot.telegram.service event="started" articles=5

Telegram's token is part of every address that is fetched, so it stands in httpx's lines, in `repr(bot)` and in
tracebacks. Records are redacted when they are made and again at the handler, which sees the extra fields too: a filter
on a logger would miss the loggers below it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO

from embeddings.console import printable

SHOWN: Final = "<token>"
_SHAPE: Final = r"\d{6,12}(?::|%(?:25)*3[Aa])[A-Za-z0-9_-]{30,}"  # of whatever bot, in an address too
_SHORTEST_TAIL: Final = 8  # a shorter part after the colon may be a word
_LONGEST: Final = 20_000  # characters of one value
_QUIET: Final = ("httpx", "httpcore", "telegram", "tornado", "asyncio")
_OURS: Final = ("qa_bot", "embeddings")
_MUTE: Final = ("telegram.request",)  # logs bodies that are no JSON, whole: people's words; the caller is told anyway
_FIELDS: Final = "event_fields"  # the attribute of a record that holds them
_BREAKS: Final = {0x2028: "\\u2028", 0x2029: "\\u2029"}  # to JSON they are letters, to a log viewer new lines
_LOG: Final = logging.getLogger(__name__)


class Redactor:
    """Replaces every one of `secrets`, the part of a token after its colon, and whatever looks like a bot's token."""

    def __init__(self, secrets: Iterable[str]) -> None:
        whole = {secret for secret in secrets if secret}
        tails = {tail for secret in whole if len(tail := secret.partition(":")[2]) >= _SHORTEST_TAIL}
        known = [re.escape(secret).replace(":", "(?::|%(?:25)*3[Aa])") for secret in whole | tails]
        self._pattern = re.compile("|".join([*sorted(known, key=len, reverse=True), _SHAPE]), re.ASCII)

    def __call__(self, text: str) -> str:
        return self._pattern.sub(SHOWN, text)


class Redacting(logging.Filter):
    """Rewrites a record, so that whatever formats it finds nothing to hide. Never raises."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - whatever an argument raises when it is shown, the event is worth a line
            message = f"{_text(record.msg)} {_text(record.args)}"
        record.msg, record.args = message, None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = _text(record.exc_info, _trace)
        record.exc_info = None  # a formatter takes exc_text instead
        for name, value in list(vars(record).items()):
            if value is not None and not isinstance(value, bool | int | float):
                setattr(record, name, self._clean(value))
        return True

    def _clean(self, value: object) -> object:
        """`value`, or its text without the secrets that it holds; in a mapping one by one."""
        if isinstance(value, str):
            return self._redact(value)
        if isinstance(value, dict):
            return {self._redact(_text(key)): self._clean(one) for key, one in value.items()}
        shown = (_text(value), _text(value, repr))
        return value if all(self._redact(text) == text for text in shown) else self._redact(shown[0])


class Lines(logging.Formatter):
    """`time level=… logger=… event="…" key=value`; what is no number is quoted, line breaks as \\n."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        fields: Mapping[str, object] = getattr(record, _FIELDS, {})
        pairs = {"event": record.getMessage(), **fields, "traceback": record.exc_text, "stack": record.stack_info}
        shown = [f"{_key(name)}={_value(value)}" for name, value in pairs.items() if value is not None]
        return " ".join(
            [f"{moment}Z", f"level={_key(record.levelname.lower())}", f"logger={_key(record.name)}", *shown]
        )


def event(
    logger: logging.Logger, level: int, name: str, /, *, exc_info: BaseException | bool | None = None, **fields: object
) -> None:
    """One line about `name`; `fields` become key=value, those that are None are left out."""
    logger.log(level, "%s", name, exc_info=exc_info, extra={_FIELDS: fields})


def set_up(secrets: Sequence[str], stream: TextIO | None = None) -> None:
    """Send every logger of this process, warnings and uncaught exceptions to `stream` (standard error)."""
    redacting = Redacting(Redactor(secrets))
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    handler.addFilter(redacting)

    def make_record(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = logging.LogRecord(*arguments, **named)
        redacting.filter(record)
        return record

    logging.setLogRecordFactory(make_record)  # for handlers that others put up later
    logging.raiseExceptions = False  # a handler that fails would print the record with its arguments
    for logger in [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]:
        logger.handlers.clear()
        logger.propagate = True
    logging.root.handlers[:] = [handler]
    for names, level in (((None, *_QUIET), logging.WARNING), (_OURS, logging.INFO), (_MUTE, logging.CRITICAL)):
        for name in names:
            logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook = lambda _kind, error, _trace: event(_LOG, logging.CRITICAL, "crashed", exc_info=error)
    sys.unraisablehook = lambda what: event(_LOG, logging.ERROR, "ignored", exc_info=what.exc_value, of=what.object)
    threading.excepthook = _thread_died


def install(loop: asyncio.AbstractEventLoop) -> None:
    """What goes wrong in `loop` with nobody waiting for it becomes a line of the log."""
    loop.set_exception_handler(_unawaited)


def _unawaited(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    of = context.get("task") or context.get("future") or context.get("handle")
    event(_LOG, logging.ERROR, "unhandled", exc_info=context.get("exception"), what=context.get("message"), of=of)


def _thread_died(what: threading.ExceptHookArgs) -> None:
    if what.exc_type is not SystemExit:
        name = what.thread and what.thread.name
        event(_LOG, logging.ERROR, "thread died", exc_info=what.exc_value, thread=name)


def _trace(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    return "".join(traceback.format_exception(*exc_info)).rstrip()


def _text(value: object, show: Callable[[Any], str] = str) -> str:
    try:
        return show(value)
    except Exception:  # noqa: BLE001 - an object that cannot be shown must not cost the line
        return f"<{type(value).__name__} that cannot be shown>"


def _key(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)


def _value(value: object) -> str:
    if isinstance(value, bool | int | float):
        return str(value).lower()
    quoted = json.dumps(_text(value)[:_LONGEST], ensure_ascii=False)
    return printable(quoted).translate(_BREAKS)
