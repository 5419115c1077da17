"""What the sources hold, given to the draft: folders first, then the web. Unchanged files are not opened.

What the list of removed articles names is left out; whatever is no article is told with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from embeddings import articles
from embeddings.draft import Draft
from embeddings.ledger import Holds, Ledger, Signature, now, settled
from embeddings.reading import Apart, Unread, links_in, pages_fetched, path_of, read_file
from embeddings.records import Page, Skipped
from embeddings.removals import REASON, Removals
from embeddings.settings import IndexSettings
from embeddings.web import Unvisited, Web, WebPage

_FURNITURE = "nothing in it but page furniture"


class Progress(Protocol):
    """Who wants to know how far the reading is."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, steps: int = 1) -> None: ...


@dataclass
class Gathering:
    """One look at all sources. `skipped` grows."""

    draft: Draft
    settings: IndexSettings
    ledger: Ledger
    apart: Apart
    removals: Removals
    skipped: list[Skipped] = field(default_factory=list)

    def gather(self, web: Callable[[], Web], progress: Progress) -> None:
        """Look through everything. `web` is opened only if there are addresses. Raises BotError."""
        files, passed_over = articles.survey(self.settings.articles)
        self.skipped += passed_over
        progress.stage("read", len(files))
        addresses = list(self.settings.web.addresses)
        for file in files:
            if articles.extension_of(file.path) == articles.LINKS:
                addresses += self._links(file)
            else:
                self._file(file)
            progress.advance()
        seen = [file.path for file in files]
        if addresses:
            seen += self._visit(list(dict.fromkeys(addresses)), web, progress)
        self.ledger.keep(seen)

    def _file(self, file: articles.File) -> None:
        began = now()
        self._look(
            file.path, file.signature, articles.shown(file.path), settled(file.signature, began),
            lambda: read_file(Path(file.path), self.settings, self.apart),
        )  # fmt: skip

    def _look(
        self, key: str, signature: Signature, name: str, lasting: bool, read: Callable[[], Iterable[Page | Unread]]
    ) -> None:
        """Give the draft what lies there; read it only if that is not known."""
        holds = self.ledger.look_up(key, signature)
        if holds is None or not all(self._known(sha256, path_of(name, part)) for part, sha256 in holds.articles):
            holds, same_again = self._read(name, read())
            if lasting and same_again:
                self.ledger.note(key, signature, holds)
        else:
            for part, sha256 in holds.articles:
                if not self._hidden(sha256, path_of(name, part)):
                    self.draft.found(sha256, path_of(name, part))
        self.skipped += [Skipped(path_of(name, part), reason) for part, reason in holds.skipped]

    def _known(self, sha256: str, path: str) -> bool:
        return self.draft.holds(sha256) or self.removals.hides(sha256, path)

    def _hidden(self, sha256: str, path: str, page: Page | None = None) -> bool:
        title = None if page is None else partial(self.draft.title_of, page)
        hidden = self.removals.hides(sha256, path, title)
        if hidden:
            self.skipped.append(Skipped(path, REASON))
        return hidden

    def _read(self, name: str, items: Iterable[Page | Unread]) -> tuple[Holds, bool]:
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
            if self._hidden(item.sha256, item.path, item):
                pass
            elif self.draft.holds(item.sha256):
                self.draft.found(item.sha256, item.path)
            elif not self.draft.add(item):
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
        self._look(page.address, signature, page.address, True, lambda: pages_fetched(page, self.apart))
