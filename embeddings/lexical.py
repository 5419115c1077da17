"""Words of passages: BM25 over syllables and syllable bigrams, with and without diacritics.

The only module that imports tantivy. Tokens are prepared here and split at spaces there, so that index and
question are cut by the same rules. Tantivy's BM25 has k1 = 1.2 and b = 0.75, which measured best as well.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tantivy

from embeddings import leftovers
from embeddings.errors import CorruptIndex, StorageError
from embeddings.vietnamese import bigrams, fold, syllables

ACCENTED, FOLDED = "accented", "folded"
CONTEXT_ACCENTED, CONTEXT_FOLDED = "context_accented", "context_folded"
_NUMBER = "number"
_LOCKS = (".tantivy-writer.lock", ".tantivy-meta.lock")
_MOST_TERMS = 512  # a question's distinct terms; more are a text, not a question


@dataclass(frozen=True, slots=True)
class FieldWeights:
    """How much a match in each field counts. `context` is a share of the same kind of field's weight, `pairs` that of a
    pair of neighbouring syllables beside one syllable. `unknown`: a folded match of a term that no passage has as it is
    spelled.
    """

    accented: float
    folded: float
    context: float
    pairs: float = 1.0
    unknown: float = 0.0


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in (ACCENTED, FOLDED, CONTEXT_ACCENTED, CONTEXT_FOLDED):
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
    builder.add_unsigned_field(_NUMBER, stored=False, indexed=True, fast=True)
    return builder.build()


def terms(text: str, *, folded: bool) -> list[str]:
    """What a text is indexed and searched by."""
    units = syllables(fold(text) if folded else text)
    return units + bigrams(units)


class LexicalWriter:
    """Adds documents to the index in `folder`, a copy of another generation's or a new one, and takes some from it."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        """Raises StorageError when the disk refuses."""
        self._folder = folder
        with self._telling():
            folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(_schema(), path=str(folder))
            self._writer = self._index.writer(heap_size=megabytes * 1_000_000, num_threads=1)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise StorageError(
                f"The lexical index could not be written to {self._folder} ({error}). Free some space."
            ) from error

    def remove(self, numbers: Iterable[int]) -> None:
        with self._telling():
            for number in numbers:  # by query: a term of an unsigned field is not found by Python's signed numbers
                self._writer.delete_documents_by_query(tantivy.Query.term_query(self._index.schema, _NUMBER, number))

    def add(self, number: int, text: str, context: str) -> None:
        """Index passage `number`: its words, and those of its article's context."""
        with self._telling():
            document = tantivy.Document()
            document.add_text(ACCENTED, " ".join(terms(text, folded=False)))
            document.add_text(FOLDED, " ".join(terms(text, folded=True)))
            document.add_text(CONTEXT_ACCENTED, " ".join(terms(context, folded=False)))
            document.add_text(CONTEXT_FOLDED, " ".join(terms(context, folded=True)))
            document.add_unsigned(_NUMBER, number)
            self._writer.add_document(document)

    def close(self) -> None:
        """Write what is not written; nothing is left but the index."""
        with self._telling():
            self._writer.commit()
            self._writer.wait_merging_threads()
            for name in _LOCKS:
                (self._folder / name).unlink(missing_ok=True)


def build(folder: Path, passages: Iterable[tuple[str, str]], megabytes: int) -> None:
    """Index (passage, context) pairs into `folder`, numbered from 0. Raises StorageError when the disk refuses."""
    writer = LexicalWriter(folder, megabytes)
    for number, (text, context) in enumerate(passages):
        writer.add(number, text, context)
    writer.close()


