"""From what was typed to what is searched: pure, every step of it told, and what was typed never lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from itertools import takewhile

from embeddings.ordinals import in_arabic
from embeddings.vietnamese import fold, syllables
from qa_bot.records import Expected, Office, Query, Step, Typing
from qa_bot.understanding.asking import (
    about,
    asks_by_calendar,
    asks_for_a_person,
    asks_which_number,
    counted,
    documents_in,
    expected,
    focus,
    place_heads,
    telling_words,
    typing_of,
    write_out,
)
from qa_bot.understanding.catalogue import find_catalogue
from qa_bot.understanding.clean import cleaned
from qa_bot.understanding.following import Completed, complete
from qa_bot.understanding.knowledge import AskingWords, Knowledge, asking_words, knowledge_of
from qa_bot.understanding.names import Name, names_in, with_capitals
from qa_bot.understanding.offices import office_in
from qa_bot.understanding.parts import split_parts
from qa_bot.understanding.periods import Found, find_period

__all__ = ["AskingWords", "Knowledge", "asking_words", "knowledge_of", "understand"]

Who = Callable[[Query], str | None]
"""The person whom the answer to an earlier question names."""

_REMEMBERED = 4  # earlier questions that one is understood by


# What is asked about ends before these.
_JOINING = frozenset({"khi", "vào", "lúc", "năm", "nhiệm", "hiện", "nay", "trên", "dưới", "do", "so"})
_TIME_HEAD = re.compile(r"\s*\b(?:năm|tháng|quý|ngày)\s*$", re.IGNORECASE)


def nobody(_asked: Query) -> str | None:
    return None


def understand(question: str, history: Sequence[str], knowledge: Knowledge, today: date, who: Who = nobody) -> Query:
    """The query that `question` stands for, after the earlier questions in `history` (oldest first)."""
    read = _read(question, knowledge)
    done = _completed(read, history, knowledge, today, who)
    if done.kind in ("alone", "unclear"):
        return replace(_query(read, read.text, knowledge, today), unclear=done.kind == "unclear")
    steps = (*read.steps, Step("completed", read.text, done.text))
    return _query(replace(read, steps=steps), done.text, knowledge, today)


def _read(question: str, knowledge: Knowledge) -> Query:
    """The question by itself: cleaned, written out, with diacritics and capitals. `words` are those that it lost."""
    lexicon = knowledge.lexicon
    asked = cleaned(question)
    typing = typing_of(asked, lexicon)
    written = write_out(asked, typing, lexicon)
    restored = knowledge.restorer.restore(written.text, typing)
    text = with_capitals(restored.text, names_in(restored.text, knowledge.vocabulary, lexicon))
    steps = [*written.steps, *([Step("restored", asked, text)] if restored.marked else []), *restored.corrected]
    kept = frozenset(syllables(text))
    lost = " ".join(unit for unit in syllables(asked) if unit not in kept)
    return Query(question, text, lost, typing, Expected.OTHER, None, (), frozenset(), steps=tuple(steps))


def _completed(read: Query, history: Sequence[str], knowledge: Knowledge, today: date, who: Who) -> Completed:
    whole = find_catalogue(_without_period(read.text, today, knowledge), knowledge.words.catalogue)
    if whole is not None and not whole.subject and not whole.author:
        return Completed(read.text, "alone")  # "có bao nhiêu bài viết": of all, whatever was asked before
    earlier = [text for text in history if any(c.isalnum() for c in text)][-_REMEMBERED:]
    before = understand(earlier[-1], earlier[:-1], knowledge, today, who) if earlier else None
    previous = before.text if before and not before.unclear else ""
    done = complete(read.text, previous, lambda text: _spans(text, knowledge), knowledge.words.following)
    if done.kind != "person" or before is None:
        return done
    name = who(before)
    if name is None:  # nobody knows whom: the words of both questions are the best there is
        return replace(done, text=f"{previous} {read.text}", kind="joined")
    return replace(done, text=done.text.replace("{}", name))


def _spans(text: str, knowledge: Knowledge) -> list[tuple[int, int]]:
    return [(name.start, name.end) for name in names_in(text, knowledge.vocabulary, knowledge.lexicon)]


def _query(read: Query, text: str, knowledge: Knowledge, today: date) -> Query:
    """All that `text` asks; `read` is the question as typed."""
    query = _asked(read, text, knowledge, today)
    catalogue = find_catalogue(_without_period(text, today, knowledge), knowledge.words.catalogue)
    if catalogue is not None:
        step = Step("collection", text, catalogue.subject or catalogue.asks)
        published = replace(query.period, published=True) if query.period else None
        return replace(query, catalogue=replace(catalogue, period=published), steps=(*query.steps, step))
    parts = split_parts(text, lambda of: _spans(of, knowledge), knowledge.words.parts)
    if len(parts) < 2:
        return query
    asked = tuple(
        replace(_asked(replace(read, words="", steps=()), part.text, knowledge, today), label=part.label)
        for part in parts
    )
    step = Step("parts", text, " | ".join(part.text for part in parts))
    return replace(query, parts=asked, steps=(*query.steps, step))


def _without_period(text: str, today: date, knowledge: Knowledge) -> str:
    found = find_period(text, today, knowledge.words.periods)
    if found is None or found.period is None:
        return text
    return f"{_TIME_HEAD.sub('', text[: found.span[0]])} {text[found.span[1] :]}"


def _asked(read: Query, text: str, knowledge: Knowledge, today: date) -> Query:
    lexicon = knowledge.lexicon
    spoken = Typing.FOREIGN if read.typing is Typing.FOREIGN else Typing.ACCENTED  # it has its diacritics by now
    meanings = knowledge.words.english.meanings(text) if spoken is Typing.FOREIGN else []
    telling = _telling(text, spoken, meanings, knowledge)
    named = names_in(text, knowledge.vocabulary, lexicon)
    found = find_period(text, today, knowledge.words.periods)
    kind = expected(text, spoken, lexicon)
    office = _office(text, kind, named, knowledge) if spoken is not Typing.FOREIGN else None
    return replace(
        read,
        text=text,
        words=" ".join(dict.fromkeys((text, in_arabic(text), read.words, *(meaning for _, meaning in meanings)))),
        expected=kind,
        about=about(text, spoken, lexicon),
        telling=telling,
        focus=focus(text, lexicon) & frozenset(telling),
        counted=_counted(text, telling, knowledge),
        place_head=place_heads(text, lexicon),
        calendar=asks_by_calendar(text, lexicon),
        ordinal=asks_which_number(text, lexicon),
        person=kind is Expected.NAME and (office is not None or asks_for_a_person(text, lexicon)),
        office=office,
        documents=documents_in(text),
        names=tuple(dict.fromkeys(name.folded for name in named)),
        period=found.period if found else None,
        newest=found.newest if found else False,
        steps=(*read.steps, *_told(text, kind, found, meanings)),
    )


def _office(text: str, kind: Expected, named: Sequence[Name], knowledge: Knowledge) -> Office | None:
    if kind not in (Expected.NAME, Expected.PERSON):
        return None
    return office_in(text, named, knowledge.words.following.offices, knowledge.lexicon.question_words | _JOINING)


def _counted(text: str, telling: Collection[str], knowledge: Knowledge) -> tuple[str, ...]:
    """What is counted, as far as the articles themselves count such things: "đảng viên" if some have "2.400 đảng viên".

    Only then its absence after a number says that something else is counted there.
    """
    joining = frozenset(fold(word) for word in _JOINING)
    words = tuple(takewhile(lambda unit: unit in telling and unit not in joining, counted(text, knowledge.lexicon)))
    known = knowledge.vocabulary.counted([" ".join(words), *words[:1]])
    return words if " ".join(words) in known else words[:1] if words[:1] and words[0] in known else ()


def _telling(text: str, spoken: Typing, meanings: Sequence[tuple[str, str]], knowledge: Knowledge) -> tuple[str, ...]:
    """Of a question in another language: what its words mean, and those that the articles have too."""
    telling = telling_words(text, spoken, knowledge.lexicon)
    if spoken is not Typing.FOREIGN:
        return telling
    translated = {unit for typed, _ in meanings for unit in syllables(typed)}
    known = knowledge.vocabulary.forms(telling)
    kept = [unit for unit in telling if unit not in translated and (unit[0].isdigit() or unit in known)]
    meant = [fold(unit) for _, meaning in meanings for unit in syllables(meaning)]
    return tuple(dict.fromkeys([*kept, *meant])) or telling


def _told(text: str, kind: Expected, found: Found | None, meanings: Sequence[tuple[str, str]]) -> list[Step]:
    """What was understood beyond the words themselves."""
    steps = [Step("translated", typed, meaning) for typed, meaning in meanings]
    steps += [Step("expected", text, kind.value)] if kind is not Expected.OTHER else []
    if found is not None:
        said = text[found.span[0] : found.span[1]]
        if found.period is not None:
            days = " – ".join(
                day.strftime("%d/%m/%Y") if day else "…" for day in (found.period.first, found.period.last)
            )
            steps.append(Step("period", said, days))
        if found.newest:
            steps.append(Step("newest", said, ""))
    return steps
