"""Who wants to know how far a build is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    def stage(self, name: str, total: int) -> None:
        """A new stage begins, of `total` steps: "read", "fetch", "encode", "compress", "index", "check", "publish"."""
        ...

    def advance(self, steps: int = 1) -> None: ...


class Silent:
    """Nobody."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, steps: int = 1) -> None: ...
