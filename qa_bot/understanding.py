"""From what was typed to what is searched. Pure; what was typed is never lost, only added to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from embeddings.abbreviations import written_out
from embeddings.lexicon import Lexicon
from embeddings.records import Kind
from embeddings.vietnamese import fold, has_diacritics, is_syllable_shaped, normalize, syllables, visible
from qa_bot.records import Expected, Query, Typing

_VIETNAMESE_SHARE = 0.75  # of a bare question's words that are spelled like syllables
_WORD = re.compile(r"[^\W\d_]+")
_FEW = 2  # telling words: a question with no more leans on the one before it
_LEANING = re.compile(r"\b(?:còn|thế còn|vậy còn|vậy|thế|con|the con|vay con)\b", re.IGNORECASE)
_POINTING = re.compile(
    r"\b(?:này|đó|ấy|kia|họ|đấy|this|that|these|those|he|she|they)\b"
    r"|\b(?:nguoi|huyen|xa|bai|anh|ong|ba|viec|cap|chuc|dieu|cai|noi|con so) (?:nay|do|ay)\b",
    re.IGNORECASE,
)
_MANY = 8  # telling words: a question with more stands alone, whatever it points at
_FOCUS_WORDS = 2


def understand(question: str, history: Sequence[str], lexicon: Lexicon) -> Query:
    """The query that `question` stands for, after the earlier questions in `history` (oldest first)."""
    asked = " ".join(visible(question).split())
    typing = typing_of(asked, lexicon)
    text = write_out(asked, typing, lexicon)
    if history and leans_on_history(asked, typing, lexicon):
        text = f"{' '.join(visible(history[-1]).split())} {text}"
    lost = [word for word in syllables(asked) if word not in set(syllables(text))]
    telling = telling_words(text, typing, lexicon)
    return Query(
        question=question,
        text=text,
        words=" ".join([text, *lost]),
        typing=typing,
        expected=expected(asked if typing is Typing.FOREIGN else text, typing, lexicon),
        about=about(asked, typing, lexicon),
        telling=telling,
        focus=focus(text, lexicon) & frozenset(telling),
    )


def typing_of(text: str, lexicon: Lexicon) -> Typing:
    """Diacritics make a question Vietnamese; without any, the spelling of its words decides."""
    if has_diacritics(text):
        return Typing.ACCENTED
    words = [unit for unit in syllables(text) if unit.isalpha()]
    known = {*lexicon.shorthand, *lexicon.abbreviations_of}
    shaped = sum(is_syllable_shaped(fold(word)) or word in known for word in words)
    return Typing.BARE if shaped >= _VIETNAMESE_SHARE * len(words) else Typing.FOREIGN


def write_out(text: str, typing: Typing, lexicon: Lexicon) -> str:
    """Chat words and abbreviations in full, as bare as the question is; another language is left alone."""
    if typing is Typing.FOREIGN:
        return text

    def full(match: re.Match[str]) -> str:
        word = match[0]
        return (lexicon.shorthand.get(normalize(word)) if word.islower() else None) or word

    written = _WORD.sub(full, written_out(text, lexicon))
    return fold(written) if typing is Typing.BARE else written


def telling_words(text: str, typing: Typing, lexicon: Lexicon) -> tuple[str, ...]:
    """The folded words that say what the question is about, each once, in order; all of them where none remains.

    "đang" asks nothing and is dropped, "đảng" stays: so words are dropped before their diacritics are.
    """
    asking = {
        Typing.ACCENTED: lexicon.question_words,
        Typing.BARE: lexicon.bare_question_words,
        Typing.FOREIGN: lexicon.english_question_words,
    }[typing]
    units = syllables(text)
    longest = max(len(phrase.split()) for phrase in asking)
    kept: list[str] = []
    at = 0
    while at < len(units):
        width = next((n for n in range(longest, 0, -1) if " ".join(units[at : at + n]) in asking), 0)
        if not width:
            kept.append(fold(units[at]))
        at += width or 1
    return tuple(dict.fromkeys(kept or map(fold, units)))


def leans_on_history(text: str, typing: Typing, lexicon: Lexicon) -> bool:
    """Whether the question cannot stand alone: it points back, or begins with "còn", or hardly says anything."""
    length = len(telling_words(text, typing, lexicon))
    points = _LEANING.match(text.strip()) is not None or _POINTING.search(text) is not None
    return length <= _FEW or (points and length <= _MANY)


def expected(text: str, typing: Typing, lexicon: Lexicon) -> Expected:
    """The kind of answer that the question's words ask for; a date before a number ("năm nào")."""
    bare = typing is not Typing.ACCENTED
    asked = _spaced(text, bare=bare)
    for kind in (Expected.DATE, Expected.REASON, Expected.NUMBER, Expected.NAME, Expected.PERSON):
        if _holds(asked, lexicon.asking_for[kind.value], bare=bare):
            return kind
    return Expected.OTHER


def about(text: str, typing: Typing, lexicon: Lexicon) -> Kind | None:
    """Which part of an article itself is asked for: who wrote it, when it appeared, where it is from."""
    bare = typing is not Typing.ACCENTED
    asked = _spaced(text, bare=bare)
    if not _holds(asked, lexicon.article_words, bare=bare):
        return None
    return next((kind for kind, phrases in lexicon.asking_about.items() if _holds(asked, phrases, bare=bare)), None)


def _spaced(text: str, *, bare: bool) -> str:
    return f" {' '.join(syllables(fold(text) if bare else text))} "


def _holds(asked: str, phrases: Sequence[str], *, bare: bool) -> bool:
    return any(f" {fold(phrase) if bare else phrase} " in asked for phrase in phrases)


def focus(text: str, lexicon: Lexicon) -> frozenset[str]:
    """Folded words for the thing asked for: "phương châm" of "phương châm nào", "cây" of "bao nhiêu cây"."""
    units = syllables(fold(text))
    found: set[str] = set()
    for at in range(len(units)):
        for phrase in lexicon.focus_before:
            if _stands_at(units, at, phrase):
                found.update(units[max(0, at - _FOCUS_WORDS) : at])
        for phrase in lexicon.focus_after:
            if _stands_at(units, at, phrase):
                end = at + len(phrase.split())
                found.update(units[end : end + _FOCUS_WORDS])
    return frozenset(found)


def _stands_at(units: Sequence[str], at: int, phrase: str) -> bool:
    words = phrase.split()
    return list(units[at : at + len(words)]) == words
