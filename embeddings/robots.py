"""What a site's robots.txt asks of us (RFC 9309). The one importer of protego."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from protego import Protego

from embeddings.fetching import USER_AGENT

MAX_BYTES = 512_000  # that are read; RFC 9309 asks for no fewer than 500 KiB
MAX_DELAY = 30.0  # seconds; nobody can be waited for without end


@dataclass(frozen=True)
class Rules:
    """A robots.txt as it came; empty where there is none, which allows everything."""

    data: bytes = b""

    @cached_property
    def _parsed(self) -> Protego:
        return Protego.parse(self.data[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff"))

    def allow(self, address: str) -> bool:
        return self._parsed.can_fetch(address, USER_AGENT)

    @property
    def delay(self) -> float:
        """Seconds that it asks to leave between requests, at most MAX_DELAY; 0 where it asks for none."""
        return min(self._parsed.crawl_delay(USER_AGENT) or 0.0, MAX_DELAY)
