"""What every handler works with, made once at the start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embeddings.messages import Language
    from qa_bot.settings import Telegram
    from qa_bot.telegram.access import Access
    from qa_bot.telegram.addressing import Identity
    from qa_bot.telegram.asking import Asking
    from qa_bot.telegram.buttons import Signer
    from qa_bot.telegram.delivery import Delivery
    from qa_bot.telegram.keyboards import Keyboards
    from qa_bot.telegram.library import Library
    from qa_bot.telegram.limits import Buckets, Refusals
    from qa_bot.telegram.metrics import Metrics
    from qa_bot.telegram.rebuilding import Rebuilding
    from qa_bot.telegram.receiving import PollingBot
    from qa_bot.telegram.requests import Request
    from qa_bot.telegram.state import StateThread


@dataclass(slots=True)
class Services:
    settings: Telegram
    max_question: int  # characters
    bot: PollingBot
    me: Identity
    state: StateThread
    asking: Asking
    delivery: Delivery
    signer: Signer
    keyboards: Keyboards
    access: Access
    banned: set[int]
    languages: dict[int, Language]  # those that people chose, by their ids
    buckets: Buckets  # questions
    taps: Buckets  # button presses and inline queries
    refusals: Refusals
    metrics: Metrics
    library: Library
    rebuilding: Rebuilding
    waiting: Callable[[], int] = lambda: 0  # requests that are not answered yet
    refused_now: asyncio.Event = field(default_factory=asyncio.Event)

    def language_of(self, request: Request) -> Language:
        """As the asker chose, else as their Telegram speaks; Vietnamese where that is unknown."""
        chosen = self.languages.get(request.asker.user_id or 0)
        return chosen or language_by_code(request.language_code)


def language_by_code(code: str | None) -> Language:
    return "vi" if code is None or code.casefold().split("-")[0] == "vi" else "en"
