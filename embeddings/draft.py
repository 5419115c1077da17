"""A generation being written: what the one before it holds, less what is gone, and what is new.

Nothing of the base is touched: its files are copied into the draft's folder as they are needed. What stays keeps its
number, its vectors and its words, so that a build costs what changed and not what there is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from embeddings import layout, vectors_training
from embeddings.context import context_text, encoded_text, indexed_text
from embeddings.counting import Counts, count_all
from embeddings.lexical import Lexical, LexicalWriter
from embeddings.lexicon import Lexicon
from embeddings.preparing import Prepared
from embeddings.records import Context
from embeddings.settings import IndexSettings
from embeddings.storage_writing import Located, StorageWriter, located
from embeddings.vectors import VectorsWriter
from embeddings.vectors_compressed import Compression
from embeddings.vietnamese import fold, syllables
from embeddings.vocabulary_writing import VocabularyWriter

_FLUSH = 1_000_000  # different things counted; more are written, so that memory stays bounded
_FORGOTTEN = (
    0.05  # of the documents of a lexical index: more, and it is built anew, since they still weigh on its scores
)
_NOTHING = Context(None, None, None, None, None)


class Draft:
    """Raises StorageError wherever the disk refuses."""

    def __init__(self, folder: Path, base: Path | None, settings: IndexSettings, lexicon: Lexicon) -> None:
        """`base`: the folder of a sound generation of the same recipe, or None to begin with nothing."""
        self.folder = folder
        self._base = base
        self._settings = settings
        self._lexicon = lexicon
        found = [] if base is None else located(base / layout.STORAGE_FILE)
        self._known: dict[str, Located] = {article.sha256: article for article in found}
        self._paths: dict[str, list[str]] = {}  # where each content was found this time
        self._added: dict[int, Context] = {}
        self._gone: list[int] = []
        self._moved = False
        self._vocabulary: VocabularyWriter | None = None
        self._counts = Counts()

    def _copied(self, name: str) -> Path:
        target = self.folder / name
        if self._base is not None:
            source = self._base / name
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
        return target

    @cached_property
    def _storage(self) -> StorageWriter:
        """Copied when something is to be changed, and not before: most builds find nothing new."""
        return StorageWriter(self._copied(layout.STORAGE_FILE))

    @cached_property
    def _before(self) -> tuple[list[tuple[int, int, int]], dict[str, str]]:
        """Of the base: (number, article, sentences) of each passage, and what short forms stood for."""
        return (self._storage.sentence_counts(), self._storage.meanings()) if self._base is not None else ([], {})

    def _words(self) -> VocabularyWriter:
        if self._vocabulary is None:
            self._vocabulary = VocabularyWriter(self._copied(layout.VOCABULARY_FILE))
        return self._vocabulary

    # --- articles ---

    def holds(self, sha256: str) -> bool:
        return sha256 in self._known

    def found(self, sha256: str, path: str) -> None:
        """Content that the draft holds lies at `path`."""
        self._paths.setdefault(sha256, []).append(path)

    def store(self, prepared: Prepared) -> None:
        """Store an article that the draft does not hold."""
        article, context = prepared.article, prepared.context
        _ = self._before  # seen before anything is added
        number = self._storage.add(article, context, prepared.passages)
        self._storage.sketch(number, prepared.sketch)
        self._storage.define(number, prepared.definitions)
        self._known[article.sha256] = Located(number, article.path, (), article.sha256)
        self._added[number] = context
        self._counts.update(prepared.counts)
        if len(self._counts) > _FLUSH:
            self._flush()
        self.found(article.sha256, article.path)

    def settle(self) -> bool:
        """Everything was looked through: forget what is gone, note what moved. Whether anything changed."""
        gone = [located for sha256, located in self._known.items() if sha256 not in self._paths]
        self._gone = sorted(located.number for located in gone)
        for sha256, (path, *others) in self._paths.items():
            located = self._known[sha256]
            if (located.path, located.also_at) != (path, tuple(others)):
                self._storage.relocate(located.number, path, others)
                self._moved = self._moved or located.number not in self._added
        if self._gone:
            _ = self._before
            self._take_away()
            self._storage.remove(self._gone)
        if self._added:
            self._storage.tell_stories(self._added)
        return bool(self._gone or self._added or self._moved)

    def _take_away(self) -> None:
        counts = Counts()
        for number in self._gone:
            context = self._storage.context(number)
            texts = [context.title or "", *(text for _, _, _, text in self._storage.passages([number]))]
            counts.update(count_all(texts, (context.place, context.author, context.source)))
        self._words().take_away(counts)

    def _flush(self) -> None:
        self._words().add(self._counts)
        self._counts = Counts()

    # --- sentences ---

    @property
    def article_count(self) -> int:
        return len(self._paths)

    def new_sentences(self) -> int:
        return sum(count for _, article, count in self._storage.sentence_counts() if article in self._added)

    def texts(self) -> Iterator[str]:
        """What the model is to read: one text for each sentence of the new articles, in the order of their vectors."""
        for article, kind, sentence in self._storage.sentences(self._added):
            context = self._added[article] if self._settings.encoder.context else _NOTHING
            yield encoded_text(sentence, kind, context, self._lexicon)

    def vectors(self, dim: int) -> VectorsWriter:
        """Where the vectors of `texts` go; those of what stays are in it."""
        writer = VectorsWriter(self.folder / layout.VECTORS_FILE, dim)
        if self._base is not None:
            writer.keep(self._base / layout.VECTORS_FILE, self._kept())
        return writer

    def compress(self, dim: int, before: Compression | None, progress: vectors_training.Steps) -> Compression | None:
        """Compress the vectors, once they are all written, where there are many; `before`: how the base's were."""
        rows = sum(count for _, _, count in self._storage.sentence_counts())
        base = None
        if self._base is not None:
            base_rows = sum(count for _, _, count in self._before[0])
            base = vectors_training.Before(self._base, base_rows, self._kept(), before)
        most = self._settings.index.exact_sentences
        return vectors_training.compress(self.folder, dim, rows, base, most, progress)

    def _kept(self) -> list[tuple[int, int]]:
        """Ranges of the base's vectors that stay."""
        gone = set(self._gone)
        ranges: list[tuple[int, int]] = []
        at = 0
        for _, article, count in self._before[0]:
            if article not in gone:
                if ranges and ranges[-1][1] == at:
                    ranges[-1] = (ranges[-1][0], at + count)
                else:
                    ranges.append((at, at + count))
            at += count
        return ranges

    # --- words ---

    def finish_words(self) -> None:
        """Write the vocabulary: call it once, before `index`."""
        if len(self._counts):
            self._flush()
        self._words().define(self._storage.meanings())
        self._words().close()

    def to_index(self, forgotten: int) -> tuple[list[int] | None, list[int], int]:
        """(articles to index, passages to forget first, how many documents are forgotten in all then).

        None for the articles: all of them, in a lexical index begun anew. Passages whose short forms mean something
        else now are indexed again.
        """
        gone = set(self._gone)
        passages = [number for number, article, _ in self._before[0] if article in gone]
        again = self._of_other_meaning() if self._base is not None else set()
        article_of = {number: article for number, article, _ in self._before[0]}
        renewed = {article_of[number] for number in again} - gone
        stale = sorted({*passages, *(number for number, article in article_of.items() if article in renewed)})
        forgotten += len(stale)
        if self._base is None or forgotten > _FORGOTTEN * self._storage.count("passages"):
            return None, [], 0
        return sorted({*self._added, *renewed}), stale, forgotten

    def _of_other_meaning(self) -> set[int]:
        """Passages of the base that hold a short form which the articles define otherwise now, or no more."""
        before, after = self._before[1], self._storage.meanings()
        changed = [short for short in {*before, *after} if before.get(short) != after.get(short)]
        if not changed or self._base is None:
            return set()
        words = Lexical(self._base / layout.LEXICAL_FOLDER)
        return {number for short in changed for number in words.holding(syllables(fold(short)), max(1, len(words)))}

    def passages_of(self, articles: Sequence[int] | None) -> int:
        if articles is None:
            return self._storage.count("passages")
        wanted = set(articles)
        return sum(article in wanted for _, article, _ in self._storage.sentence_counts())

    def index(self, articles: Sequence[int] | None, stale: Sequence[int]) -> Iterator[int]:
        """Write the lexical index; yields the number of each passage that was indexed."""
        lexicon = self._lexicon.with_abbreviations(self._storage.meanings())
        folder = self.folder / layout.LEXICAL_FOLDER
        if articles is not None:
            self._copied(layout.LEXICAL_FOLDER)
        writer = LexicalWriter(folder, self._settings.index.writer_megabytes)
        writer.remove(stale)
        current, around = -1, ""
        for number, article, kind, text in self._storage.passages(articles):
            if article != current:
                context = self._storage.context(article) if self._settings.encoder.context else _NOTHING
                current, around = article, context_text(context, lexicon)
            writer.add(number, indexed_text(text, kind, lexicon), around)
            yield number
        writer.close()

    def close(self) -> tuple[int, int, int]:
        """Nothing more comes; (articles, passages, sentences) that there are now."""
        articles, passages = self._storage.count("articles"), self._storage.count("passages")
        sentences = sum(count for _, _, count in self._storage.sentence_counts())
        self._storage.write_rows()
        self._storage.close()
        return articles, passages, sentences

    def abandon(self) -> None:
        """Let go of all files, whatever is in them."""
        if "_storage" in self.__dict__:
            self._storage.abandon()
        if self._vocabulary is not None:
            self._vocabulary.abandon()
