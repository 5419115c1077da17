"""One table of commands for dispatch, help and completion; unobtrusive completion; articles found by a word."""

from __future__ import annotations

import re
from datetime import date

import pytest
from rich.console import Console

from embeddings.errors import IndexProblem
from embeddings.records import Article
from qa_bot.commands import COMMANDS, completions, handle
from qa_bot.conversation import Conversation
from qa_bot.messages import CATALOGUE
from qa_bot.naming import matching
from qa_bot.records import EVERYTHING, Filters
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


def test_titles_complete_inside_quotes_too() -> None:
    assert completed(':in "them cay') == completed(":in them cay") == [":in Sông Lô thêm cây xanh"]
    assert completed(":from ") == completed(":to ") == []


def test_filters_stay_until_each_is_lifted() -> None:
    talking = talk()
    steps = {
        ":from 2020": Filters(date(2020, 1, 1)),
        ":to 6/2021": Filters(date(2020, 1, 1), date(2021, 6, 30)),
        ':in "sông lô"': Filters(date(2020, 1, 1), date(2021, 6, 30), "sông lô"),
        ":from": Filters(None, date(2021, 6, 30), "sông lô"),
        ":in": Filters(None, date(2021, 6, 30)),
        ":to": EVERYTHING,
    }
    for line, wanted in steps.items():
        handle(talking, line)
        assert talking.filters == wanted


@pytest.mark.parametrize("line", [":to 2019", ":from hôm nay", ":in …", ":to 31/2/2021"])
def test_a_filter_that_cannot_be_set_changes_nothing(line: str) -> None:
    talking = talk()
    handle(talking, ":from 2020")
    handle(talking, line)
    assert talking.filters == Filters(date(2020, 1, 1))


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


class AwayBot(FakeBot):
    """Its index lies on a server that does not answer."""

    def headers(self) -> list[Article]:
        raise IndexProblem("The server cannot be reached.")


def test_while_a_server_is_away_nothing_is_completed() -> None:
    away = Conversation(AwayBot(), lambda _language: None, "vi", Console(quiet=True))
    assert list(completions(away, ":open them")) == []
