"""The bot: one question in, one answer out. Front ends receive it as an argument and know nothing below it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from embeddings.encoders import Encoder
from embeddings.errors import BotError
from embeddings.index import StoredPassage
from embeddings.lexicon import Lexicon
from embeddings.opening import source_of
from embeddings.records import Article, Header
from embeddings.searching import SearchIndex
from embeddings.vietnamese import has_diacritics, visible
from qa_bot import calibration
from qa_bot.ahead import Ahead, Begun
from qa_bot.answering import Answerer
from qa_bot.calibration import AS_FITTED, Calibration
from qa_bot.collection import answer_catalogue
from qa_bot.errors import QuestionError
from qa_bot.filters import narrowed, passes
from qa_bot.joining import asking_back, covers, joined, language_of
from qa_bot.records import EVERYTHING, Answer, Catalogue, Expected, Filters, Query, Ranked
from qa_bot.retrieval import Retriever
from qa_bot.settings import BotSettings
from qa_bot.understanding import Knowledge, asking_words, knowledge_of, understand
from qa_bot.understanding.clean import cleaned

_STAGES = ("understand", "encode", "retrieve", "answer")
_REPRINTS = 3  # so many times the passages that are weighed are fetched: some may tell the same story


@dataclass(frozen=True, eq=False)
class Opened:
    """A generation, and what is derived from it once."""

    index: SearchIndex
    knowledge: Knowledge
    calibration: Calibration = AS_FITTED


class Bot:
    """Answers from the newest generation; safe for questions from several threads."""

    def __init__(
        self,
        settings: BotSettings,
        encoder: Encoder,
        answerer: Answerer,
        words: Lexicon,
        today: Callable[[], date] = date.today,
    ) -> None:
        """Raises IndexProblem when there is no index that this encoder can answer from, SettingsError for word lists
        that lack something.
        """
        self.settings = settings
        self._encoder = encoder
        self._ahead = Ahead(encoder)
        self._answerer = answerer
        self._lexicon, self._words = words, asking_words(words)
        self._today = today
        self._lock = threading.Lock()
        self._source = source_of(settings.index)
        self._opened = self._open()
        self._users: Counter[Opened] = Counter()  # questions under way, by what they read

    def _open(self) -> Opened:
        index = self._source.open(self._encoder.fingerprint)
        fitted = calibration.load(self.settings.index.dir, self._encoder.fingerprint)
        return Opened(index, knowledge_of(index, self._lexicon, self._words), fitted)

    @property
    def index(self) -> SearchIndex:
        return self._opened.index

    def reopen(self) -> None:
        """Answer from the newest generation from now on; the old one stays when the new one cannot be used.

        Questions under way end on the generation that they began with.
        """
        newest = self._open()
        with self._lock:
            previous, self._opened = self._opened, newest
            unused = not self._users[previous]
        if unused:
            previous.index.close()

    def newest(self) -> int | None:
        """The number of the newest generation, sound or not; None when there is none, or nobody can say."""
        return self._source.newest()

    def close(self) -> None:
        """Let go of the index. No question may be under way."""
        self.index.close()
        self._source.close()

    @contextmanager
    def _reading(self) -> Iterator[Opened]:
        """The generation of this moment, kept open until the block ends."""
        with self._lock:
            opened = self._opened
            self._users[opened] += 1
        try:
            yield opened
        finally:
            with self._lock:
                self._users[opened] -= 1
                abandoned = opened is not self._opened and not self._users[opened]
                if not self._users[opened]:
                    del self._users[opened]
            if abandoned:
                opened.index.close()

    def warm_up(self) -> threading.Thread:
        """Load the model in the background, so that the first question waits less; it will say what is wrong, if so."""

        def load() -> None:
            with suppress(BotError):
                self._encoder.warm_up()

        thread = threading.Thread(target=load, name="model", daemon=True)
        thread.start()
        return thread

    def ask(self, question: str, history: Sequence[str] = (), filters: Filters = EVERYTHING) -> Answer:
        """Raises QuestionError when the question is empty or too long."""
        clock = _Clock()
        with self._reading() as opened:
            begun = self._begin(question, history)
            query = self._understand(question, history, opened)
            clock.lap("understand")
            answer = self._answer(query, filters, opened, clock, begun)
        return replace(answer, timings_ms=clock.timings())

    def search(
        self, question: str, top: int, history: Sequence[str] = (), filters: Filters = EVERYTHING
    ) -> list[Ranked]:
        """The best `top` passages. Raises QuestionError."""
        with self._reading() as opened:
            begun = self._begin(question, history)
            query = self._understand(question, history, opened)
            (vector,) = begun.vectors([query.text])
            return self._ranked(query, vector, top, filters, Retriever(opened.index, self.settings.retrieval))

    def articles(self) -> list[Article]:
        with self._reading() as opened:
            return opened.index.articles()

    def headers(self) -> Sequence[Header]:
        """All articles without their texts, in the order in which they were added."""
        with self._reading() as opened:
            return sorted(opened.index.headers(), key=lambda header: header.row)

    def passage(self, row: int) -> StoredPassage:
        with self._reading() as opened:
            return opened.index.passages([row])[0]

    def passages_of(self, article_id: str) -> list[StoredPassage]:
        """The passages of one article in order; none, where it is not there."""
        with self._reading() as opened:
            return opened.index.passages_of(article_id)

    def _begin(self, question: str, history: Sequence[str]) -> Begun:
        """What is typed without diacritics, or after another question, will be written out before it is encoded."""
        as_typed = not history and has_diacritics(question) and self._within_limit(question)
        return self._ahead.begin(cleaned(question)) if as_typed else Begun(self._encoder)

    def _answer(self, query: Query, filters: Filters, opened: Opened, clock: _Clock, begun: Begun) -> Answer:
        if query.catalogue is not None:
            answer = self._answer_on_collection(query, query.catalogue, filters, opened, clock, begun)
            if answer.status == "answered":
                return answer
        if query.unclear:
            return asking_back(*self._answer_each([query], filters, opened, clock, begun))
        whole, *answers = self._answer_each([query, *query.parts], filters, opened, clock, begun)
        return joined(query, answers) if answers and not covers(whole, query) else whole

    def _answer_each(
        self, asked: Sequence[Query], filters: Filters, opened: Opened, clock: _Clock, begun: Begun
    ) -> list[Answer]:
        """An answer to each; citations are numbered through, but those of the first, which stands for itself."""
        count = _REPRINTS * max(self.settings.answering.passages, self.settings.answering.nearest)
        retriever = Retriever(opened.index, self.settings.retrieval)
        words = [retriever.by_words(query, count, narrowed(filters, query.period)) for query in asked]
        clock.lap("retrieve")
        vectors = begun.vectors([query.text for query in asked])
        clock.lap("encode")
        ranked = [
            self._ranked(query, vector, count, filters, retriever, found)
            for query, vector, found in zip(asked, vectors, words, strict=True)
        ]
        clock.lap("retrieve")
        answers: list[Answer] = []
        for query, vector, passages in zip(asked, vectors, ranked, strict=True):
            first = 1 + sum(len(answer.citations) for answer in answers[1:])
            answers.append(
                self._answerer.answer(
                    query, vector, passages, opened.index, opened.knowledge.lexicon, opened.calibration, first
                )
            )
        clock.lap("answer")
        return answers

    def _ranked(
        self,
        query: Query,
        vector: np.ndarray,
        count: int,
        filters: Filters,
        retriever: Retriever,
        by_words: dict[int, float] | None = None,
    ) -> list[Ranked]:
        """Passages of the time that the question speaks of; where no article is of it, of any: "the report of 1999"
        may be one that an article tells of.
        """
        wanted = narrowed(filters, query.period)
        found = retriever.search(query, vector, count, wanted, by_words)
        return found if found or wanted == filters else retriever.search(query, vector, count, filters)

    def _answer_on_collection(
        self, query: Query, catalogue: Catalogue, filters: Filters, opened: Opened, clock: _Clock, begun: Begun
    ) -> Answer:
        (vector,) = begun.vectors([query.text])
        clock.lap("encode")
        wanted = narrowed(filters, catalogue.period)
        retriever = Retriever(opened.index, self.settings.retrieval)
        found = retriever.search(query, vector, self.settings.answering.nearest, wanted)
        clock.lap("retrieve")
        answer = answer_catalogue(
            query, catalogue, opened.index, found, language_of(query), opened.knowledge.lexicon,
            lambda article: passes(article, wanted),
        )  # fmt: skip
        clock.lap("answer")
        return replace(answer, steps=query.steps)

    def _understand(self, question: str, history: Sequence[str], opened: Opened) -> Query:
        if not any(c.isalnum() for c in visible(question)):
            raise QuestionError("The question is empty. Type a few words.")
        if not self._within_limit(question):
            limit = self.settings.answering.max_question_characters
            raise QuestionError(f"The question has {len(question)} characters, more than {limit}. Make it shorter.")
        return understand(question, history, opened.knowledge, self._today(), lambda asked: self._who(asked, opened))

    def _within_limit(self, question: str) -> bool:
        return len(question) <= self.settings.answering.max_question_characters

    def _who(self, asked: Query, opened: Opened) -> str | None:
        """The person whom the answer to `asked` names, for a question that goes on about "this person"."""
        named = replace(asked, expected=Expected.NAME) if asked.expected is Expected.PERSON else asked
        answer = self._answer(named, EVERYTHING, opened, _Clock(), Begun(self._encoder))
        marked = [c.quote[start:end] for c in answer.citations[:1] for start, end in c.marks[:1]]
        return marked[0] if marked and asked.expected in (Expected.NAME, Expected.PERSON) else None


class _Clock:
    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = round(self._laps.get(name, 0.0) + 1000 * (now - self._last), 2)
        self._last = now

    def timings(self) -> dict[str, float]:
        laps = {name: self._laps[name] for name in _STAGES if name in self._laps}
        return {**laps, "total": round(1000 * (time.perf_counter() - self._started), 2)}
