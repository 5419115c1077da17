"""From a list of pages to the pages: sitemaps within sitemaps, feeds that forget, other sites left aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from embeddings.addresses import Refused
from embeddings.readers.feed import Link
from embeddings.web_lists import Listing, ListKind, is_same_site, newest, normalized

_DEEPEST = 3  # sitemaps within each other
_MOST_LISTS = 100  # of one source

Read = Callable[[str], Listing | str]
"""From the address of a list to what it names, or why that is not known."""
Remember = Callable[[str, Sequence[Link]], Sequence[Link]]
"""From a feed's address and its links to all that it ever named."""


@dataclass(slots=True)
class Following:
    """Where the list at `address` leads; `final` is where it was found."""

    address: str
    final: str
    most: int  # pages
    pages: list[Link] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)  # (address of a list, what is wrong with it)
    _waiting: list[tuple[Link, int]] = field(default_factory=list)  # sitemaps, and how deep they lie
    _dated: bool = False  # whether sitemaps say when they changed, so that the newest pages come first
    _elsewhere: int = 0

    def follow(self, listing: Listing, read: Read, remember: Remember) -> list[str]:
        """The addresses of the newest pages, newest first; `problems` says what is missing."""
        self._take(self.address, listing, 1, remember)
        seen = {self.address}
        while self._waiting and not (self._dated and len(self.pages) >= self.most):
            link, depth = self._waiting.pop(0)
            if link.address in seen:
                continue
            if len(seen) == _MOST_LISTS:
                self.problems.append((self.address, f"names more than {_MOST_LISTS} lists; the newest were read"))
                break
            seen.add(link.address)
            found = read(link.address)
            if isinstance(found, str):
                self.problems.append((link.address, found))
            else:
                self._take(link.address, found, depth, remember)
        if self._elsewhere:
            self.problems.append(
                (self.address, f"pages of other sites are not visited ({self._elsewhere}); those named as sources are")
            )
        if not self.pages and not self.problems:
            self.problems.append((self.address, f"a {listing.kind} that names no page"))
        return list(dict.fromkeys(link.address for link in newest(self.pages, self.most)))

    def _take(self, address: str, listing: Listing, depth: int, remember: Remember) -> None:
        if listing.problem is not None:
            self.problems.append((address, listing.problem))
        links = self._near(listing.links)
        if listing.kind is ListKind.FEED:
            self.pages += remember(address, links)
        elif listing.kind is ListKind.SITEMAP:
            self.pages += links
        elif depth < _DEEPEST:
            self._dated = self._dated or any(link.published for link in links)
            by_link = dict([*self._waiting, *((link, depth + 1) for link in links)])
            self._waiting = [(link, by_link[link]) for link in newest(by_link, len(by_link))]
        else:
            self.problems.append((address, f"lies within {_DEEPEST - 1} others and names more; these are not read"))

    def _near(self, links: Sequence[Link]) -> list[Link]:
        """Those of this site, each in its one spelling."""
        near = []
        for link in links:
            try:
                address = normalized(link.address)
            except Refused:
                continue  # mail, telephone, a slip
            if is_same_site(address, (self.address, self.final)):
                near.append(Link(address, link.published))
            else:
                self._elsewhere += 1
        return near
