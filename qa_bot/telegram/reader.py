"""What readers ask for beside answers: welcome, help, sources, reasons, articles, language, what is stored, votes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qa_bot.messages import say
from qa_bot.naming import matching
from qa_bot.telegram import desk, html, people, threads
from qa_bot.telegram.buttons import Action, Press
from qa_bot.telegram.pages import open_link
from qa_bot.telegram.questions import question
from qa_bot.telegram.replies import send, target_of, tell, worded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

    from telegram import ReactionType

    from embeddings.messages import Language
    from qa_bot.telegram.receiving import Job
    from qa_bot.telegram.services import Services
    from qa_bot.telegram.threads import Stored

_SHOWN_ARTICLES = 8
_LIKES, _DISLIKES = frozenset("👍❤🔥👏🎉💯🙏👌🏆⚡"), frozenset("👎💩🤮😡")


# Commands: (services, job); the argument is job.request.text.


async def start(services: Services, job: Job) -> None:
    """The welcome with three examples, or what a deep link leads to."""
    request, language = job.request, services.language_of(job.request)
    kind, _, rest = request.text.strip().partition("_")
    if kind in ("a", "p") and rest:
        article_id, _, offset = rest.partition("_")
        await open_link(services, request, article_id, int(offset) if offset.isdecimal() else None)
        return
    if services.asking.bot is None:
        await tell(services, request, "telegram.not_ready")
        return
    welcome = say(language, "telegram.welcome", count=services.asking.bot.index.manifest.articles)
    texts = await services.asking.examples(language)
    ids = await services.state.run(lambda db: [(desk.example_id(db, text), text) for text in texts])
    keyboard = services.keyboards.examples(target_of(request).chat_id, ids) if ids else None
    if ids:
        welcome += " " + say(language, "telegram.for_example")
    await send(services, target_of(request), html.text_parts(welcome), keyboard)


async def help(services: Services, job: Job) -> None:  # noqa: A001 - the command's name
    request, language = job.request, services.language_of(job.request)
    text = say(language, "telegram.help", bot=services.me.username)
    if request.private and services.access.is_admin(request.asker.user_id):
        text += "\n\n" + say(language, "telegram.help_admins")
    await send(services, target_of(request), html.own_parts(text))


async def ask(services: Services, job: Job) -> None:
    if job.request.text.strip():
        await question(services, job, job.request.text)
    else:
        await tell(services, job.request, "telegram.ask_usage")


async def sources(services: Services, job: Job) -> None:
    if stored := await _answer_meant(services, job):
        language = services.language_of(job.request)
        if not stored.snapshot.sources:
            await tell(services, job.request, "telegram.no_sources")
            return
        keyboard = services.keyboards.answer(stored.chat_id, stored.id, stored.snapshot, language)
        await send(services, target_of(job.request), html.sources_parts(stored.snapshot, language), keyboard)


async def why(services: Services, job: Job) -> None:
    if stored := await _answer_meant(services, job):
        parts = html.why_parts(stored.snapshot, services.language_of(job.request))
        await send(services, target_of(job.request), parts)


async def _answer_meant(services: Services, job: Job) -> Stored | None:
    """The answer that a command replies to, else the asker's last one here; says so when there is none."""
    request = job.request

    def find(db: Connection) -> Stored | None:
        if request.reply_to is not None:
            return threads.by_message(db, request.chat_id or 0, request.reply_to)
        return threads.latest(db, request.chat_id or 0, request.topic, request.asker.user_id, 0.0)

    stored = await services.state.run(find)
    if stored is None:
        await tell(services, request, "telegram.nothing_asked")
    return stored


async def article(services: Services, job: Job) -> None:
    """The article whose title or path holds the words, or a choice of those that do."""
    request, language, words = job.request, services.language_of(job.request), job.request.text.strip()
    if services.asking.bot is None:
        await tell(services, request, "telegram.not_ready")
        return
    found = matching(await services.asking.articles(), words)
    if not found:
        await tell(services, request, "telegram.no_article", words=words)
    elif len(found) == 1:
        await open_link(services, request, found[0].id, None)
    else:
        shown = found[:_SHOWN_ARTICLES]
        parts = worded(language, "telegram.articles", shown=len(shown), count=len(found))
        keyboard = services.keyboards.articles(target_of(request).chat_id, shown, Action.ARTICLE)
        await send(services, target_of(request), parts, keyboard)


async def lang(services: Services, job: Job) -> None:
    request, choice = job.request, job.request.text.strip().casefold()
    user = request.asker.user_id
    if choice not in ("vi", "en", "auto") or user is None:
        await tell(services, request, "telegram.language_usage")
        return
    language: Language | None = None if choice == "auto" else "en" if choice == "en" else "vi"
    await services.state.run(lambda db: people.set_language(db, user, language))
    if language is None:
        services.languages.pop(user, None)
    else:
        services.languages[user] = language
    await tell(services, request, "telegram.language")


async def forget(services: Services, job: Job) -> None:
    user = job.request.asker.user_id
    if user is None:
        return
    gone = await services.state.run(lambda db: people.forget(db, user))
    await tell(services, job.request, "telegram.forgotten", answers=gone.answers, votes=gone.votes)
    services.languages.pop(user, None)


async def privacy(services: Services, job: Job) -> None:
    await tell(services, job.request, "telegram.privacy", days=f"{services.settings.keep_days:g}")


# Buttons: (services, job, press). The press was checked: it was signed by us, for this chat, and is not too old.


async def vote(services: Services, job: Job, press: Press) -> str | None:
    language, user = services.language_of(job.request), job.request.asker.user_id
    if user is None:
        return None
    value = 1 if press.n == 1 else -1
    known = await services.state.run(lambda db: _vote(db, press.ref, user, value))
    return say(language, "telegram.thanks" if known else "telegram.expired")


async def example(services: Services, job: Job, press: Press) -> str | None:
    text = await services.state.run(lambda db: desk.example(db, press.ref))
    if text is None:
        return say(services.language_of(job.request), "telegram.expired")
    await question(services, job, text, repeated=True)
    return None


async def reaction(_services: Services, job: Job) -> None:
    """A reaction to an answer counts like a vote; taking it back takes the vote back, but none that was a button's."""
    request, user, changed = job.request, job.request.asker.user_id, job.request.update.message_reaction
    if user is None or changed is None:
        return
    value = _value(changed.new_reaction)
    if value == _value(changed.old_reaction):
        return

    def store(db: Connection) -> None:
        stored = threads.by_message(db, request.chat_id or 0, request.message_id or 0)
        if stored is not None:
            people.vote(db, stored.id, user, value, time.time())

    job.later(store)


def _value(reactions: Sequence[ReactionType]) -> int:
    """+1, -1, or 0 for what is no judgement."""
    emoji = "".join(getattr(reaction, "emoji", "") for reaction in reactions)
    return 1 if _LIKES & set(emoji) else -1 if _DISLIKES & set(emoji) else 0


def _vote(db: Connection, answer_id: int, user: int, value: int) -> bool:
    known = threads.get(db, answer_id) is not None
    if known:
        people.vote(db, answer_id, user, value, time.time())
    return known
