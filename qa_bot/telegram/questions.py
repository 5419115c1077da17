"""A question on its way to its answer: what is stored around it, the search, the answer sent or edited in place."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from telegram.error import TelegramError

from embeddings.errors import IndexProblem
from embeddings.vietnamese import visible
from qa_bot.errors import QuestionError
from qa_bot.messages import say
from qa_bot.telegram import html, journal, threads
from qa_bot.telegram.logs import event
from qa_bot.telegram.pacing import Priority
from qa_bot.telegram.replies import send, target_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from sqlite3 import Connection

    from telegram import InlineKeyboardMarkup

    from embeddings.messages import Language
    from qa_bot.records import Answer
    from qa_bot.telegram.delivery import Target
    from qa_bot.telegram.html import Part
    from qa_bot.telegram.receiving import Job
    from qa_bot.telegram.services import Services
    from qa_bot.telegram.threads import Snapshot, Stored

_LOG = logging.getLogger(__name__)

_TYPING_AFTER = 0.7  # seconds; typing counts towards the flood limit, and a quick answer would have to wait for it
_TYPING_AGAIN = 5.0  # Telegram shows it for as long
_FEW = 8  # questions that wait: with more, typing would take the slots that their answers need
_MOST_ATTEMPTS = 5  # runs of the program that ended while they worked on one question: then it is what ends them


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is stored that a question needs: read in one go."""

    answer_id: int
    attempts: int
    earlier: Stored | None  # the answer to this very message, when the message was edited
    parent: int | None
    history: list[str]


async def question(services: Services, job: Job, text: str, *, repeated: bool = False) -> None:
    """Answer `text`. With `repeated` it was chosen by a button, and stands above the answer."""
    request, target = job.request, target_of(job.request)
    language = services.language_of(request)
    if problem := _unanswerable(services, text, language):
        await send(services, target, html.text_parts(problem))
        return
    async with _typing(services, target), services.asking.turn:
        # What waits for its turn has not begun: a crash meanwhile is none of its doing.
        prepared = await services.state.run(lambda db: _prepare(db, services, job))
        if prepared.earlier and prepared.earlier.snapshot.question == text:
            return  # an edit that left the text alone: a preview, a pin
        answer = await _answer(services, job, text, prepared)
    if isinstance(answer, str):
        await send(services, target, html.own_parts(answer))
        return
    snapshot = threads.Snapshot.of(answer)
    parts = html.answer_parts(snapshot, language, answer.ranked)
    if repeated:
        parts = html.text_parts(f"❓ {text}") + parts if len(parts) > 1 else [html.above(text, parts[0])]
    answer_id = prepared.earlier.id if prepared.earlier else prepared.answer_id
    keyboard = services.keyboards.answer(target.chat_id, answer_id, snapshot, language)
    if prepared.earlier:
        await _replace(services, job, prepared.earlier, snapshot, parts, keyboard)
    else:
        await _send_answer(services, job, prepared, snapshot, parts, keyboard)
    services.metrics.answered(answer.status, time.perf_counter() - job.arrived)
    event(
        _LOG, logging.INFO, "answered", update=job.received.update_id, status=answer.status,
        confidence=round(answer.confidence, 3), search_ms=answer.timings_ms.get("total"),
        ms=round(1000 * (time.perf_counter() - job.arrived)),
    )  # fmt: skip


def _unanswerable(services: Services, text: str, language: Language) -> str | None:
    """What is wrong with the question, in words for the asker."""
    if not any(c.isalnum() for c in visible(text)):
        return say(language, "telegram.empty_question")
    if len(text) > services.max_question:
        return say(language, "telegram.long_question", count=len(text), limit=services.max_question)
    return None


