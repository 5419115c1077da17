"""Whether what was published is what was to be: counts, rows read back, and searches whose results are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from embeddings import milvus_layout as layout
from embeddings.errors import ServerProblem
from embeddings.index import Index
from embeddings.milvus_client import Server
from embeddings.milvus_index import MilvusIndex

SAMPLED = 4  # passages
_CLOSE = 0.97  # inner product of a unit vector with itself, as an index that compresses gives it back
_MOST = 1_000  # hits of one word that are counted


def sampled(passages: int) -> list[int]:
    """Rows at equal distances, the first and the last among them."""
    last = passages - 1
    return sorted({n * last // max(1, SAMPLED - 1) for n in range(SAMPLED)}) if passages else []


class Expected:
    """How many passages must be found by some words: counted while all of them are written.

    The words are those that an analyser could harm: a pair, a number with a comma, a syllable with diacritics.
    """

    def __init__(self, samples: Sequence[Mapping[str, object]]) -> None:
        """`samples`: a few rows of passages."""
        self.terms = {
            name: {term: 0 for row in samples for term in _delicate(str(row[name]).split())}
            for name in layout.WORD_FIELDS
        }

    def count(self, row: Mapping[str, object]) -> None:
        for name, counts in self.terms.items():
            for term in counts.keys() & set(str(row[name]).split()):
                counts[term] += 1


def _delicate(held: Sequence[str]) -> Iterator[str]:
    """The first of each kind."""
    kinds = {
        (("_" in term), term[:1].isdigit() and not term.isdigit(), term.isascii()): term for term in reversed(held)
    }
    yield from kinds.values()


def check(server: Server, index: Index, reader: MilvusIndex, pieces: int, expected: Expected) -> None:
    """Raises ServerProblem where something is not as it was sent; `pieces`: rows of articles."""
    number = reader.manifest.number
    wanted = {layout.ARTICLES: pieces, layout.PASSAGES: index.passage_count, layout.SENTENCES: len(index)}
    for part, rows in wanted.items():
        _same(server, f"rows of {part}", rows, server.count(part, number))
    samples = sampled(index.passage_count)
    if reader.passages(samples) != index.passages(samples):
        raise _failed(server, "passages read back differ")
    for row in (0, len(index) - 1):
        (vector,) = index.vectors_at([row])
        if max(reader.dense_search(vector, 1).values(), default=0.0) < _CLOSE:
            raise _failed(server, f"sentence {row} is not found by its own vector")
    for name, counts in expected.terms.items():
        for term, count in counts.items():
            if count <= _MOST:
                _same(server, f"passages found by {term!r}", count, len(server.matching(number, name, term, _MOST + 1)))


def _same(server: Server, what: str, wanted: int, found: int) -> None:
    if wanted != found:
        raise _failed(server, f"{what}: {wanted} sent, {found} found")


def _failed(server: Server, what: str) -> ServerProblem:
    return ServerProblem(
        f"What was sent to the Milvus server at {server.address} is not there as it was sent ({what}). The generation "
        "before still serves; look at the server's log, then: rebuild-index"
    )
