"""Inline mode: answers and passages to put into any chat."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    LinkPreviewOptions,
)
from telegram.constants import InlineQueryLimit, ParseMode

from embeddings.console import one_line
from embeddings.errors import IndexProblem
from embeddings.vietnamese import visible
from qa_bot.errors import QuestionError
from qa_bot.messages import say
from qa_bot.naming import name_of, shown_date
from qa_bot.telegram import html, threads
from qa_bot.telegram.pages import deep_link

if TYPE_CHECKING:
    from embeddings.messages import Language
    from qa_bot.records import Citation
    from qa_bot.telegram.html import Part
    from qa_bot.telegram.receiving import Job
    from qa_bot.telegram.services import Services
    from qa_bot.telegram.threads import Snapshot

_CACHE_SECONDS = 60  # how long Telegram may show the same results again
_LABEL = 120  # characters of a result's title or description; phones show two lines


async def inline(services: Services, job: Job) -> None:
    """Results for what was typed after the bot's name."""
    query, language = job.request.update.inline_query, services.language_of(job.request)
    if query is None:
        return
    text = query.query.strip()
    if not any(c.isalnum() for c in visible(text)):
        await _nothing(services, query.id, say(language, "telegram.inline_hint"), _CACHE_SECONDS)
        return
    try:
        answer = await services.asking.ask(text[: InlineQueryLimit.MAX_QUERY_LENGTH], ())
    except (QuestionError, IndexProblem):
        await _nothing(services, query.id, say(language, "telegram.inline_none"), 0)
        return
    services.metrics.answered(answer.status, time.perf_counter() - job.arrived)
    snapshot = threads.Snapshot.of(answer)
    results = [_passage_result(services.me.username, source, language) for source in snapshot.sources]
    button = None
    if snapshot.status == "answered":
        results.insert(0, _answer_result(services.me.username, snapshot, language))
    else:
        button = InlineQueryResultsButton(say(language, "telegram.inline_none"), start_parameter="inline")
    await services.delivery.inline(query.id, results, _CACHE_SECONDS, personal=True, button=button)


async def refuse(services: Services, query_id: str, text: str) -> None:
    """No results, and why, to be asked again at once."""
    await _nothing(services, query_id, text, 0)


async def _nothing(services: Services, query_id: str, text: str, seconds: int) -> None:
    button = InlineQueryResultsButton(text, start_parameter="inline")
    await services.delivery.inline(query_id, [], seconds, personal=True, button=button)


def _answer_result(bot: str, snapshot: Snapshot, language: Language) -> InlineQueryResultArticle:
    first = snapshot.sources[0]
    part = html.above(snapshot.question, html.answer_parts(snapshot, language)[0])
    return _result("answer" + snapshot.question, snapshot.text, _line(first), part, bot, first, language)


def _passage_result(bot: str, source: Citation, language: Language) -> InlineQueryResultArticle:
    key = f"{source.n} {source.article_id} {source.start}"
    return _result(key, name_of(source), source.quote, html.quoted(source), bot, source, language)


def _result(
    key: str, title: str, description: str, part: Part, bot: str, source: Citation, language: Language
) -> InlineQueryResultArticle:
    link = deep_link(bot, source.article_id, source.start)
    return InlineQueryResultArticle(
        hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32],
        _cut(title),
        InputTextMessageContent(part.html, ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)),
        InlineKeyboardMarkup.from_button(InlineKeyboardButton(say(language, "telegram.open_here"), url=link)),
        description=_cut(description),
    )


def _line(source: Citation) -> str:
    return " · ".join(part for part in (name_of(source), shown_date(source.published), source.source or "") if part)


def _cut(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _LABEL else line[: _LABEL - 1].rstrip() + "…"
