"""The command `qa-bot articles`: list what is indexed, show one, take some out and back in. No file is ever touched."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from embeddings.articles import LINKS, extension_of, find_files
from embeddings.console import complain
from embeddings.errors import BotError, IndexProblem, SourceError
from embeddings.opening import source_of
from embeddings.removals import Removals, Removed, removed
from embeddings.searching import SearchIndex
from embeddings.settings import Index as IndexSection
from qa_bot.articles_query import (
    Beside,
    Wanted,
    by_words,
    checked,
    from_web,
    identified,
    may_be_beside,
    outside,
    reprints,
    select,
)
from qa_bot.articles_view import Whole, article_json, heading, listing, removed_json, removed_listing, text_of
from qa_bot.articles_words import say
from qa_bot.records import EVERYTHING
from qa_bot.rendering import json_line

if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import Console

    from embeddings.messages import Language
    from embeddings.pipeline import Report
    from embeddings.records import Header
    from qa_bot.settings import BotSettings

Rebuild = Callable[[], "Report"]
"""Builds the index anew, printing nothing to standard output. Raises BotError; then the old index still serves."""
Ask = Callable[[str], bool]
"""Puts a question that is answered yes or no. Raises BotError where there is nobody to ask."""

_YES = frozenset({"y", "yes", "c", "co", "có"})
_AT_ONCE = 500  # articles whose texts are read at the same time


def run(
    options: Wanted, settings: BotSettings, rebuild: Rebuild, language: Language, console: Console, ask: Ask
) -> int:
    """Do what was asked; the exit code, 1 where nothing matched or nothing was done. Raises BotError."""
    if options.limit < 0:
        raise BotError(say(language, "articles.limit"))
    wanted = checked(options)
    command = _Command(wanted, settings, rebuild, language, console, ask)
    return {"list": command.list, "show": command.show, "remove": command.remove, "restore": command.restore}[
        wanted.action
    ]()


def asking(language: Language, typed: TextIO | None = None, told: TextIO | None = None) -> Ask:
    """Asks at the terminal: reads `typed` (standard input), writes to `told` (standard error). Only yes is yes."""

    def ask(question: str) -> bool:
        source, target = typed or sys.stdin, told or sys.stderr
        if not source.isatty():
            raise BotError(say(language, "articles.no_terminal"))
        target.write(f"{question} ")
        target.flush()
        return source.readline().strip().casefold() in _YES

    return ask


@contextmanager
def opened(settings: IndexSection) -> Iterator[SearchIndex]:
    """The newest sound generation, whatever model built it: nothing is asked of it. Raises IndexProblem."""
    with closing(source_of(settings)) as source, closing(source.open(None)) as index:
        if index.warning:
            complain(f"qa-bot: {index.warning}")
        yield index


def find(index: SearchIndex, wanted: Wanted) -> list[Header]:
    """The articles that are meant. What no header says is looked up only where the words may speak of it."""
    headers = index.headers()
    found = select(headers, wanted)
    if not wanted.words or identified(found, wanted.words) or not may_be_beside(index.places, wanted.words):
        return found
    return select(headers, wanted, _beside(index))


def _beside(index: SearchIndex) -> dict[int, Beside]:
    """What is known of all articles beside their headers, by row."""
    firsts = {row: passages[0] for row, passages in index.by_article(range(index.passage_count)).items()}
    found: dict[int, Beside] = {}
    for rows in _parts(list(firsts)):
        for row, stored in zip(rows, index.passages([firsts[row] for row in rows]), strict=True):
            found[row] = Beside(stored.context.place, stored.article.also_at)
    return found


def _parts(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    return (rows[at : at + _AT_ONCE] for at in range(0, len(rows), _AT_ONCE))


@dataclass(frozen=True, slots=True)
class _Command:
    """One call of the command: what is wanted, and whom to tell."""

    wanted: Wanted
    settings: BotSettings
    rebuild: Rebuild
    language: Language
    console: Console
    ask: Ask

    def list(self) -> int:
        with opened(self.settings.index) as index:
            found = find(index, self.wanted)
            self._list(index, found)
            if self.wanted.json:
                self._json(_rows(index, found[: self.wanted.limit or None]))
        return 0 if found else 1

    def show(self) -> int:
        if not self.wanted.words:
            raise BotError(say(self.language, "articles.which_to_show"))
        with opened(self.settings.index) as index:
            found = find(index, self.wanted)
            if len(found) != 1:
                self._list(index, found)
                if found:
                    complain(f"qa-bot: {say(self.language, 'articles.several', count=len(found))}")
                return 1
            whole = _whole(index, found[0])
        if self.wanted.json:
            row = article_json(whole.article, whole.story, len(whole.passages))
            self._json([row | {"text": whole.article.text}])
        else:
            self.console.print(Group(*heading(whole, self.language), Text()))
            self.console.print(text_of(whole), soft_wrap=not self.console.is_terminal)  # a file keeps the lines
        return 0

    def remove(self) -> int:
        wanted = self.wanted
        if not wanted.words and (wanted.filters, wanted.source, wanted.author) == (EVERYTHING, None, None):
            raise BotError(say(self.language, "articles.which_to_remove"))
        with opened(self.settings.index) as index:
            found = find(index, wanted)
            self._list(index, found)
            if not found:
                return 1
            gone = {header.row for header in found}
            self._refuse_other_sources([header for header in index.headers() if header.row not in gone])
            at = datetime.now(UTC).isoformat(timespec="seconds")
            whole = index.articles_at([header.row for header in found])
            records = [removed(a.id, a.path, a.title, at, a.also_at) for a in whole]
            everything = len(found) == len(index.headers())
        if not self._sure("articles.ask_remove", len(found)):
            return 1
        removals = Removals(self.settings.index.dir)
        added = removals.add(records)
        with self._undoing(lambda: removals.drop(added)):
            try:
                report = self.rebuild()
            except SourceError as error:
                if everything:
                    raise BotError(say(self.language, "articles.nothing_left")) from error
                raise
        return self._done("articles.removed", records, report)

    def restore(self) -> int:
        wanted = self.wanted
        if (wanted.filters, wanted.source, wanted.author) != (EVERYTHING, None, None):
            raise BotError(say(self.language, "articles.restore_by_words"))
        removals = Removals(self.settings.index.dir)
        listed = removals.load()
        found = by_words(listed, wanted.words, lambda r: f"{r.title or ''} {r.path}", lambda r: r.places)
        if not found:
            name = "articles.none" if listed else "articles.nothing_removed"
            self._tell(name)
            return 1
        if not wanted.words:
            if not wanted.json:
                self.console.print(removed_listing(found, wanted.limit, self.language))
            if not self._sure("articles.ask_restore", len(found)):
                return 1
        with suppress(IndexProblem), opened(self.settings.index) as index:  # without one, none is lost
            self._refuse_other_sources(index.headers())
        dropped = removals.drop(found)
        with self._undoing(lambda: removals.add(dropped)):
            report = self.rebuild()
        return self._done("articles.restored", found, report)

    def _list(self, index: SearchIndex, found: Sequence[Header]) -> None:
        if not found:
            self._tell("articles.none")
        elif not self.wanted.json:
            headers = index.headers()
            self.console.print(listing(found, len(headers), reprints(headers), self.wanted.limit, self.language))

    def _refuse_other_sources(self, stay: Sequence[Header]) -> None:
        """Raises BotError where the build that follows would lose articles that nobody wants removed."""
        sources = self.settings.articles.source
        pages = from_web(stay)
        lost = outside(stay, sources) or (pages if pages and not _visits_web(self.settings) else [])
        if lost:
            named = ", ".join(str(source) for source in sources)
            message = say(self.language, "articles.other_sources", path=lost[0], sources=named, count=len(lost))
            raise BotError(message)

    def _tell(self, name: str) -> None:
        """One line, for people: programs read nothing but rows."""
        line = say(self.language, name)
        if self.wanted.json:
            complain(f"qa-bot: {line}")
        else:
            self.console.print(Text(line, "dim"))

    def _sure(self, question: str, count: int) -> bool:
        """Whether to go on. Says so where not."""
        name = f"{question}_one" if count == 1 else question
        sure = self.wanted.yes or self.ask(say(self.language, name, count=count))
        if not sure:
            self._tell("articles.left_alone")
        return sure

    @contextmanager
    def _undoing(self, undo: Callable[[], object]) -> Iterator[None]:
        """Where no index came of it, Ctrl-C included, the list is put back as it was."""
        try:
            yield
        except BaseException as error:
            try:
                undo()
            except BotError as other:
                reason = str(error) or str(other)
                raise BotError(say(self.language, "articles.not_undone", reason=reason.rstrip("."))) from other
            raise

    def _done(self, name: str, records: Sequence[Removed], report: Report) -> int:
        if self.wanted.json:
            self._json(map(removed_json, records))
        else:
            self.console.print(Text(say(self.language, name, count=len(records), left=report.articles)))
        return 0

    def _json(self, rows: Iterable[dict[str, Any]]) -> None:
        for row in rows:
            self.console.file.write(json_line(row) + "\n")
        self.console.file.flush()


def _visits_web(settings: BotSettings) -> bool:
    """Whether a build asks for pages: those that the settings name, or files of links. Raises SourceError."""
    if settings.web.addresses:
        return True
    return any(extension_of(path.name) == LINKS for path in find_files(settings.articles)[0])


def _rows(index: SearchIndex, headers: Sequence[Header]) -> Iterator[dict[str, Any]]:
    counts = {row: len(found) for row, found in index.by_article(range(index.passage_count)).items()}
    stories = {header.row: header.story for header in headers}
    for rows in _parts([header.row for header in headers]):
        for row, article in zip(rows, index.articles_at(rows), strict=True):
            yield article_json(article, stories[row], counts.get(row, 0))


def _whole(index: SearchIndex, header: Header) -> Whole:
    (article,) = index.articles_at([header.row])
    others = reprints(index.headers()).get(header.row, [])
    return Whole(article, index.passages_of(header.id), header.story, others)
