"""What admins ask for: how the bot is doing, rebuilds, articles added and removed, people banned."""

from __future__ import annotations

import re
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from telegram.error import TelegramError

from embeddings.console import one_line
from embeddings.errors import BotError
from embeddings.fetching import fetch
from embeddings.readers import KNOWN
from qa_bot.errors import ArticleGone, LibraryError, UnknownFormat
from qa_bot.messages import say
from qa_bot.naming import matching, name_of
from qa_bot.telegram import desk, html, people
from qa_bot.telegram.asking import in_background
from qa_bot.telegram.buttons import Action, Press
from qa_bot.telegram.desk import Upload
from qa_bot.telegram.metrics import memory_mb
from qa_bot.telegram.pacing import Priority
from qa_bot.telegram.rebuilding import Asked
from qa_bot.telegram.replies import send, target_of, tell
from qa_bot.telegram.text import harmless

if TYPE_CHECKING:
    from telegram import InlineKeyboardMarkup

    from embeddings.messages import Language
    from embeddings.records import Article
    from qa_bot.telegram.receiving import Job
    from qa_bot.telegram.requests import Request
    from qa_bot.telegram.services import Services

_SHOWN_ARTICLES = 8
_ID = re.compile(r"-?\d{1,18}")  # Telegram's have 16 at most, the database takes 18
_ADDRESS = re.compile(r"https?://\S+")


async def status(services: Services, job: Job) -> None:
    language, metrics = services.language_of(job.request), services.metrics
    lines = [say(language, "telegram.status")]
    if services.asking.bot is None:
        lines.append(say(language, "telegram.not_ready"))
    else:
        manifest, warning = services.asking.bot.index.manifest, services.asking.bot.index.warning
        lines.append(
            say(
                language, "telegram.status_index", number=manifest.number, articles=manifest.articles,
                passages=manifest.passages, created=datetime.fromisoformat(manifest.created).strftime("%H:%M %d/%m/%Y"),
            )
        )  # fmt: skip
        lines += [harmless(warning)] if warning else []
    latency, totals = metrics.latency(), metrics.totals()
    lines += [
        say(
            language, "telegram.status_queue", waiting=services.waiting() - 1,  # this very command waits too
             answered=totals.answered,
            refused=totals.refused,
        ),
        say(
            language, "telegram.status_latency", p50=round(latency.p50), p95=round(latency.p95),
            p99=round(latency.p99), count=latency.count,
        ),
        say(language, "telegram.status_errors", errors=totals.errors, floods=totals.floods),
        say(language, "telegram.status_uptime", hours=f"{metrics.uptime() / 3600:.1f}", memory=round(memory_mb())),
    ]  # fmt: skip
    await send(services, target_of(job.request), html.own_parts("\n".join(lines)))


async def rebuild(services: Services, job: Job) -> None:
    await services.rebuilding.ask(_asked(services, job.request))


async def document(services: Services, job: Job) -> None:
    """A file that was sent: may it be added?"""
    request = job.request
    message = request.update.message
    found = message.document if message else None
    user = request.asker.user_id
    if found is None or user is None:
        return
    name = one_line(found.file_name or "bai.txt")
    limit = int(1_000_000 * services.settings.max_document_megabytes)
    if (found.file_size or 0) > limit:
        await tell(
            services, request, "telegram.too_big", name=name, size=_size(found.file_size or 0), limit=_size(limit)
        )
        return
    try:
        kept = services.library.check(found.file_name or name, found.file_size)
    except UnknownFormat:
        await tell(services, request, "telegram.wrong_format", name=name, formats=KNOWN)
        return
    except LibraryError as error:
        await tell(services, request, "telegram.add_failed", name=name, reason=str(error))
        return
    upload = Upload("document", user, target_of(request).chat_id, found.file_id, kept, found.file_size)
    text = say(services.language_of(request), "telegram.add_question", name=kept, size=_size(found.file_size or 0))
    await _confirm(services, request, upload, text)


