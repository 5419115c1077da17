"""Which articles mention something, and where they say it.

An article mentions a subject where the subject's words stand in it in a row, however they are written; where no
article has them so, those count that have them all in one passage and its heading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from embeddings.context import heading
from embeddings.index import StoredPassage
from embeddings.lexicon import Lexicon
from embeddings.records import Header, Span
from embeddings.searching import SearchIndex
from embeddings.vietnamese import visible
from qa_bot.understanding.phrases import tokens
from qa_bot.wordings import Mark, Word, Wording, spelled, stands, telling, wordings

MOST_PASSAGES = 10_000  # that may hold one wording of a subject; of more, the rest is not looked for

Says = Callable[[Sequence[StoredPassage]], "Mention | None"]


@dataclass(frozen=True, slots=True)
class Mention:
    """The sentence of a passage that stands for its article in the answer."""

    stored: StoredPassage
    sentence: int  # its number in the passage
    marks: tuple[Mark, ...] = ()  # inside the sentence, of the words that mention the subject

    @property
    def span(self) -> Span:
        return self.stored.passage.sentences[self.sentence]


@dataclass(frozen=True, slots=True)
class Mentions:
    """One mention an article. `exact`: the words stand in a row; `complete`: none can have been missed."""

    of: Mapping[int, Mention]  # by the article's row
    exact: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class _Held:
    """Passages that the index says may mention it, by their article's row; `all`: no bound was hit."""

    passages: Mapping[int, Sequence[int]]
    all: bool


def find_mentions(subject: str, index: SearchIndex, lexicon: Lexicon, wanted: Sequence[Header], limit: int) -> Mentions:
    """Which of the articles `wanted` mention `subject`; not more than `limit` are looked into, in the order given."""
    worded = wordings(subject, lexicon)
    if not worded[0]:
        return Mentions({}, exact=True, complete=True)
    in_a_row = _held(index, (index.holding(units, MOST_PASSAGES) for wording in worded for units in spelled(wording)))
    exact = _look(index, in_a_row, wanted, limit, lambda passages: _phrase(passages, worded))
    if exact.of:
        return exact
    rows = {header.row for header in wanted}
    others = [header for header in index.headers() if header.row in in_a_row.passages and header.row not in rows]
    if _look(index, in_a_row, others, limit, lambda passages: _phrase(passages, worded)).of:
        return exact
    words = telling(worded[0], lexicon)
    apart = _held(index, [index.holding_each([word.spellings() for word in words], MOST_PASSAGES)])
    scattered = _look(index, apart, wanted, limit, lambda passages: _scattered(passages, words))
    return Mentions(scattered.of, exact=False, complete=scattered.complete)


def _held(index: SearchIndex, searches: Iterable[Sequence[int]]) -> _Held:
    everything = True
    rows: set[int] = set()
    for found in searches:
        rows.update(found)
        everything &= len(found) < MOST_PASSAGES
    return _Held(index.by_article(sorted(rows)), everything)


def _look(index: SearchIndex, held: _Held, wanted: Sequence[Header], limit: int, says: Says) -> Mentions:
    """What the first `limit` articles say that may mention it."""
    candidates = [header.row for header in wanted if header.row in held.passages]
    found = ((row, says(index.passages(held.passages[row]))) for row in candidates[:limit])
    of = {row: mention for row, mention in found if mention is not None}
    return Mentions(of, exact=True, complete=held.all and len(candidates) <= limit)


def _phrase(passages: Sequence[StoredPassage], worded: Sequence[Wording]) -> Mention | None:
    """The first sentence that has one of the wordings, with all places where it stands there.

    Else the first sentence of all, where the title has one of them.
    """
    for stored in passages:
        for number, sentence in enumerate(stored.passage.sentence_texts()):
            marks = _marks(sentence, worded)
            if marks:
                return Mention(stored, number, _joined(marks, sentence))
    return Mention(passages[0], 0) if _marks(visible(passages[0].article.title or ""), worded) else None


def _marks(text: str, worded: Sequence[Wording]) -> list[Mark]:
    said = tokens(text)
    return [mark for wording in worded for mark in stands(wording, said, text)]


def _joined(marks: Iterable[Mark], text: str) -> tuple[Mark, ...]:
    """Marks in order; those that overlap, or that only spaces part, as one."""
    joined: list[Mark] = []
    for start, end in sorted(marks):
        if joined and not text[joined[-1][1] : start].strip():
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def _scattered(passages: Sequence[StoredPassage], words: Sequence[Word]) -> Mention | None:
    return next((mention for stored in passages if (mention := _words_in(stored, words)) is not None), None)


def _words_in(stored: StoredPassage, words: Sequence[Word]) -> Mention | None:
    """The sentence with most of the words, where the passage and its heading have them all."""
    above = visible(heading(stored.context))
    said_above = tokens(above)
    missing = {word for word in words if not any(word.is_at(token, above) for token in said_above)}
    best: tuple[int, Mention] | None = None
    held: set[Word] = set()
    for number, sentence in enumerate(stored.passage.sentence_texts()):
        said = [(word, token) for token in tokens(sentence) for word in words if word.is_at(token, sentence)]
        here = {word for word, _ in said}
        held |= here
        if here and (best is None or len(here) > best[0]):
            best = len(here), Mention(stored, number, _joined(((t.start, t.end) for _, t in said), sentence))
    return best[1] if best is not None and held >= missing else None
