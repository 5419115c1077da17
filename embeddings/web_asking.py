"""A visitor of the web who behaves: asks each site's robots.txt first, waits between requests, leaves when told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from embeddings.fetching import Fetched, Moved, Network, NotModified, Unfetched, Validators, ask, fetch
from embeddings.robots import MAX_BYTES, Rules
from embeddings.web_cache import WebCache
from embeddings.web_lists import host_of
from embeddings.web_settings import WebSettings

_REDIRECTS = 5
_ROBOTS_LAST = timedelta(hours=24)  # RFC 9309 asks not to rely on a copy for longer
_MAX_ROBOTS = 10 * MAX_BYTES  # bytes; what is longer is no robots.txt
_LONGEST_WAIT = 30.0  # seconds that a Retry-After is waited for
_ATTEMPTS = 3  # with such waits between
_MOST_FAILURES = 5  # one after the other, after which a host is left alone for this time
_BUSY = (429, 503)
_ACCEPT = "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.5"


class Unanswered(Exception):
    """Why an address gave no document this time; `gone`: because there is none any more, or it is not for us."""

    def __init__(self, reason: str, gone: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.gone = gone


class Visitor:
    """Asks for one address after the other, within one stretch of time."""

    def __init__(
        self,
        settings: WebSettings,
        network: Network,
        cache: WebCache,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._settings = settings
        self._network = network
        self._cache = cache
        self._now = now
        self._sleep = sleep
        self._end = now() + timedelta(minutes=settings.total_minutes)
        self._free: dict[str, datetime] = {}  # by host: when the next request may go out
        self._rules: dict[str, Rules] = {}  # by scheme, host and port
        self._left: dict[str, str] = {}  # by host: why it is not asked again this time
        self._failures: dict[str, int] = {}  # by host: requests that failed since one did not

    def ask(self, address: str, final: str | None = None, known: Validators | None = None) -> Fetched | NotModified:
        """The document at `address`, or that `known` still holds for it, where redirects lead to `final` again.

        Raises Unanswered.
        """
        at = address
        for _ in range(_REDIRECTS + 1):
            rules = self._rules_of(at)
            if not rules.allow(at):
                raise Unanswered("robots.txt of the site asks not to", gone=True)
            conditions = known if known is not None and at == final else Validators()
            answer = self._answer(at, conditions, rules.delay)
            if not isinstance(answer, Moved):
                return answer
            at = answer.address
        raise Unanswered(f"redirects more than {_REDIRECTS} times")

    def _rules_of(self, address: str) -> Rules:
        url = httpx.URL(address)
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        if origin not in self._rules:
            self._rules[origin] = self._recent_rules(origin) or self._fetched_rules(origin)
        return self._rules[origin]

    def _recent_rules(self, origin: str) -> Rules | None:
        held = self._cache.robots(origin)
        recent = held is not None and timedelta(0) <= self._now() - held[0] < _ROBOTS_LAST
        return Rules(held[1]) if held is not None and recent else None

    def _fetched_rules(self, origin: str) -> Rules:
        """RFC 9309: a site without robots.txt allows everything, one that fails to answer is not visited."""
        host = host_of(origin)
        self._wait_for(host, 0)
        try:
            data = fetch(
                f"{origin}/robots.txt",
                max_bytes=_MAX_ROBOTS,
                allow_private=self._settings.allow_private,
                deadline=self._settings.deadline_seconds,
                network=self._network,
            ).data
        except Unfetched as error:
            if error.status is None:
                raise self._leave(host, error.reason) from error
            if error.status in _BUSY or error.status >= 500:
                raise self._leave(host, f"its robots.txt {error.reason}") from error
            data = b""
        finally:
            self._set_free(host, 0)
        self._cache.put_robots(origin, self._now(), data[:MAX_BYTES])
        return Rules(data)

    def _answer(self, address: str, known: Validators, delay: float) -> Fetched | NotModified | Moved:
        host = host_of(address)
        attempt = 0
        while True:
            attempt += 1
            self._wait_for(host, delay)
            try:
                answer = self._request(address, known)
            except Unfetched as error:
                if not self._may_try_again(host, error, attempt):
                    raise Unanswered(error.reason, gone=error.status in (404, 410)) from error
            else:
                self._failures[host] = 0
                return answer
            finally:
                self._set_free(host, delay)

    def _request(self, address: str, known: Validators) -> Fetched | NotModified | Moved:
        return ask(
            address,
            max_bytes=int(self._settings.max_megabytes * 1_000_000),
            known=known,
            accept=_ACCEPT,
            allow_private=self._settings.allow_private,
            deadline=self._settings.deadline_seconds,
            network=self._network,
        )

    def _may_try_again(self, host: str, error: Unfetched, attempt: int) -> bool:
        """Waits where the host says how long; leaves it alone where it asks for more, or fails again and again."""
        if error.status in _BUSY:
            wait = _seconds(error.retry_after, self._now())
            if wait is not None and wait <= _LONGEST_WAIT and attempt < _ATTEMPTS:
                self._sleep(wait)
                return True
            if wait is not None or error.status == 429:
                self._leave(host, error.reason)
                return False
        failed = error.status is None or error.status >= 500
        self._failures[host] = self._failures.get(host, 0) + 1 if failed else 0
        if self._failures[host] >= _MOST_FAILURES:
            self._leave(host, f"{error.reason}, as did {_MOST_FAILURES - 1} requests before")
        return False

    def _leave(self, host: str, reason: str) -> Unanswered:
        self._left[host] = f"its host is left alone for this time: {reason}"
        return Unanswered(reason)

    def _wait_for(self, host: str, delay: float) -> None:
        """Until `host` may be asked. Raises Unanswered where it is left alone, or the time is over."""
        if host in self._left:
            raise Unanswered(self._left[host])
        delay = max(delay, self._settings.delay_seconds)
        if host in self._free:
            wait = (self._free[host] - self._now()).total_seconds()
            if wait > 0:
                self._sleep(min(wait, delay))  # more only where the clock was set back
        if self._now() >= self._end:
            raise Unanswered(f"the time for the web was over ({self._settings.total_minutes:g} min)")

    def _set_free(self, host: str, delay: float) -> None:
        self._free[host] = self._now() + timedelta(seconds=max(delay, self._settings.delay_seconds))


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    """How long a Retry-After asks to wait: it is a count of seconds, or a date."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return max(0.0, ((until if until.tzinfo else until.replace(tzinfo=UTC)) - now).total_seconds())
