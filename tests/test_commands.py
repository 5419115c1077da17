"""One table of commands for dispatch, help and completion; unobtrusive completion; articles found by a word."""

from __future__ import annotations

import re

import pytest
from rich.console import Console

from qa_bot.commands import COMMANDS, completions
from qa_bot.conversation import Conversation
from qa_bot.messages import CATALOGUE
from qa_bot.naming import matching
from tests.repl_child import FakeBot
from tests.samples import MARKET, RIVER


def talk() -> Conversation:
    return Conversation(FakeBot(), lambda _language: None, "vi", Console(quiet=True))


def completed(typed: str) -> list[str]:
    return [typed[: len(typed) - replaced] + text for text, replaced in completions(talk(), typed)]


def test_questions_are_never_completed() -> None:
    assert completed("") == completed("Sông") == completed("Sông :open ") == []


def test_only_commands_that_take_titles_complete_to_them() -> None:
    assert completed(":q") == [":quit"]
    assert completed(":") == [f":{command.name}" for command in COMMANDS]
    assert completed(":open THEM") == [":open Sông Lô thêm cây xanh"]
    assert completed(":lang ") == [":lang vi", ":lang en"]
    assert completed(":why ") == completed(":nothing ") == []


def test_no_completion_can_steer_the_terminal() -> None:
    assert len(completed(":articles ")) == 2
    assert not any(character in title for title in completed(":articles ") for character in "\x1b\x07\u202e")


@pytest.mark.parametrize("words", ["phien", "PHIÊN", "phie\u0302n", "cho-phien"])
def test_articles_match_with_diacritics_or_without(words: str) -> None:
    assert matching([RIVER, MARKET], words) == [MARKET]


def test_no_words_match_every_article() -> None:
    assert matching([RIVER, MARKET], " ") == [RIVER, MARKET]


def test_every_command_has_its_help_in_the_catalogue() -> None:
    named = {name.removeprefix("help.") for name in CATALOGUE if re.fullmatch(r"help\.\w+", name)}
    taking = {name.removeprefix("help.argument.") for name in CATALOGUE if name.startswith("help.argument.")}
    assert named == {command.name for command in COMMANDS}
    assert taking == {command.name for command in COMMANDS if command.takes_argument}