def _prepare(db: Connection, services: Services, job: Job) -> Prepared:
    request = job.request
    attempts = journal.begin(db, job.received.seq)
    chat, message = request.chat_id or 0, request.message_id or 0
    earlier = threads.by_question(db, chat, message) if request.edited else None
    if earlier is not None:
        parent = earlier.parent
    elif request.reply_to is not None and (replied := threads.by_message(db, chat, request.reply_to)):
        parent = replied.id
    else:
        since = time.time() - 60 * services.settings.conversation_minutes
        latest = threads.latest(db, chat, request.topic, request.asker.user_id, since)
        parent = latest.id if latest else None
    history = threads.history(db, parent) if parent is not None else []
    return Prepared(threads.reserve(db), attempts, earlier, parent, history)


async def _answer(services: Services, job: Job, text: str, prepared: Prepared) -> Answer | str:
    """The answer, or what to tell the asker instead."""
    language = services.language_of(job.request)
    if prepared.attempts > _MOST_ATTEMPTS:
        event(_LOG, logging.ERROR, "given up", update=job.received.update_id, attempts=prepared.attempts)
        return say(language, "telegram.trouble")
    try:
        return await services.asking.ask(text, prepared.history)
    except QuestionError:
        return say(language, "telegram.empty_question")
    except IndexProblem as error:
        services.metrics.count("index")
        event(_LOG, logging.ERROR, "no index", reason=str(error))
        return say(language, "telegram.not_ready")
    except Exception:  # noqa: BLE001 - one question shall not stop the others
        # Whatever it was, it is in the log with its traceback; the asker gets a friendly line and the bot goes on.
        services.metrics.count("bug")
        _LOG.exception("question failed")
        return say(language, "telegram.trouble")


async def _send_answer(
    services: Services, job: Job, prepared: Prepared, snapshot: Snapshot, parts: Sequence[Part],
    keyboard: InlineKeyboardMarkup,
) -> None:  # fmt: skip
    """Send the parts that an earlier run of the program has not sent yet, and have the answer stored."""
    request, target = job.request, target_of(job.request)
    sent = list(job.received.parts_sent)
    for at in range(len(sent), len(parts)):
        last = at == len(parts) - 1
        message = await services.delivery.send(target, parts[at], keyboard if last else None, Priority.ANSWER)
        if message is None:
            return
        sent.append(message)
        if not last:
            await services.state.run(partial(_note_part, job, message))

    def store(db: Connection) -> None:
        threads.record(
            db, id=prepared.answer_id, chat_id=target.chat_id, topic=target.topic, user_id=request.asker.user_id,
            question_message_id=None if request.update.callback_query else request.message_id, message_ids=sent,
            parent=prepared.parent, snapshot=snapshot, now=time.time(),
        )  # fmt: skip

    job.later(store)


def _note_part(job: Job, message: int, db: Connection) -> None:
    journal.sent_part(db, job.received.seq, message)


async def _replace(
    services: Services, job: Job, earlier: Stored, snapshot: Snapshot, parts: Sequence[Part],
    keyboard: InlineKeyboardMarkup,
) -> None:  # fmt: skip
    """The answer to an edited question takes the place of the one before."""
    target = target_of(job.request)
    shown: list[int] = []
    for at, part in enumerate(parts):
        under = keyboard if at == len(parts) - 1 else None
        if at < len(earlier.message_ids):
            message = await services.delivery.edit(target, earlier.message_ids[at], part, under, Priority.ANSWER)
        else:
            message = await services.delivery.send(target, part, under, Priority.ANSWER)
        if message is not None:
            shown.append(message)
    for surplus in earlier.message_ids[len(parts) :]:
        await services.delivery.delete(target.chat_id, surplus)
    job.later(lambda db: threads.replace(db, earlier.id, message_ids=shown, snapshot=snapshot))


@asynccontextmanager
async def _typing(services: Services, target: Target) -> AsyncIterator[None]:
    async def show() -> None:
        await asyncio.sleep(_TYPING_AFTER)
        while True:
            if services.waiting() <= _FEW:
                with suppress(TelegramError):  # it is a courtesy
                    await services.delivery.typing(target)
            await asyncio.sleep(_TYPING_AGAIN)

    task = asyncio.create_task(show())
    try:
        yield
    finally:
        task.cancel()
