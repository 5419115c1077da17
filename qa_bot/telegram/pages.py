"""Passages and articles on the screen, page by page; deep links that lead to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embeddings.errors import IndexProblem
from qa_bot.messages import say
from qa_bot.telegram import html, threads
from qa_bot.telegram.buttons import HERE, Action, Press
from qa_bot.telegram.pacing import Priority
from qa_bot.telegram.replies import send, target_of, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from telegram import InlineKeyboardMarkup

    from embeddings.index import StoredPassage
    from qa_bot.records import Citation
    from qa_bot.telegram.html import Part
    from qa_bot.telegram.receiving import Job
    from qa_bot.telegram.requests import Request
    from qa_bot.telegram.services import Services

_LINK = "https://t.me/{bot}?start={payload}"


async def open_source(services: Services, job: Job, press: Press) -> str | None:
    """The passage that a source of an answer stands in, or the pages around it. Returns a toast, or None."""
    stored = await services.state.run(lambda db: threads.get(db, press.ref))
    citation = next((c for c in stored.snapshot.sources if c.n == press.n), None) if stored else None
    language = services.language_of(job.request)
    if citation is None:
        return say(language, "telegram.expired")
    passages = await _passages(services, citation.article_id)
    at = _page_of(passages, citation)
    if at is None:
        await _show(services, job, html.quote_part(citation, language), None, anew=press.page == HERE)
        return None
    page = at if press.page == HERE else min(press.page, len(passages) - 1)
    part = html.passage_part(passages[page], citation, language, page + 1, len(passages))
    base = Press(Action.OPEN, press.ref, press.n)
    await _show_passage(services, job, part, base, page, passages, anew=press.page == HERE)
    return None


async def open_article(services: Services, job: Job, press: Press) -> str | None:
    passages = await _passages(services, f"{press.ref:016x}")
    language = services.language_of(job.request)
    if not passages:
        return say(language, "telegram.article_gone")
    page = 0 if press.page == HERE else min(press.page, len(passages) - 1)
    part = html.passage_part(passages[page], None, language, page + 1, len(passages))
    base = Press(Action.ARTICLE, press.ref)
    await _show_passage(services, job, part, base, page, passages, anew=press.page == HERE)
    return None


async def _passages(services: Services, article_id: str) -> list[StoredPassage]:
    try:
        return await services.asking.passages_of(article_id)
    except IndexProblem:
        return []


def _page_of(passages: Sequence[StoredPassage], citation: Citation) -> int | None:
    """The passage that holds the quote where it was cited; None when the article says something else by now."""
    for at, stored in enumerate(passages):
        inside = stored.passage.start <= citation.start and citation.end <= stored.passage.end
        if inside and stored.article.text[citation.start : citation.end] == citation.quote:
            return at
    return None


async def open_link(services: Services, request: Request, article_id: str, offset: int | None) -> None:
    """An article from its beginning, or at the passage that holds `offset`."""
    passages = await _passages(services, article_id)
    if not passages:
        await tell(services, request, "telegram.article_gone")
        return
    holding = (at for at, p in enumerate(passages) if offset is not None and p.passage.start <= offset < p.passage.end)
    page = next(holding, 0)
    language, target = services.language_of(request), target_of(request)
    part = html.passage_part(passages[page], None, language, page + 1, len(passages))
    base = Press(Action.ARTICLE, int(article_id, 16))
    url = passages[page].article.url
    keyboard = services.keyboards.passage(target.chat_id, base, page, len(passages), url, language)
    await send(services, target, [part], keyboard)


async def _show_passage(
    services: Services, job: Job, part: Part, base: Press, page: int, passages: Sequence[StoredPassage], *, anew: bool
) -> None:
    url = passages[page].article.url
    language = services.language_of(job.request)
    keyboard = services.keyboards.passage(job.request.chat_id or 0, base, page, len(passages), url, language)
    await _show(services, job, part, keyboard, anew=anew)


async def _show(services: Services, job: Job, part: Part, keyboard: InlineKeyboardMarkup | None, *, anew: bool) -> None:
    """A new message under the one whose button was pressed, or the next page in its place."""
    target = target_of(job.request)
    if anew or target.reply_to is None:
        await services.delivery.send(target, part, keyboard, Priority.ASIDE)
    else:
        await services.delivery.edit(target, target.reply_to, part, keyboard, Priority.ASIDE)


def deep_link(bot: str, article_id: str, start: int | None = None) -> str:
    payload = f"a_{article_id}" if start is None else f"p_{article_id}_{start}"
    return _LINK.format(bot=bot, payload=payload)
