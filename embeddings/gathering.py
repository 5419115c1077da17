"""What the sources hold, given to the draft: folders first, then the web. Unchanged files are not opened.

What the list of removed articles names is left out; whatever is no article is told with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from embeddings import articles
from embeddings.draft import Draft
from embeddings.errands import Runners, outfit
from embeddings.ledger import Holds, Ledger, Signature, now, settled
from embeddings.lexicon import Lexicon
from embeddings.processors import processors
from embeddings.reading import Apart, Unread, links_in, pages_fetched, path_of
from embeddings.reading_ahead import Item, ReadAhead, candidates, read_here, worthwhile
from embeddings.records import Skipped
from embeddings.removals import REASON, Removals
from embeddings.settings import IndexSettings
from embeddings.steps import Progress
from embeddings.web import Unvisited, Web, WebPage
from embeddings.workers import Workers

_FURNITURE = "nothing in it but page furniture"
_Read = Callable[[articles.File], tuple[int, Iterable[Item]]]
"""(when the reading of a file began, in nanoseconds; what it holds)."""


@dataclass
class Gathering:
    """One look at all sources. `skipped` grows."""

    draft: Draft
    settings: IndexSettings
    lexicon: Lexicon
    ledger: Ledger
    apart: Apart
    removals: Removals
    runners: Runners | None = None  # who reads files; None: this machine's own processes, where that is of use
    skipped: list[Skipped] = field(default_factory=list)

    def gather(self, web: Callable[[], Web], progress: Progress) -> None:
        """Look through everything. `web` is opened only if there are addresses. Raises BotError."""
        files, passed_over = articles.survey(self.settings.articles)
        self.skipped += passed_over
        progress.stage("read", len(files))
        addresses = list(self.settings.web.addresses)
        with self._reading(files) as read:
            for file in files:
                if articles.extension_of(file.path) == articles.LINKS:
                    addresses += self._links(file)
                else:
                    self._file(file, read)
                progress.advance()
        seen = [file.path for file in files]
        if addresses:
            seen += self._visit(list(dict.fromkeys(addresses)), web, progress)
        self.ledger.keep(seen)

    @contextmanager
    def _reading(self, files: list[articles.File]) -> Iterator[_Read]:
        """How files are read: by others where there is much to read, else here, each when its turn comes."""
        wanted = [file for file in files if self._to_read(file)]
        with ExitStack() as held:
            runners = self.runners
            if runners is None and worthwhile(wanted) and processors() > 1:
                runners = held.enter_context(Workers(outfit(self.settings, self.lexicon)))
            if runners is None:
                yield lambda file: (now(), read_here(file, self.settings, self.lexicon, self.apart))
                return
            ahead = ReadAhead(wanted, runners, self.settings, self.lexicon, self.apart, self.draft.holds)
            yield lambda file: ahead.of(file.path)

    def _to_read(self, file: articles.File) -> bool:
        """Whether it is not known already what the file holds, or that is not stored."""
        if articles.extension_of(file.path) == articles.LINKS:
            return False
        holds = self.ledger.look_up(file.path, file.signature)
        return holds is None or not all(self.draft.holds(sha256) for _, sha256 in holds.articles)

    def _file(self, file: articles.File, read: _Read) -> None:
        def look() -> tuple[bool, Iterable[Item]]:
            began, items = read(file)
            return settled(file.signature, began), items

        self._look(file.path, file.signature, articles.shown(file.path), look)

    def _look(self, key: str, signature: Signature, name: str, read: Callable[[], tuple[bool, Iterable[Item]]]) -> None:
        """Give the draft what lies there; read it only if that is not known.

        `read`: whether what is read now holds for that signature, and what there is.
        """
        holds = self.ledger.look_up(key, signature)
        if holds is None or not all(self._known(sha256, path_of(name, part)) for part, sha256 in holds.articles):
            lasting, items = read()
            holds, same_again = self._read(name, items)
            if lasting and same_again:
                self.ledger.note(key, signature, holds)
        else:
            for part, sha256 in holds.articles:
                if not self._hidden(sha256, path_of(name, part)):
                    self.draft.found(sha256, path_of(name, part))
        self.skipped += [Skipped(path_of(name, part), reason) for part, reason in holds.skipped]

    def _known(self, sha256: str, path: str) -> bool:
        return self.draft.holds(sha256) or self.removals.hides(sha256, path)

    def _hidden(self, sha256: str, path: str, title: Callable[[], str | None] | None = None) -> bool:
        hidden = self.removals.hides(sha256, path, title)
        if hidden:
            self.skipped.append(Skipped(path, REASON))
        return hidden

    def _read(self, name: str, items: Iterable[Item]) -> tuple[Holds, bool]:
        """What a file holds, and whether reading it again would give the same."""
        found: list[tuple[str, str]] = []
        unread: list[tuple[str, str]] = []
        lasting = True
        for item in items:
            if isinstance(item, Unread):
                unread.append((item.part, item.reason))
                lasting = lasting and item.lasting
                continue
            part = item.path.removeprefix(name).removeprefix("#")
            if self._hidden(item.sha256, item.path, item.title):
                pass
            elif self.draft.holds(item.sha256):
                self.draft.found(item.sha256, item.path)
            elif (prepared := item.prepared()) is not None:
                self.draft.store(prepared)
            else:
                unread.append((part, _FURNITURE))
                continue
            found.append((part, item.sha256))
        return Holds(tuple(found), tuple(unread)), lasting

    # --- the web ---

    def _links(self, file: articles.File) -> list[str]:
        """The addresses in a file of links."""
        addresses, wrong = links_in(Path(file.path), self.settings)
        name = articles.shown(file.path)
        self.skipped += [Skipped(path_of(name, line.part), line.reason) for line in wrong]
        return addresses

    def _visit(self, addresses: list[str], web: Callable[[], Web], progress: Progress) -> list[str]:
        """Give the draft what lies at these addresses, and at those that they lead to; all that were seen."""
        seen = []
        progress.stage("fetch", len(addresses))
        told = 0

        def tell(done: int, known: int) -> None:
            nonlocal told
            if known != told:
                progress.stage("fetch", known)
                progress.advance(done)
                told = known
            else:
                progress.advance()

        with web() as opened:
            for found in opened.visit(addresses, tell):
                if isinstance(found, Unvisited):
                    self.skipped.append(Skipped(found.address, found.reason))
                    continue
                seen.append(found.address)
                if found.problem is not None:
                    self.skipped.append(Skipped(found.address, found.problem))
                self._page(found)
        return seen

    def _page(self, page: WebPage) -> None:
        digest = int(page.sha256, 16)
        signature = (len(page.data), digest >> 200, (digest >> 140) & (2**60 - 1), (digest >> 80) & (2**60 - 1))
        pages = pages_fetched(page, self.apart)
        self._look(
            page.address, signature, page.address, lambda: (True, candidates(pages, self.settings, self.lexicon))
        )
