"""What a Milvus server says when it refuses, in words for people: which server, what, and the cure. Pure.

The client gives an error a number of Milvus's own, or a gRPC status, and a text; both differ between servers.
"""

from __future__ import annotations

import re

from embeddings.console import one_line
from embeddings.errors import ServerProblem

GONE = 100  # a collection that is not there: pymilvus.exceptions.ErrorCode.COLLECTION_NOT_FOUND
ALIAS_GONE = 1600  # Milvus's merr.ErrAliasNotFound; Milvus Lite says GONE
UNLOADED = re.compile(r"not loaded|released", re.IGNORECASE)
SHOWN = 160  # characters of what a server says
_FIRST_WITH_BM25 = (2, 5)  # https://milvus.io/docs/full-text-search.md
_REFUSED = re.compile(r"\bauth|unauthenticated|permission|password|privilege", re.IGNORECASE)
_AWAY = re.compile(r"unavailable|fail(ed)? connecting|deadline|timeout|connection|closed channel", re.IGNORECASE)


class Unreachable(ServerProblem):
    """Nobody answers there."""


def problem(address: str, doing: str, code: object, said: object) -> ServerProblem:
    """Unreachable, or what was refused: `doing`.

    `code`: Milvus's number, a gRPC status, or a method that gives one.
    """
    status = code() if callable(code) else code
    shown = one_line(str(said))[:SHOWN]
    text = f"{status} {shown}"
    if status == GONE:
        return ServerProblem(
            f"The Milvus server at {address} has no such generation any more ({shown}). Ask again, or publish one: "
            "rebuild-index"
        )
    if _REFUSED.search(text):
        return ServerProblem(
            f"The Milvus server at {address} refuses the token ({shown}). Set the right one: QA_BOT_INDEX_MILVUS_TOKEN"
        )
    if _AWAY.search(text):
        return Unreachable(f"The Milvus server at {address} cannot be reached. Start it, or correct index.milvus_uri.")
    return ServerProblem(f"The Milvus server at {address} refused to {doing} ({shown}).")


def too_old(version: str) -> bool:
    """Whether a server that calls itself so lacks the BM25 function; one that calls itself otherwise is tried."""
    numbers = re.match(r"v?(\d+)\.(\d+)", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) < _FIRST_WITH_BM25
