"""The buttons under messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import InlineKeyboardMarkupLimit

from embeddings.console import one_line
from qa_bot.messages import say
from qa_bot.naming import name_of
from qa_bot.telegram.buttons import Action, Press, Signer
from qa_bot.telegram.styled import ELLIPSIS
from qa_bot.telegram.text import reach, shows, web_address

if TYPE_CHECKING:
    from embeddings.messages import Language
    from embeddings.records import Article
    from qa_bot.telegram.threads import Snapshot

_A_ROW = int(InlineKeyboardMarkupLimit.BUTTONS_PER_ROW)
_MOST = int(InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER)
_MOST_ARTICLES = 8
_LABEL = 60  # UTF-16 code units: a phone shows about half of them, a tablet all
_VOTES = (("👍", 1), ("👎", 2))


class Keyboards:
    """Makes keyboards whose buttons work for `lifetime` seconds, in the chat they are made for."""

    def __init__(self, signer: Signer, lifetime: float) -> None:
        self._signer = signer
        self._lifetime = lifetime

    def answer(
        self,
        chat_id: int,
        answer_id: int,
        snapshot: Snapshot,
        language: Language,  # noqa: ARG002 - numbers and thumbs are the same in both
    ) -> InlineKeyboardMarkup:
        """The numbers of the sources, each opening its passage; below them the votes."""
        numbers = [source.n for source in snapshot.sources][: _MOST - len(_VOTES)]
        opens = [self._button(chat_id, Press(Action.OPEN, answer_id, n), f"{n}") for n in numbers]
        votes = [self._button(chat_id, Press(Action.VOTE, answer_id, value), sign) for sign, value in _VOTES]
        return InlineKeyboardMarkup([*(opens[at : at + _A_ROW] for at in range(0, len(opens), _A_ROW)), votes])

    def passage(
        self, chat_id: int, press_base: Press, page: int, pages: int, url: str | None, language: Language
    ) -> InlineKeyboardMarkup | None:
        """Back and forth from `page` (counted from 0, as in a Press) of `pages`, and the article's own address.

        None where there is nowhere to go.
        """
        steps = (("◀", page - 1), ("▶", page + 1))
        turns = [self._button(chat_id, replace(press_base, page=to), sign) for sign, to in steps if 0 <= to < pages]
        rows = [turns] if turns else []
        if address := web_address(url):
            rows.append([InlineKeyboardButton(say(language, "telegram.open_address"), url=address)])
        return InlineKeyboardMarkup(rows) if rows else None

    def examples(self, chat_id: int, examples: Iterable[tuple[int, str]]) -> InlineKeyboardMarkup:
        """(id, question): one below the other. A label may be shortened, the stored question is whole."""
        return self._list(chat_id, [(Press(Action.EXAMPLE, number), text) for number, text in examples])

    def articles(self, chat_id: int, articles: Sequence[Article], action: Action) -> InlineKeyboardMarkup:
        """The first few articles by their titles, one below the other."""
        shown = articles[:_MOST_ARTICLES]
        return self._list(chat_id, [(Press(action, int(article.id, 16)), name_of(article)) for article in shown])

    def confirm(self, chat_id: int, yes: Press, no: Press, yes_text: str, no_text: str) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup([[self._button(chat_id, yes, yes_text), self._button(chat_id, no, no_text)]])

    def one(self, chat_id: int, press: Press, text: str) -> InlineKeyboardMarkup:
        return self._list(chat_id, [(press, text)])

    def _list(self, chat_id: int, buttons: Iterable[tuple[Press, str]]) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup([[self._button(chat_id, press, text)] for press, text in buttons])

    def _button(self, chat_id: int, press: Press, text: str) -> InlineKeyboardButton:
        data = self._signer.sign(press, chat_id, self._lifetime)
        return InlineKeyboardButton(label(text), callback_data=data)


def label(text: str) -> str:
    """A button's text: one line, not too long, and never empty, which Telegram refuses."""
    line = one_line(text)
    end = reach(line, 0, _LABEL)
    shown = line if end == len(line) else line[: reach(line, 0, _LABEL - len(ELLIPSIS))].rstrip() + ELLIPSIS
    return shown if shows(shown) else ELLIPSIS