def link_in(text: str) -> str | None:
    """The address, where a message is an address and nothing else."""
    return text.strip() if _ADDRESS.fullmatch(text.strip()) else None


async def link(services: Services, job: Job, address: str) -> None:
    """An address that was sent: may it be fetched?"""
    user = job.request.asker.user_id
    if user is None:
        return
    upload = Upload("link", user, target_of(job.request).chat_id, address, address, None)
    text = say(services.language_of(job.request), "telegram.add_link_question", address=address)
    await _confirm(services, job.request, upload, text)


async def _confirm(services: Services, request: Request, upload: Upload, text: str) -> None:
    language, target = services.language_of(request), target_of(request)
    number = await services.state.run(lambda db: desk.add_upload(db, upload, time.time()))
    keyboard = services.keyboards.confirm(
        target.chat_id, Press(Action.ADD, number), Press(Action.CANCEL, number),
        say(language, "telegram.yes_add"), say(language, "telegram.no"),
    )  # fmt: skip
    await send(services, target, html.text_parts(text), keyboard)


async def add(services: Services, job: Job, press: Press) -> str | None:
    """The confirmed document or link: fetch it, keep it, rebuild."""
    language = services.language_of(job.request)
    upload = await services.state.run(lambda db: desk.upload(db, press.ref))
    if upload is None:
        return say(language, "telegram.button_used")
    job.later(lambda db: desk.take_upload(db, press.ref))
    try:
        path = await _bring(services, upload)
    except (BotError, TelegramError) as error:
        services.metrics.count("upload")
        reason = str(error) if isinstance(error, BotError) else say(language, "telegram.file_gone")
        reason = reason.removeprefix(f"{upload.name} ")
        await _in_place(services, job, say(language, "telegram.add_failed", name=upload.name, reason=reason))
        return None
    await _in_place(services, job, say(language, "telegram.added", path=path))
    await services.rebuilding.ask(_asked(services, job.request))
    return None


async def _bring(services: Services, upload: Upload) -> Path:
    if upload.kind == "link":
        limit = int(1_000_000 * services.settings.max_document_megabytes)
        private = services.settings.private_links
        return await in_background(
            lambda: services.library.add_link(
                upload.source, fetch(upload.source, allow_private=private, max_bytes=limit)
            )
        )
    file = await services.bot.get_file(upload.source)
    data = bytes(await file.download_as_bytearray())
    return await in_background(lambda: services.library.add(upload.name, data))


async def cancel(services: Services, job: Job, press: Press) -> str | None:
    if press.ref:
        job.later(lambda db: desk.take_upload(db, press.ref))
    await _in_place(services, job, say(services.language_of(job.request), "telegram.cancelled"))
    return None


async def remove(services: Services, job: Job) -> None:
    """Which of the articles with these words shall go?"""
    request, words = job.request, job.request.text.strip()
    language, target = services.language_of(request), target_of(request)
    if not words:
        await tell(services, request, "telegram.remove_usage")
        return
    if services.asking.bot is None:
        await tell(services, request, "telegram.not_ready")
        return
    found = matching(await services.asking.articles(), words)
    if not found:
        await tell(services, request, "telegram.no_article", words=words)
    elif len(found) == 1:
        await send(services, target, html.text_parts(_question(found[0], language)), _keys(services, request, found[0]))
    else:
        shown = found[:_SHOWN_ARTICLES]
        keyboard = services.keyboards.articles(target.chat_id, shown, Action.REMOVE_ASK)
        text = say(language, "telegram.remove_which", shown=len(shown), count=len(found))
        await send(services, target, html.text_parts(text), keyboard)


async def remove_ask(services: Services, job: Job, press: Press) -> str | None:
    language, found = services.language_of(job.request), await _article(services, press.ref)
    if found is None:
        return say(language, "telegram.article_gone")
    await _in_place(services, job, _question(found, language), _keys(services, job.request, found))
    return None


