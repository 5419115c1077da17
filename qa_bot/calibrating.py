"""Questions made of an index's own sentences, each asked twice: as the index stands, and without what answers it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import zip_longest
from typing import TypeVar

import numpy as np
from rich import box
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from embeddings import lexicon
from embeddings.encoders import Encoder
from embeddings.errors import BotError
from embeddings.index import Index, StoredPassage, open_index
from embeddings.lexical import FieldWeights
from embeddings.lexicon import Lexicon
from embeddings.messages import Language
from embeddings.records import Kind
from embeddings.selection import EVERYTHING, Selection
from embeddings.vietnamese import fold, normalize
from qa_bot import assembly
from qa_bot.answering import Answerer
from qa_bot.calibration import FILE, VERSION, Calibration, Record, Trial, fit, remove, write
from qa_bot.calibration_words import say
from qa_bot.cloze import Blank, Place, blanks
from qa_bot.examples import head_of, subject_place
from qa_bot.records import Answer, Query, Ranked
from qa_bot.retrieval import Retriever
from qa_bot.settings import BotSettings
from qa_bot.stories import collapsed
from qa_bot.understanding import asking_words, knowledge_of, understand

QUESTIONS = 200
_READ = 2  # times as many articles as questions: not every one gives any
_LEAST = 20  # questions; fewer say nothing
_OF_ONE_SENTENCE = 6  # a long list would ask the same again and again
_BARE = 3  # every third question is asked without diacritics, as people do
_REPRINTS = 3  # so many times the passages that are weighed are fetched, as for a real question
_SEARCHED = 60  # passages among which others that hold the answer are looked for


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Made:
    """A question, and the passage that it was made of."""

    blank: Blank
    source: StoredPassage


class Reduced(Index):
    """An index as if some passages were not there; it shares the files of the `whole`, which closes them."""

    def __init__(self, whole: Index, gone: Collection[int]) -> None:
        vars(self).update(vars(whole))
        self._gone = frozenset(gone)

    def dense_search(self, query: np.ndarray, limit: int, selection: Selection = EVERYTHING) -> dict[int, float]:
        return self._left(super().dense_search(query, limit + len(self._gone), selection))

    def lexical_search(
        self, question: str, limit: int, weights: FieldWeights, selection: Selection = EVERYTHING
    ) -> dict[int, float]:
        found = self._left(super().lexical_search(question, limit + len(self._gone), weights, selection))
        return dict(list(found.items())[:limit])

    def passages_of(self, article_id: str, kind: Kind | None = None) -> list[StoredPassage]:
        return [item for item in super().passages_of(article_id, kind) if item.row not in self._gone]

    def _left(self, found: dict[int, float]) -> dict[int, float]:
        return {row: score for row, score in found.items() if row not in self._gone}


def questions(index: Index, most: int = QUESTIONS) -> list[Made]:
    """At most `most`, taken from the articles in turn; the same index always gives the same ones."""
    headers = index.headers()
    by_article = [list(_of_article(index, header.id)) for header in _spread(headers, _READ * most)]
    usable = _spread([found for found in by_article if found], most)
    in_turn = (made for turn in zip_longest(*usable) for made in turn if made is not None)
    unique = {made.blank.question: made for made in in_turn}
    return list(unique.values())[:most]


def _spread(items: Sequence[Item], most: int) -> list[Item]:
    """At most `most` of them, at equal distances."""
    count = min(len(items), most)
    return [items[n * len(items) // count] for n in range(count)]


def _of_article(index: Index, article_id: str) -> Iterator[Made]:
    """Of sentences in the text alone: a title is seen beside every passage and cannot be taken away."""
    passages = index.passages_of(article_id)
    if not passages:
        return
    article = passages[0].article
    name = subject_place(article, passages)
    place = None if name is None else Place(name, head_of(article.text, name))
    title = normalize(article.title or "")
    for passage in passages:
        if passage.passage.kind is Kind.BODY:
            for sentence in passage.passage.sentence_texts():
                found = [blank for blank in blanks(sentence, place) if not holds(title, blank.taken)]
                step = -(-len(found) // _OF_ONE_SENTENCE) or 1
                yield from (Made(blank, passage) for blank in found[::step])


def holds(text: str, taken: str) -> bool:
    """Whether the words stand in the text, whole, whatever their spelling."""
    part, text = normalize(taken), normalize(text)
    at = text.find(part)
    while at >= 0:
        before, after = text[max(0, at - 1) : at], text[at + len(part) : at + len(part) + 2]
        if not before.isalnum() and not after[:1].isalnum() and not (after[:1] in (",", ".") and after[1:].isdigit()):
            return True
        at = text.find(part, at + 1)
    return False


class Asker:
    """Asks one index without the passages that answer, beside the passages that stand there."""

    def __init__(self, index: Index, encoder: Encoder, settings: BotSettings, words: Lexicon, today: date) -> None:
        self._index = index
        self._encoder = encoder
        self._settings = settings
        self._knowledge = knowledge_of(index, words, asking_words(words))
        self._today = today
        never_refusing = settings.answering.model_copy(update={"min_confidence": 0.0})
        self._answerer = Answerer(never_refusing)

    def trials(self, made: Sequence[Made], done: Callable[[], None] = lambda: None) -> list[Trial]:
        """Two of each question."""
        typed = [
            fold(m.blank.question) if number % _BARE == _BARE - 1 else m.blank.question for number, m in enumerate(made)
        ]
        queries = [understand(question, (), self._knowledge, self._today) for question in typed]
        vectors = self._encoder.encode_queries([query.text for query in queries])
        found: list[Trial] = []
        for one, query, vector in zip(made, queries, vectors, strict=True):
            found += self._both(one, query, vector)
            done()
        return found

    def answers(self, asked: Sequence[str]) -> list[Answer]:
        """What is cited for questions of one's own, whatever its confidence."""
        queries = [understand(question, (), self._knowledge, self._today) for question in asked]
        vectors = self._encoder.encode_queries([query.text for query in queries])
        return [self._answer(query, vector, self._index) for query, vector in zip(queries, vectors, strict=True)]

    def _both(self, made: Made, query: Query, vector: np.ndarray) -> tuple[Trial, Trial]:
        wide = Retriever(self._index, self._settings.retrieval).search(query, vector, _SEARCHED)
        whole = self._answer(query, vector, self._index)
        rest = self._answer(query, vector, Reduced(self._index, gone(made, wide)))
        return Trial(whole.confidence, _right(whole, made), True), Trial(rest.confidence, False, False)

    def _answer(self, query: Query, vector: np.ndarray, index: Index) -> Answer:
        answering = self._settings.answering
        count = _REPRINTS * max(answering.passages, answering.nearest)
        ranked = Retriever(index, self._settings.retrieval).search(query, vector, count)
        return self._answerer.answer(query, vector, ranked, index, self._knowledge.lexicon)


