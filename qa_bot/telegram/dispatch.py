"""Who gets what: a request, checked, goes to the one function that answers it; then it is marked as done."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from telegram.error import InvalidToken

from qa_bot.errors import StateError
from qa_bot.messages import say
from qa_bot.telegram import admin, html, inline, journal, pages, reader
from qa_bot.telegram.buttons import Action, ButtonExpired, ButtonForged, Press
from qa_bot.telegram.commands import find_command
from qa_bot.telegram.connecting import revoked
from qa_bot.telegram.logs import event
from qa_bot.telegram.questions import question
from qa_bot.telegram.replies import send, target_of, tell
from qa_bot.telegram.requests import Kind

if TYPE_CHECKING:
    from sqlite3 import Connection

    from qa_bot.telegram.receiving import Intake, Job
    from qa_bot.telegram.services import Services

_LOG = logging.getLogger(__name__)

_TELL_STRANGERS_EVERY = 86_400.0  # seconds; more often, a bot is a toy for spammers
_REMEMBERED_STRANGERS = 10_000
_STORE_AGAIN = 5.0  # seconds until a full disk is tried again

Pressed = Callable[["Services", "Job", Press], Awaitable[str | None]]

READERS: dict[Action, Pressed] = {
    Action.OPEN: pages.open_source,
    Action.ARTICLE: pages.open_article,
    Action.VOTE: reader.vote,
    Action.EXAMPLE: reader.example,
}
ADMINS: dict[Action, Pressed] = {
    Action.ADD: admin.add,
    Action.CANCEL: admin.cancel,
    Action.REMOVE_ASK: admin.remove_ask,
    Action.REMOVE: admin.remove_now,
    Action.UNDO: admin.undo,
}


class Dispatch:
    """`work` is what the lanes await for each job. It raises nothing but CancelledError."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._told: OrderedDict[int, float] = OrderedDict()  # strangers, and when they were told who they are
        self.intake: Intake | None = None
        self.lost_token = asyncio.Event()  # Telegram no longer takes it: the service ends

    async def work(self, job: Job) -> None:
        try:
            await self._handle(job)
        except InvalidToken:
            if await revoked(self._services.bot):
                self.lost_token.set()
                return
            self._services.metrics.count("refused")  # a 404 for one method is no verdict on the token
        except Exception:  # noqa: BLE001 - one update shall not stop the others
            # A mistake of ours: it is in the log with its traceback.
            self._services.metrics.count("bug")
            _LOG.exception("update failed")
        await self._finish(job)

    async def _finish(self, job: Job) -> None:
        def finish(db: Connection) -> None:
            for write in job.writes:
                write(db)
            journal.finish(db, [job.received.seq])

        while True:
            try:
                await self._services.state.run(finish)
            except StateError as error:
                event(_LOG, logging.ERROR, "state", reason=str(error))
                self._services.metrics.count("state")
                await asyncio.sleep(_STORE_AGAIN)
            else:
                return

    async def _handle(self, job: Job) -> None:
        services, request = self._services, job.request
        if request.kind is Kind.LEFT:
            return
        if not services.access.may_ask(request.asker):
            await self._turn_away(job)
        elif request.kind is Kind.QUESTION:
            address = admin.link_in(request.text) if request.private and not request.edited else None
            if address and services.access.is_admin(request.asker.user_id):
                await admin.link(services, job, address)
            else:
                await question(services, job, request.text)
        elif request.kind is Kind.COMMAND:
            await self._command(job)
        elif request.kind is Kind.PRESS:
            await self._press(job)
        elif request.kind is Kind.INLINE:
            await self._inline(job)
        elif request.kind is Kind.REACTION:
            await reader.reaction(services, job)
        elif services.access.is_admin(request.asker.user_id):
            await admin.document(services, job)
        else:
            await tell(services, request, "telegram.documents_by_admins")

    async def _command(self, job: Job) -> None:
        services, request = self._services, job.request
        command = find_command(request.command)
        if request.edited and request.command != "ask":
            return  # what a command did is done
        if command is None:
            if request.private:
                await tell(services, request, "telegram.unknown_command", name=request.command)
        elif command.admins_only and not services.access.is_admin(request.asker.user_id):
            await tell(services, request, "telegram.admins_only")
        else:
            await command.run(services, job)

    async def _press(self, job: Job) -> None:
        services, request = self._services, job.request
        query = request.update.callback_query
        if query is None:
            return
        language = services.language_of(request)
        if request.chat_id is None:
            await services.delivery.toast(query.id, say(language, "telegram.expired"))
            return
        if services.taps.take(request.asker.user_id or 0):
            await services.delivery.toast(query.id, say(language, "telegram.slow_down"))
            return
        try:
            press = services.signer.read(request.text, request.chat_id)
        except ButtonExpired:
            await services.delivery.toast(query.id, say(language, "telegram.expired"))
            return
        except ButtonForged:
            services.metrics.count("forged")
            await services.delivery.toast(query.id)
            return
        handler = READERS.get(press.action) or ADMINS[press.action]
        if press.action in ADMINS and not services.access.is_admin(request.asker.user_id):
            await services.delivery.toast(query.id, say(language, "telegram.admins_only"))
            return
        if press.action is Action.VOTE:
            await services.delivery.toast(query.id, await handler(services, job, press) or "")
            return
        # The button stops spinning at once; what there is to say comes as a message.
        await services.delivery.toast(query.id)
        if text := await handler(services, job, press):
            await send(services, target_of(request), html.text_parts(text))

    async def _inline(self, job: Job) -> None:
        services, request = self._services, job.request
        latest = self.intake.latest_inline if self.intake else {}
        if latest.get(request.asker.user_id) != job.received.seq:
            return  # they typed on
        latest.pop(request.asker.user_id, None)
        if services.taps.take(request.asker.user_id or 0):
            await inline.refuse(services, _query_id(job), say(services.language_of(request), "telegram.slow_down"))
            return
        await inline.inline(services, job)

    async def _turn_away(self, job: Job) -> None:
        """A stranger learns their number in private, so that an admin can let them in; groups hear nothing."""
        services, request = self._services, job.request
        language = services.language_of(request)
        if request.asker.is_bot:
            return
        if request.kind is Kind.PRESS and request.update.callback_query:
            text = say(language, "telegram.stranger_short")
            await services.delivery.toast(request.update.callback_query.id, text)
        elif request.kind is Kind.INLINE:
            await inline.refuse(services, _query_id(job), say(language, "telegram.stranger_short"))
        elif request.private and (user := request.asker.user_id) and user not in services.banned:
            now = time.monotonic()
            if now - self._told.get(user, -_TELL_STRANGERS_EVERY) >= _TELL_STRANGERS_EVERY:
                self._told[user] = now
                self._told.move_to_end(user)
                if len(self._told) > _REMEMBERED_STRANGERS:
                    self._told.popitem(last=False)
                await tell(services, request, "telegram.stranger", id=user)


def _query_id(job: Job) -> str:
    query = job.request.update.inline_query
    return query.id if query else ""