class Lexical:
    """The lexical index of one generation, open for searches from several threads."""

    def __init__(self, folder: Path) -> None:
        try:
            # Tantivy writes a lock beside the files that it opens, now and from a thread of its own a little later.
            # Links give it a place for that, so that a read-only index serves and a generation stays as it is.
            links, release = leftovers.link_folder()
            weakref.finalize(self, release)
            for file in folder.iterdir():
                (links / file.name).symlink_to(file.resolve())
            index = tantivy.Index.open(str(links))
            index.config_reader(reload_policy="manual")
            self._schema = index.schema
            self._searcher = index.searcher()
        except (OSError, ValueError) as error:
            raise CorruptIndex(
                f"{folder} cannot be opened ({error}). Rebuild the index: rebuild-index --full"
            ) from error

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def numbers(self, first: int, last: int) -> list[int]:
        """Numbers, ascending, of the documents from `first` to `last`, both included; one held twice comes twice."""
        query = tantivy.Query.range_query(self._schema, _NUMBER, tantivy.FieldType.Unsigned, first, last)
        return sorted(number for number, _ in self._best([(tantivy.Occur.Must, query)], last - first + 2))

    def search(self, question: str, limit: int, weights: FieldWeights) -> list[tuple[int, float]]:
        """(number, BM25 summed over the weighted fields) of the best passages, best first."""
        clauses: list[tuple[tantivy.Occur, tantivy.Query]] = []
        for folded, weight in ((False, weights.accented), (True, weights.folded)):
            if weight > 0:
                terms = _weighted(syllables(fold(question) if folded else question), weights)
                clauses += self._clauses(terms, weight, weights.context, folded=folded)
        if weights.unknown > 0:
            unknown = [(fold(term), n) for term, n in _weighted(syllables(question), weights) if not self._has(term)]
            clauses += self._clauses(unknown, weights.unknown, weights.context, folded=True)
        return self._best(clauses, limit)

    def _clauses(
        self, terms: Iterable[tuple[str, float]], weight: float, context: float, *, folded: bool
    ) -> list[tuple[tantivy.Occur, tantivy.Query]]:
        fields = (FOLDED, CONTEXT_FOLDED) if folded else (ACCENTED, CONTEXT_ACCENTED)
        return [
            (tantivy.Occur.Should, tantivy.Query.boost_query(self._term(name, term), boost))
            for term, count in terms
            for name, boost in zip(fields, (weight * count, weight * context * count), strict=True)
            if boost > 0
        ]

    def _has(self, term: str) -> bool:
        """Whether some passage or context has the term with these diacritics."""
        return any(self._searcher.doc_freq(name, term) for name in (ACCENTED, CONTEXT_ACCENTED))

    def holding(self, units: Sequence[str], limit: int) -> list[int]:
        """Numbers, ascending, of passages whose text or context holds all folded `units` and all pairs of neighbours.

        Not more than `limit`: as many as `limit` may not be all. Of a very long phrase only the beginning counts, so
        that a passage need not hold it, but none that does is missed.
        """
        sought = list(dict.fromkeys([*units[:_MOST_TERMS], *bigrams(list(units[:_MOST_TERMS]))]))
        fields = [
            (tantivy.Occur.Should, _joined(tantivy.Occur.Must, [self._term(name, term) for term in sought]))
            for name in (FOLDED, CONTEXT_FOLDED)
        ]
        return sorted(number for number, _ in self._best(fields if sought else [], limit))

    def holding_each(self, choices: Sequence[Sequence[str]], limit: int) -> list[int]:
        """Numbers, ascending, of passages that hold, in text or context, one folded unit of each choice at least.

        Not more than `limit`, as `holding`; of very many choices only the first ones count.
        """
        wanted = list(dict.fromkeys(map(tuple, choices)))[:_MOST_TERMS]
        held = [
            _joined(
                tantivy.Occur.Should, [self._term(name, unit) for unit in units for name in (FOLDED, CONTEXT_FOLDED)]
            )
            for units in wanted
        ]
        return sorted(number for number, _ in self._best([(tantivy.Occur.Must, query) for query in held], limit))

    def _term(self, field: str, term: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, term, index_option="freq")

    def _best(self, clauses: list[tuple[tantivy.Occur, tantivy.Query]], limit: int) -> list[tuple[int, float]]:
        """(number, score) of the best, best first; those of one score in order."""
        wanted = min(limit, len(self))
        if not clauses or wanted < 1:
            return []
        hits = self._searcher.search(tantivy.Query.boolean_query(clauses), limit=wanted, count=False).hits
        numbers = self._searcher.fast_field_values(_NUMBER, [address for _, address in hits])
        found = [
            (number, float(score)) for number, (score, _) in zip(numbers, hits, strict=True) if isinstance(number, int)
        ]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))

    def document_frequency(self, term: str) -> int:
        """How many passages hold the folded term, in their text or in their article's context."""
        in_text = self._searcher.doc_freq(FOLDED, term)
        return int(max(in_text, self._searcher.doc_freq(CONTEXT_FOLDED, term)))


def _weighted(units: list[str], weights: FieldWeights) -> list[tuple[str, float]]:
    """The terms of a question, each with its weight."""
    return [
        *((term, float(n)) for term, n in Counter(units).most_common(_MOST_TERMS)),
        *((term, weights.pairs * n) for term, n in Counter(bigrams(units)).most_common(_MOST_TERMS)),
    ]


def _joined(occur: tantivy.Occur, queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(occur, query) for query in queries])