def _right(answer: Answer, made: Made) -> bool:
    return any(c.passage_row == made.source.row or holds(c.quote, made.blank.taken) for c in answer.citations)


def gone(made: Made, found: Sequence[Ranked]) -> set[int]:
    """Rows of the passage, its reprints, and of those among `found` that hold the same answer."""
    source = Ranked(made.source, 1.0, 1.0, 0.0)
    rows = {made.source.row}
    for item in found:
        if holds(item.stored.passage.text, made.blank.taken) or len(collapsed([source, item], 2)) == 1:
            rows.add(item.stored.row)
    return rows


def run(settings: BotSettings, language: Language, most: int = QUESTIONS, *, undo: bool = False) -> RenderableType:
    """What `qa-bot calibrate` does, and what it shows at the end. Raises BotError."""
    if undo:
        name = "calibrate.removed" if remove(settings.index.dir) else "calibrate.nothing"
        return Text(say(language, name, file=settings.index.dir / FILE))
    return calibrate(settings, assembly.make_encoder(settings), most, language, Console(stderr=True))


def calibrate(settings: BotSettings, encoder: Encoder, most: int, language: Language, console: Console) -> Group:
    """Ask, fit, write; a table and what was learnt. A bar goes to `console`, where that is a terminal.

    Raises BotError where the index gives too few questions, and leaves everything as it is.
    """
    index = open_index(settings.index.dir, encoder.fingerprint)
    with closing(index):
        made = questions(index, max(most, _LEAST))
        if len(made) < _LEAST:
            raise BotError(
                f"Only {len(made)} questions can be made of the articles in {settings.index.dir}, and {_LEAST} are "
                "needed. Nothing was changed; index more articles."
            )
        words = lexicon.load(settings.articles.word_lists)
        with _bar(len(made), language, console) as done:
            trials = Asker(index, encoder, settings, words, date.today()).trials(made, done)
    learnt = fit(trials)
    record = Record(
        version=VERSION,
        slope=learnt.slope,
        shift=learnt.shift,
        questions=len(made),
        right=sum(trial.right for trial in trials),
        fingerprint=encoder.fingerprint,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write(settings.index.dir, record)
    name = "calibrate.unchanged" if learnt == Calibration() else "calibrate.learnt"
    values = {"slope": f"{learnt.slope:.2f}", "shift": f"{learnt.shift:+.2f}", "file": settings.index.dir / FILE}
    shown = table(trials, learnt, settings.answering.min_confidence, language)
    return Group(shown, Text(say(language, name, **values)))


def table(trials: Sequence[Trial], learnt: Calibration, threshold: float, language: Language) -> Table:
    """How the two halves fare, before and after."""
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    shown.add_column("")
    halves = [[trial.confidence for trial in trials if trial.present is present] for present in (True, False)]
    changed = [[learnt.apply(p) for p in half] for half in halves]
    for name in ("present", "absent"):
        shown.add_column(say(language, f"calibrate.{name}"), justify="right")
    shown.add_row(say(language, "calibrate.questions"), *(f"{len(half)}" for half in halves))
    for when, figures in (("before", halves), ("after", changed)):
        shown.add_row(say(language, f"calibrate.mean_{when}"), *(f"{np.mean(half):.3f}" for half in figures))
    for when, figures in (("before", halves), ("after", changed)):
        shares = (f"{np.mean(np.array(half) < threshold):.1%}" for half in figures)
        shown.add_row(say(language, f"calibrate.refused_{when}"), *shares)
    return shown


@contextmanager
def _bar(total: int, language: Language, console: Console) -> Iterator[Callable[[], None]]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bar:
        task = bar.add_task(say(language, "calibrate.asking"), total=total)
        yield lambda: bar.advance(task)
