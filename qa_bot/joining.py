"""Answers that are put together: the parts of one question, a line each; and the question that is asked back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from embeddings.messages import Language
from embeddings.vietnamese import fold, syllables
from qa_bot.messages import say
from qa_bot.records import Answer, Query, Typing


def language_of(query: Query) -> Language:
    """The language in which a question is answered: its own."""
    return "en" if query.typing is Typing.FOREIGN else "vi"


def joined(query: Query, answers: Sequence[Answer]) -> Answer:
    """One answer of the `answers` to the parts of `query`, whose citations are numbered through.

    A part without evidence says so. Where no part has any, nothing was found. The confidence is that of the least
    certain part that is answered.
    """
    found = [answer for answer in answers if answer.status == "answered"]
    missing = say(language_of(query), "answer.part_missing")
    lines = [
        f"{part.label}: {answer.text if answer.status == 'answered' else missing}"
        for part, answer in zip(query.parts, answers, strict=True)
    ]
    nearest = {(near.article_id, near.start): near for answer in answers for near in answer.nearest}
    return Answer(
        question=query.question,
        understood_as=query.text,
        status="answered" if found else "not_found",
        text="\n".join(lines) if found else "",
        confidence=min((a.confidence for a in found), default=max((a.confidence for a in answers), default=0.0)),
        citations=tuple(chain.from_iterable(answer.citations for answer in answers)),
        nearest=() if found else tuple(replace(near, n=n) for n, near in enumerate(nearest.values(), 1)),
        ranked=tuple(chain.from_iterable(answer.ranked for answer in answers)),
        reasons=tuple(chain.from_iterable(answer.reasons for answer in answers)),
        timings_ms={},
        steps=query.steps,
    )


def covers(whole: Answer, query: Query) -> bool:
    """Whether an answer to the whole question quotes what tells each of its parts from the others: "Pháp, Anh và Ý"."""
    said = f" {' '.join(syllables(fold(' '.join(citation.quote for citation in whole.citations))))} "
    return whole.status == "answered" and all(
        f" {' '.join(syllables(fold(part.label)))} " in said for part in query.parts
    )


def asking_back(answer: Answer) -> Answer:
    """For a question that points at something nobody named: whatever would answer it may be about something else."""
    return replace(answer, status="not_found", text="", citations=(), nearest=(), unclear=True)
