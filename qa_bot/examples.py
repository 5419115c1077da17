"""Example questions made from whatever articles are indexed, each one tried before it is shown.

A clause with one number becomes a question whose answer is known (qa_bot.cloze); so do an article's author and date.
What the bot does not answer from that very article, with that very number, name or date, is not offered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from embeddings import lexicon
from embeddings.index import StoredPassage
from embeddings.lines import parse_date
from embeddings.messages import Language
from embeddings.records import Article, Header, Kind
from embeddings.vietnamese import fold, normalize
from qa_bot.cloze import Place, clozes
from qa_bot.kinds import TOKEN
from qa_bot.messages import say
from qa_bot.records import Answer

_ARTICLES = 60  # read at most so many, spread over all
_TRIES = 30  # questions asked at most
_OF_ONE_ARTICLE = 4  # questions about numbers
_TITLE = 50  # characters of a title that fits into a question
_SHORT = 70  # characters: a button shows no more
_BARRED = re.compile(r"[\"'“”‘’«»()\[\]<>?…]|\.\.")  # of titles: what does not go well between quotation marks
_GRIM = re.compile(  # true, and no way to say hello
    r"\b(?:chết|tử vong|thiệt mạng|giết|sát hại|hiếp|xâm hại|dâm|thi thể|tự sát|tự tử|thảm sát|đánh bom|ma túy)\b"
)


class Asks(Protocol):
    """What is needed of a bot."""

    def headers(self) -> Sequence[Article | Header]: ...

    def passages_of(self, article_id: str) -> list[StoredPassage]: ...

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer: ...


class About(StrEnum):
    """What is asked for, the most telling kind first."""

    NUMBER = "number"
    AUTHOR = "author"
    DATE = "date"


_KINDS = list(About)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question to which the article should give this very thing."""

    question: str
    about: About
    article: Article
    thing: str  # the number, as it stands there; the author; the date in ISO form

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        """What speaks against it, the gravest first: grim, long, its kind, its length."""
        grim = _GRIM.search(normalize(self.question)) is not None
        return grim, len(self.question) > _SHORT, _KINDS.index(self.about), len(self.question)


def examples(bot: Asks, language: Language, count: int = 3) -> list[str]:
    """At most `count` questions that the bot answers rightly, of different kinds and articles where that is possible.

    The same articles always give the same questions; fewer, or none, where they do not suit. Raises BotError.
    """
    pool = [candidate for header in _spread(bot.headers()) for candidate in _candidates(bot, header.id, language)]
    chosen: list[Candidate] = []
    for _ in range(_TRIES):
        if not pool or len(chosen) == count:
            break
        candidate = min(pool, key=lambda candidate: (_likeness(candidate, chosen), *candidate.rank))
        pool.remove(candidate)
        if _answers(bot.ask(candidate.question), candidate):
            chosen.append(candidate)
            pool = [other for other in pool if other.question != candidate.question]
    return [candidate.question for candidate in chosen]


def _spread(articles: Sequence[Article | Header]) -> Sequence[Article | Header]:
    step = -(-len(articles) // _ARTICLES) or 1
    return articles[::step]


def _likeness(candidate: Candidate, chosen: Sequence[Candidate]) -> int:
    """How often its article or its kind was taken before."""
    kinds = Counter(other.about for other in chosen)
    articles = Counter(other.article.id for other in chosen)
    return kinds[candidate.about] + articles[candidate.article.id]


def _candidates(bot: Asks, article_id: str, language: Language) -> Iterator[Candidate]:
    passages = bot.passages_of(article_id)
    if not passages:
        return
    article = passages[0].article
    place = subject_place(article, passages)
    asked = None if place is None else Place(place, head_of(article.text, place))
    sentences = [article.title or ""]
    sentences += [text for p in passages if p.passage.kind is Kind.BODY for text in p.passage.sentence_texts()]
    found = [Candidate(c.question, About.NUMBER, article, c.number) for text in sentences for c in clozes(text, asked)]
    yield from sorted(found, key=lambda candidate: candidate.rank)[:_OF_ONE_ARTICLE]
    topic = _topic(article, place, language)
    if topic is not None and article.author is not None:
        yield Candidate(say(language, "example.author", topic=topic), About.AUTHOR, article, article.author)
    if topic is not None and article.published is not None:
        date = article.published.isoformat()
        yield Candidate(say(language, "example.date", topic=topic), About.DATE, article, date)


def subject_place(article: Article, passages: Sequence[StoredPassage]) -> str | None:
    """The place that the article is about: one that its title names, or that it names without having a title."""
    place = passages[0].context.place if passages else None
    if place is None or article.title is None:
        return place
    return place if normalize(place) in normalize(article.title) else None


def head_of(text: str, place: str) -> str:
    """The word that the text puts before the place most often ("huyện"); "" where it puts none."""
    heads = "|".join(map(re.escape, lexicon.load().place_heads))
    found = Counter(match[1].lower() for match in re.finditer(rf"\b((?i:{heads})) {re.escape(place)}\b", text))
    return found.most_common(1)[0][0] if found else ""


def _topic(article: Article, place: str | None, language: Language) -> str | None:
    if place is not None:
        return say(language, "example.on", place=place if language == "vi" else fold(place))
    title = " ".join((article.title or "").split())
    fits = title and len(title) <= _TITLE and not _BARRED.search(title)
    return f"“{title}”" if fits else None


def _answers(answer: Answer, candidate: Candidate) -> bool:
    """Whether the answer comes from that article alone, and holds the thing that was taken out."""
    if answer.status != "answered" or {c.article_id for c in answer.citations} != {candidate.article.id}:
        return False
    quotes = [citation.quote for citation in answer.citations]
    match candidate.about:
        case About.NUMBER:
            return candidate.thing in [token[0] for token in TOKEN.finditer(answer.text)]
        case About.AUTHOR:
            return any(candidate.thing in quote for quote in quotes)
        case About.DATE:
            return candidate.thing in [day.isoformat() for quote in quotes if (day := parse_date(quote))]
