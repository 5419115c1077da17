"""Answers about the collection itself: which articles mention something, how many there are, which is newest.

Pure over the index. Articles are chosen by what is known of them without their texts; texts are read of those that may
mention the subject, and that are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from embeddings.index import StoredPassage
from embeddings.lexicon import Lexicon
from embeddings.messages import Language
from embeddings.records import Header, Kind
from embeddings.searching import SearchIndex
from embeddings.vietnamese import fold, normalize, syllables, visible
from qa_bot.citations import cite
from qa_bot.mentions import Mention, Mentions, find_mentions
from qa_bot.messages import say
from qa_bot.naming import name_of, shown_date
from qa_bot.records import Answer, Catalogue, Citation, Query, Ranked
from qa_bot.wordings import Word, telling, words_of

# Of an article that says the words, only the reading of the question is in doubt; of one that has them apart from
# each other, also whether it speaks of their sum. Set by hand: public questions about a collection are rare.
PHRASE_CONFIDENCE = 0.95
SCATTERED_CONFIDENCE = 0.6
_SAYS_LITTLE = (Kind.DATE, Kind.SOURCE)


@dataclass(frozen=True, slots=True)
class Limits:
    candidates: int = 400  # articles that are looked into for a subject
    lines: int = 10  # articles that are named
    nearest: int = 3  # passages that are shown where nothing is found


def answer_catalogue(
    query: Query,
    catalogue: Catalogue,
    index: SearchIndex,
    found: Sequence[Ranked],
    language: Language,
    lexicon: Lexicon,
    passes: Callable[[Header], bool] = lambda _: True,
    limits: Limits = Limits(),
) -> Answer:
    """`found` is what the ordinary search brings: shown as nearest where no article fits. No timings yet.

    `passes` says which articles the asker wants at all. Undated articles are neither newest, oldest nor of a period.
    """
    wanted = _in_order([header for header in index.headers() if _fits(header, catalogue) and passes(header)], catalogue)
    mentions = None
    if catalogue.subject:
        mentions = find_mentions(catalogue.subject, index, lexicon, wanted, limits.candidates)
        wanted = [header for header in wanted if header.row in mentions.of]
    stories = _extreme(_stories(wanted), catalogue)
    if not stories:
        return _not_found(query, catalogue, found, lexicon, limits)
    citations: list[Citation] = []
    lines: list[str] = []
    for n, story in enumerate(stories[: limits.lines], 1):
        mention = mentions.of[story[0].row] if mentions else _opening(story[0], catalogue, index)
        also_in = [header.path for header in story[1:]]
        citations.append(cite(n, mention.stored, mention.span, mention.marks, also_in))
        lines.append(f"{_named(mention.stored)} [{n}]")
    if len(stories) > limits.lines:
        lines.append(say(language, "collection.more", count=len(stories) - limits.lines))
    header = _header(catalogue, mentions, len(stories), language)
    exact = mentions is None or mentions.exact
    confidence = PHRASE_CONFIDENCE if exact else SCATTERED_CONFIDENCE
    return _answer(query, found, "\n".join([*header, *lines]), confidence, citations)


def _fits(header: Header, catalogue: Catalogue) -> bool:
    if catalogue.author and not set(syllables(fold(catalogue.author))) <= set(syllables(fold(header.author or ""))):
        return False
    if catalogue.period is None:
        return True
    day, first, last = header.published, catalogue.period.first, catalogue.period.last
    return day is not None and (first is None or first <= day) and (last is None or day <= last)


def _in_order(headers: list[Header], catalogue: Catalogue) -> list[Header]:
    """Newest first, as they come; where the oldest is asked for, oldest first. Undated ones are last, or out."""
    if catalogue.asks not in ("newest", "oldest"):
        return headers
    dated = [header for header in headers if header.published is not None]
    return dated if catalogue.asks == "newest" else sorted(dated, key=lambda header: header.published or date.max)


def _stories(headers: Sequence[Header]) -> list[list[Header]]:
    """Articles of one story together, in the order in which the first of them comes."""
    together: dict[int, list[Header]] = {}
    for header in headers:
        together.setdefault(-1 - header.row if header.story is None else header.story, []).append(header)
    return list(together.values())


def _extreme(stories: list[list[Header]], catalogue: Catalogue) -> list[list[Header]]:
    """All, or only those of the first story's day where the newest or the oldest is asked for."""
    if catalogue.asks not in ("newest", "oldest"):
        return stories
    return [story for story in stories if story[0].published == stories[0][0].published]


def _opening(header: Header, catalogue: Catalogue, index: SearchIndex) -> Mention:
    """Stands for an article where no subject is asked for: its byline for an author, else its title, else its text."""
    wanted = ([Kind.BYLINE] if catalogue.author else []) + [Kind.TITLE, Kind.BODY]
    passages = index.passages_of(header.id)
    return Mention(next((p for kind in wanted for p in passages if p.passage.kind is kind), passages[0]), 0)


def _named(stored: StoredPassage) -> str:
    """ "Title (Place, 26/11/2020)", without what is unknown or said by the title."""
    title, place = name_of(stored.article), stored.context.place
    beside = [place] if place and normalize(place) not in normalize(title) else []
    beside += [day] if (day := shown_date(stored.article.published)) else []
    return f"{title} ({', '.join(beside)})" if beside else title


def _header(catalogue: Catalogue, mentions: Mentions | None, count: int, language: Language) -> list[str]:
    """A first line that says how many, where that was asked for or the list may mislead; none else."""
    if mentions is not None and not mentions.exact:
        name = "scattered"
    elif catalogue.asks in ("newest", "oldest"):
        name = ""
    elif mentions is not None and not mentions.complete:
        name = "at_least"
    else:
        about, one = ("_about" if mentions else ""), ("_one" if count == 1 else "")
        name = f"count{about}{one}" if catalogue.asks == "count" else ""
    return [say(language, f"collection.{name}", count=count, subject=catalogue.subject)] if name else []


def _not_found(query: Query, catalogue: Catalogue, found: Sequence[Ranked], lexicon: Lexicon, limits: Limits) -> Answer:
    words = telling(words_of(visible(catalogue.subject or query.text), bare=True), lexicon)
    shown = [item.stored for item in found if item.stored.passage.kind not in _SAYS_LITTLE][: limits.nearest]
    nearest = [cite(n, stored, stored.passage.sentences[_closest(stored, words)]) for n, stored in enumerate(shown, 1)]
    return _answer(query, found, "", 0.0, nearest=nearest)


def _answer(
    query: Query,
    found: Sequence[Ranked],
    text: str,
    confidence: float,
    citations: Sequence[Citation] = (),
    nearest: Sequence[Citation] = (),
) -> Answer:
    return Answer(
        question=query.question,
        understood_as=query.text,
        status="answered" if citations else "not_found",
        text=text,
        confidence=confidence,
        citations=tuple(citations),
        nearest=tuple(nearest),
        ranked=tuple(found),
        reasons=(),
        timings_ms={},
        steps=query.steps,
    )


def _closest(stored: StoredPassage, words: Sequence[Word]) -> int:
    """The number of the sentence with most of the words."""
    units = {word.bare for word in words}
    shared = [len(units & set(syllables(fold(sentence)))) for sentence in stored.passage.sentence_texts()]
    return shared.index(max(shared))
