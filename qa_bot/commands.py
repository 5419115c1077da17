"""What a typed line means: a command, by its colon, or a question. Dispatch, help and completion read one table."""

from __future__ import annotations

import difflib
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.table import Table

from embeddings.console import complain, one_line
from embeddings.errors import BotError, IndexProblem
from qa_bot.conversation import Conversation
from qa_bot.filters import QUOTES, FilterError, parse_day, parse_title
from qa_bot.messages import say
from qa_bot.naming import matching, searchable
from qa_bot.rendering import article_text, passage_text, sources_text
from qa_bot.tables import articles_table, why_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from embeddings.messages import Language
    from embeddings.records import Article

_CLOSE = 0.5  # difflib's ratio from which a mistyped name is taken for a command's


def handle(talk: Conversation, line: str) -> None:
    """Carry out a command or answer a question; a BotError becomes one line. An empty line is nothing."""
    line = line.strip()
    try:
        if line.startswith(":"):
            name, _, argument = line[1:].partition(" ")
            _command(talk, name, argument.strip())
        elif line:
            talk.catch_up()
            talk.ask(line)
    except FilterError as error:
        talk.say(error.name, **error.values)
    except BotError as error:
        complain(str(error))
    if line and talk.running:
        talk.show("")


def completions(talk: Conversation, typed: str) -> Iterable[tuple[str, int]]:
    """(text, how many characters of `typed` it replaces): commands after a colon, then what the command takes."""
    if not typed.startswith(":"):
        return
    name, space, argument = typed[1:].partition(" ")
    if not space:
        yield from (
            (f":{command.name}", len(typed)) for command in COMMANDS if command.name.startswith(name.casefold())
        )
    elif command := find_command(name):
        wanted = searchable(argument.lstrip(QUOTES))
        with suppress(IndexProblem):  # a server that is away completes nothing; the question will say so
            yield from ((text, len(argument)) for text in command.values(talk) if wanted in searchable(text))


def _command(talk: Conversation, name: str, argument: str) -> None:
    command = find_command(name)
    if command is None:
        nearest = difflib.get_close_matches(name.casefold(), [c.name for c in COMMANDS], n=1, cutoff=_CLOSE)
        talk.say("repl.unknown", typed=one_line(name), nearest=(nearest or ["help"])[0])
    elif not command.run(talk, argument):
        talk.say("repl.usage", usage=command.usage(talk.language))


def _open(talk: Conversation, argument: str) -> bool:
    if argument.isdecimal():
        _open_source(talk, int(argument))
    elif argument:
        found = matching(talk.bot.articles(), argument)
        if len(found) == 1:
            talk.show(article_text(found[0], talk.language))
        else:
            _list(talk, found, argument)
    return bool(argument)


def _open_source(talk: Conversation, number: int) -> None:
    sources = talk.sources()
    if number in sources:
        talk.show(passage_text(talk.passage(sources[number].passage_row), sources[number], talk.language))
    elif sources:
        talk.say("repl.no_source", number=number, last=max(sources))


def _sources(talk: Conversation, _argument: str) -> bool:
    if talk.sources() and talk.answer:
        talk.show(sources_text(talk.answer, talk.language))
    return True


def _why(talk: Conversation, _argument: str) -> bool:
    if talk.answer:
        talk.show(why_table(talk.answer, talk.language))
    else:
        talk.say("repl.nothing_asked")
    return True


def _articles(talk: Conversation, argument: str) -> bool:
    _list(talk, matching(talk.bot.articles(), argument), argument)
    return True


def _list(talk: Conversation, articles: Sequence[Article], words: str) -> None:
    if articles:
        talk.show(articles_table(articles, talk.language))
    else:
        talk.say("repl.no_article", words=one_line(words))


def _from(talk: Conversation, argument: str) -> bool:
    talk.narrow(replace(talk.filters, first=parse_day(argument, last=False) if argument else None))
    return True


def _to(talk: Conversation, argument: str) -> bool:
    talk.narrow(replace(talk.filters, last=parse_day(argument, last=True) if argument else None))
    return True


def _in(talk: Conversation, argument: str) -> bool:
    talk.narrow(replace(talk.filters, title=parse_title(argument) if argument.strip(QUOTES) else None))
    return True


def _rebuild(talk: Conversation, _argument: str) -> bool:
    talk.rebuild()
    return True


def _lang(talk: Conversation, argument: str) -> bool:
    if argument not in ("vi", "en"):
        return False
    talk.language = "en" if argument == "en" else "vi"
    talk.say("repl.language")
    return True


def _help(talk: Conversation, _argument: str) -> bool:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    for command in COMMANDS:
        table.add_row(command.usage(talk.language), say(talk.language, f"help.{command.name}"))
    talk.show(table)
    return True


def _quit(talk: Conversation, _argument: str) -> bool:
    talk.running = False
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table. The catalogue's `help.<name>` says what it does."""

    name: str
    run: Callable[[Conversation, str], bool]  # False: the argument is not one that it takes
    takes_argument: bool = False  # which the catalogue's `help.argument.<name>` names
    values: Callable[[Conversation], Iterable[str]] = lambda _talk: ()  # arguments to complete to
    aliases: tuple[str, ...] = ()

    def usage(self, language: Language) -> str:
        argument = f" {say(language, f'help.argument.{self.name}')}" if self.takes_argument else ""
        return f":{self.name}{argument}"


COMMANDS = (
    Command("open", _open, takes_argument=True, values=Conversation.titles),
    Command("sources", _sources),
    Command("why", _why),
    Command("articles", _articles, takes_argument=True, values=Conversation.titles),
    Command("from", _from, takes_argument=True),
    Command("to", _to, takes_argument=True),
    Command("in", _in, takes_argument=True, values=Conversation.titles),
    Command("rebuild", _rebuild),
    Command("lang", _lang, takes_argument=True, values=lambda _talk: ("vi", "en")),
    Command("help", _help),
    Command("quit", _quit, aliases=("q",)),
)


def find_command(name: str) -> Command | None:
    wanted = name.casefold()
    return next((command for command in COMMANDS if wanted in (command.name, *command.aliases)), None)
