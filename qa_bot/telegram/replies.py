"""A few words back: where a reply goes, and messages of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa_bot.messages import say
from qa_bot.telegram import html
from qa_bot.telegram.delivery import Target
from qa_bot.telegram.pacing import Priority
from qa_bot.telegram.text import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from telegram import InlineKeyboardMarkup

    from embeddings.messages import Language
    from qa_bot.telegram.html import Part
    from qa_bot.telegram.requests import Request
    from qa_bot.telegram.services import Services


def target_of(request: Request) -> Target:
    """Where an answer to the request goes: its chat and topic, as a reply."""
    if request.chat_id is None:
        raise ValueError("an inline query has no chat")
    return Target(request.chat_id, request.topic, request.message_id)


async def send(
    services: Services, target: Target, parts: Sequence[Part], keyboard: InlineKeyboardMarkup | None = None
) -> list[int]:
    """Send `parts` in order, the keyboard under the last; the ids of those that arrived."""
    sent = []
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        sent.append(await services.delivery.send(target, part, keyboard if last else None, Priority.ASIDE))
    return [message for message in sent if message is not None]


async def tell(services: Services, request: Request, name: str, /, **values: object) -> None:
    """One message of the catalogue as a reply."""
    await send(services, target_of(request), worded(services.language_of(request), name, **values))


def worded(language: Language, name: str, /, **values: object) -> list[Part]:
    """A message of the catalogue. Its own /commands can be tapped; texts that are filled in are data, and cannot."""
    filled = {key: harmless(value) if isinstance(value, str) else value for key, value in values.items()}
    return html.own_parts(say(language, name, **filled))
