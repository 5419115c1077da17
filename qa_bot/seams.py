"""What every front end needs of a bot; each adds what only it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from qa_bot.records import EVERYTHING, Answer, Filters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.generations import Manifest
    from embeddings.records import Article, Header


class Opened(Protocol):
    """The part of an open index that is shown."""

    @property
    def manifest(self) -> Manifest: ...

    @property
    def warning(self) -> str | None: ...


class Asks(Protocol):
    """Answers from an index, which may be changed for a newer one; questions may come from several threads."""

    @property
    def index(self) -> Opened: ...

    def ask(self, question: str, history: Sequence[str] = (), filters: Filters = EVERYTHING) -> Answer: ...

    def articles(self) -> list[Article]: ...

    def headers(self) -> Sequence[Article | Header]:
        """What is known of all articles, whether or not with their texts."""
        ...

    def reopen(self) -> None: ...

    def newest(self) -> int | None: ...
