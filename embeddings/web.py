"""Articles from the web: pages, and those that feeds and sitemaps name, asked for again when they may have changed.

What was fetched is kept (web_cache), so a site that does not answer costs no article that is known already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path

from embeddings.addresses import Refused, shown
from embeddings.fetching import INTERNET, Fetched, Network
from embeddings.readers.dates import VIETNAM
from embeddings.readers.feed import Link
from embeddings.web_asking import Unanswered, Visitor
from embeddings.web_cache import Copy, WebCache
from embeddings.web_following import Following
from embeddings.web_lists import Listing, kind_of, listing_of, normalized
from embeddings.web_settings import WebSettings

_KEPT = timedelta(days=90)  # for which a copy stays that no source names

Progress = Callable[[int, int], None]
"""Gets (pages done, pages known)."""


@dataclass(frozen=True, slots=True)
class WebPage:
    """A document of a source, as it lies on the web or was last known to."""

    source: str  # as the person wrote it
    address: str  # of the page, in its one spelling; stays the same while redirects change
    final: str  # where it was found in the end
    data: bytes
    media_type: str
    charset: str | None
    fetched: datetime  # when it was last known to lie there
    sha256: str  # of data: the same while nothing changes
    problem: str | None = None  # why it could not be asked for again


@dataclass(frozen=True, slots=True)
class Unvisited:
    """An address that gives no document, or a list that could not be followed as far as it goes."""

    source: str
    address: str
    reason: str
    gone: bool = False  # there is none any more, or it is not for us: rather than that it cannot be had this time


@dataclass(slots=True)
class _Plan:
    """What one source leads to."""

    source: str
    found: list[WebPage | Unvisited] = field(default_factory=list)  # of the source itself and its lists
    pages: list[str] = field(default_factory=list)  # still to be asked for


def system_time() -> datetime:
    return datetime.now(UTC)


class Web:
    """Sources on the web, with what is known of them in the file `cache`. Close it, or use it in a `with`."""

    def __init__(
        self,
        cache: Path,
        settings: WebSettings,
        network: Network = INTERNET,
        now: Callable[[], datetime] = system_time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises StorageError where `cache` cannot be written."""
        self._cache = WebCache(cache)
        self._settings = settings
        self._network = network
        self._now = now
        self._sleep = sleep

    def visit(self, addresses: Sequence[str], progress: Progress | None = None) -> Iterator[WebPage | Unvisited]:
        """Each page of each source once, as it arrives; sources take turns, so that no site waits for another.

        The same order for the same answers. `progress` gets (pages done, pages known). Raises StorageError.
        """
        visitor = Visitor(self._settings, self._network, self._cache, self._now, self._sleep)
        return _Visit(self._settings, self._cache, self._now, visitor).run(addresses, progress)

    def close(self) -> None:
        self._cache.close()

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Visit:
    """One time that all sources are visited."""

    def __init__(self, settings: WebSettings, cache: WebCache, now: Callable[[], datetime], visitor: Visitor) -> None:
        self._settings = settings
        self._cache = cache
        self._now = now
        self._visitor = visitor
        self._seen: set[str] = set()  # pages and lists, of all sources

    def run(self, sources: Sequence[str], progress: Progress | None) -> Iterator[WebPage | Unvisited]:
        plans = [self._plan(source) for source in dict.fromkeys(sources)]
        for plan in plans:
            yield from plan.found
        turns = _in_turns(plans)
        for done, (source, page) in enumerate(turns):
            if progress is not None:
                progress(done, len(turns))
            if page not in self._seen:
                yield self._page(source, page)
        if progress is not None:
            progress(len(turns), len(turns))
        self._cache.keep_recent(self._now() - _KEPT, self._seen)

    def _plan(self, source: str) -> _Plan:
        """The source itself, or the pages that it names where it is a list."""
        plan = _Plan(source)
        try:
            address = normalized(source)
        except Refused as refused:
            plan.found.append(Unvisited(source, shown(source), refused.problem, gone=True))
            return plan
        if address in self._seen:
            return plan
        found = self._document(source, address)
        listing = _listing(found)
        if not isinstance(found, WebPage) or listing is None:
            plan.found.append(found)
        elif isinstance(listing, str):
            plan.found.append(Unvisited(source, address, listing))
        else:
            following = Following(address, found.final, self._settings.max_pages)
            if found.problem is not None:
                following.problems.append((address, found.problem))
            plan.pages = following.follow(listing, lambda one: self._list(following, source, one), self._remember)
            plan.found += [Unvisited(source, one, reason) for one, reason in following.problems]
        return plan

    def _list(self, following: Following, source: str, address: str) -> Listing | str:
        """A list that another names."""
        found = self._document(source, address)
        if isinstance(found, Unvisited):
            return found.reason
        if found.problem is not None:
            following.problems.append((address, found.problem))
        return _listing(found) or "neither a sitemap nor a feed"

    def _remember(self, address: str, links: Sequence[Link]) -> list[Link]:
        return self._cache.remember(address, links, self._now(), self._settings.max_pages)

    def _page(self, source: str, address: str) -> WebPage | Unvisited:
        """A page that a list names."""
        found = self._document(source, address)
        listing = _listing(found)
        if isinstance(listing, str):
            return Unvisited(source, address, listing)
        if listing is not None:
            return Unvisited(source, address, f"a {listing.kind} rather than a page; name it as a source of its own")
        return found

    def _document(self, source: str, address: str) -> WebPage | Unvisited:
        """What lies there now; else what lay there last, and why."""
        self._seen.add(address)
        held = self._cache.get(address)
        now = self._now()
        if held is not None and timedelta(0) <= now - held.checked < self._lasting and kind_of(held.data) is None:
            return _shown_page(source, held)
        try:
            answer = self._visitor.ask(address, held.final, held.validators) if held else self._visitor.ask(address)
        except Unanswered as problem:
            if problem.gone:
                self._cache.drop(address)
                return Unvisited(source, address, problem.reason, gone=True)
            if held is None:
                return Unvisited(source, address, problem.reason)
            return _shown_page(source, held, f"kept from {held.checked.astimezone(VIETNAM):%Y-%m-%d}; {problem.reason}")
        if isinstance(answer, Fetched):
            held = Copy(
                address,
                answer.address,
                answer.media_type,
                answer.charset,
                answer.validators,
                now,
                answer.data,
            )
            self._cache.put(held)
        elif held is not None:
            held = replace(held, checked=now)
            self._cache.confirm(address, now)
        else:
            raise AssertionError("where nothing is known, nothing can be unchanged")
        return _shown_page(source, held)

    @property
    def _lasting(self) -> timedelta:
        return timedelta(hours=self._settings.refresh_hours)


def _in_turns(plans: Sequence[_Plan]) -> list[tuple[str, str]]:
    """(source, page) of each page: the first of each source, then the second of each."""
    rounds = zip_longest(*([(plan.source, page) for page in plan.pages] for plan in plans))
    return [turn for turns in rounds for turn in turns if turn is not None]


def _listing(found: WebPage | Unvisited) -> Listing | str | None:
    """The list that was found, or why it cannot be read; None where it is none."""
    if isinstance(found, Unvisited):
        return None
    try:
        return listing_of(found.data, found.final, found.charset)
    except ValueError as error:
        return str(error)


def _shown_page(source: str, held: Copy, problem: str | None = None) -> WebPage:
    return WebPage(
        source, held.address, held.final, held.data, held.media_type, held.charset, held.checked, held.sha256, problem
    )