async def remove_now(services: Services, job: Job, press: Press) -> str | None:
    """Move the article's files aside and rebuild; the button under the message brings them back."""
    language, found = services.language_of(job.request), await _article(services, press.ref)
    if found is None:
        return say(language, "telegram.article_gone")
    paths = [found.path, *found.also_at]
    try:
        files = await in_background(lambda: services.library.remove(paths))
    except ArticleGone:  # pressed twice, begun by a run of the program that was killed, or deleted by hand
        number = await services.state.run(lambda db: desk.removal_of(db, paths))
    except BotError as error:
        text = say(language, "telegram.remove_failed", path=found.path, reason=str(error))
        await _in_place(services, job, text)
        return None
    else:
        number = await services.state.run(lambda db: desk.add_removal(db, files, time.time()))
        await services.rebuilding.ask(_asked(services, job.request))
    if not services.rebuilding.running:
        await services.rebuilding.ask(_asked(services, job.request))
    if number is None:
        return say(language, "telegram.article_gone")
    undo = Press(Action.UNDO, number)
    keyboard = services.keyboards.one(target_of(job.request).chat_id, undo, say(language, "telegram.undo"))
    await _in_place(services, job, say(language, "telegram.removed", path=", ".join(paths)), keyboard)
    return None


async def undo(services: Services, job: Job, press: Press) -> str | None:
    language = services.language_of(job.request)
    files = await services.state.run(lambda db: desk.removal(db, press.ref))
    if files is None:
        return say(language, "telegram.button_used")
    try:
        paths = await in_background(lambda: services.library.restore(files))
    except BotError as error:
        paths = [Path(was) for was, _ in files]
        # A run of the program that was killed may have brought them back, and not come to say so.
        if not (isinstance(error, ArticleGone) and all(path.exists() for path in paths)):
            text = say(language, "telegram.restore_failed", path=files[0][0], reason=str(error))
            await _in_place(services, job, text)
            return None
    job.later(lambda db: desk.take_removal(db, press.ref))
    await services.rebuilding.ask(_asked(services, job.request))
    await _in_place(services, job, say(language, "telegram.restored", path=", ".join(str(path) for path in paths)))
    return None


async def ban(services: Services, job: Job) -> None:
    number = await _person(services, job, "ban")
    if number is None:
        return
    if services.access.is_admin(number):
        await tell(services, job.request, "telegram.ban_admin")
        return
    await services.state.run(lambda db: people.ban(db, number, time.time()))
    services.banned.add(number)
    await tell(services, job.request, "telegram.banned", id=number)


async def unban(services: Services, job: Job) -> None:
    number = await _person(services, job, "unban")
    if number is None:
        return
    await services.state.run(lambda db: people.unban(db, number))
    services.banned.discard(number)
    await tell(services, job.request, "telegram.unbanned", id=number)


async def _person(services: Services, job: Job, name: str) -> int | None:
    text = job.request.text.strip()
    if not _ID.fullmatch(text):
        await tell(services, job.request, "telegram.ban_usage", name=name)
        return None
    return int(text)


def _asked(services: Services, request: Request) -> Asked:
    return Asked(target_of(request), services.language_of(request))


async def _article(services: Services, ref: int) -> Article | None:
    if services.asking.bot is None:
        return None
    passages = await services.asking.passages_of(f"{ref:016x}")
    return passages[0].article if passages else None


def _question(article: Article, language: Language) -> str:
    return say(language, "telegram.remove_question", title=name_of(article), path=article.path)


def _keys(services: Services, request: Request, article: Article) -> InlineKeyboardMarkup:
    language = services.language_of(request)
    return services.keyboards.confirm(
        target_of(request).chat_id, Press(Action.REMOVE, int(article.id, 16)), Press(Action.CANCEL, 0),
        say(language, "telegram.yes_remove"), say(language, "telegram.no"),
    )  # fmt: skip


async def _in_place(services: Services, job: Job, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
    """Say it in the message whose button was pressed; its old buttons go."""
    target = target_of(job.request)
    if target.reply_to is not None:
        await services.delivery.edit(target, target.reply_to, html.text_parts(text)[0], keyboard, Priority.ASIDE)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{max(1, round(count / 1e3))} kB"
