"""The bot: one question in, one answer out. Front ends receive it as an argument and know nothing below it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from embeddings import generations
from embeddings.encoders import Encoder
from embeddings.index import Index, StoredPassage, open_index
from embeddings.lexicon import Lexicon
from embeddings.records import Article
from embeddings.vietnamese import visible
from qa_bot.answering import Answerer
from qa_bot.errors import QuestionError
from qa_bot.records import Answer, Query, Ranked
from qa_bot.retrieval import Retriever
from qa_bot.settings import BotSettings
from qa_bot.understanding import understand


class Bot:
    """Answers from the newest generation; safe for questions from several threads."""

    def __init__(self, settings: BotSettings, encoder: Encoder, answerer: Answerer, words: Lexicon) -> None:
        """Raises IndexProblem when there is no index that this encoder can answer from."""
        self.settings = settings
        self._encoder = encoder
        self._answerer = answerer
        self._words = words
        self._lock = threading.Lock()
        self._index = open_index(settings.index.dir, encoder.fingerprint)
        self._users: Counter[Index] = Counter()  # questions under way, by the index that they read

    @property
    def index(self) -> Index:
        return self._index

    def reopen(self) -> None:
        """Answer from the newest generation from now on; the old one stays when the new one cannot be used.

        Questions under way end on the generation that they began with.
        """
        newest = open_index(self.settings.index.dir, self._encoder.fingerprint)
        with self._lock:
            previous, self._index = self._index, newest
            unused = not self._users[previous]
        if unused:
            previous.close()

    def newest(self) -> int | None:
        """The number of the newest generation on disk, sound or not; None when there is none."""
        found = generations.numbers(self.settings.index.dir)
        return found[0] if found else None

    def close(self) -> None:
        """Let go of the index. No question may be under way."""
        self._index.close()

    @contextmanager
    def _reading(self) -> Iterator[Index]:
        """The index of this moment, kept open until the block ends."""
        with self._lock:
            index = self._index
            self._users[index] += 1
        try:
            yield index
        finally:
            with self._lock:
                self._users[index] -= 1
                abandoned = index is not self._index and not self._users[index]
            if abandoned:
                index.close()

    def warm_up(self) -> threading.Thread:
        """Load the model in the background, so that the first question waits less."""
        thread = threading.Thread(target=self._encoder.warm_up, name="model", daemon=True)
        thread.start()
        return thread

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Raises QuestionError when the question is empty or too long."""
        clock = _Clock()
        query = self._understand(question, history)
        clock.lap("understand")
        vector = self._encoder.encode_queries([query.text])[0]
        clock.lap("encode")
        wanted = max(self.settings.answering.passages, self.settings.answering.nearest)
        with self._reading() as index:
            ranked = Retriever(index, self.settings.retrieval).search(query, vector, wanted)
            clock.lap("retrieve")
            answer = self._answerer.answer(query, vector, ranked, index)
            clock.lap("answer")
        return replace(answer, timings_ms=clock.timings())

    def search(self, question: str, top: int, history: Sequence[str] = ()) -> list[Ranked]:
        """The best `top` passages. Raises QuestionError."""
        query = self._understand(question, history)
        vector = self._encoder.encode_queries([query.text])[0]
        with self._reading() as index:
            return Retriever(index, self.settings.retrieval).search(query, vector, top)

    def articles(self) -> list[Article]:
        with self._reading() as index:
            return index.articles()

    def passage(self, row: int) -> StoredPassage:
        with self._reading() as index:
            return index.passages([row])[0]

    def passages_of(self, article_id: str) -> list[StoredPassage]:
        """The passages of one article in order; none, where it is not there."""
        with self._reading() as index:
            return index.passages_of(article_id)

    def _understand(self, question: str, history: Sequence[str]) -> Query:
        limit = self.settings.answering.max_question_characters
        if not any(c.isalnum() for c in visible(question)):
            raise QuestionError("The question is empty. Type a few words.")
        if len(question) > limit:
            raise QuestionError(f"The question has {len(question)} characters, more than {limit}. Make it shorter.")
        return understand(question, history, self._words)


class _Clock:
    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = round(1000 * (now - self._last), 2)
        self._last = now

    def timings(self) -> dict[str, float]:
        return {**self._laps, "total": round(1000 * (time.perf_counter() - self._started), 2)}
