"""What a question asks with: how it was typed, its telling words, the kind of answer, the very thing asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from embeddings.abbreviations import abbreviations_in, written_out
from embeddings.lexicon import Lexicon
from embeddings.ordinals import in_arabic
from embeddings.records import Kind
from embeddings.vietnamese import UPPER, fold, has_diacritics, is_syllable_shaped, normalize, syllables
from qa_bot.records import Expected, Step, Typing
from qa_bot.understanding.telex import decoded

# Of a question's words, those that are spelled like syllables: of one that begins like an English one, and of others.
_VIETNAMESE_SHARE, _VIETNAMESE_AT_LEAST = 0.75, 0.6
_WORD = re.compile(r"[^\W\d_]+")
_OPENING = 3  # words, of which an English question has one that asks: "What", "In which"
_FOCUS_WORDS = 2
_KINDS = ("loại", "kiểu", "dạng", "hạng")  # "loại thành phố nào" asks for no place
_DOCUMENT = re.compile(rf"\b(\d+)(?:/\d{{4}})?\s?[-/–]\s?[{UPPER}]{{2,6}}\b|\b[Ss]ố (\d+)\b")
_AMOUNT = re.compile(r"\s*(?:tổng )?số (?!\d)(?=[^\W\d_])", re.IGNORECASE)  # "số đảng viên của Hải Hậu"
_SEVERAL = re.compile(r" (?:những|các) (?:\w+ ){0,6}(?:nào|gì) ")
_SEVERAL_BARE = re.compile(r" (?:nhung|cac) (?:\w+ ){0,6}(?:nao|gi) ")


def typing_of(text: str, lexicon: Lexicon) -> Typing:
    """Diacritics make a question Vietnamese, unless it asks in English; without any, the spelling of words decides."""
    words = [unit for unit in syllables(text) if unit.isalpha()]

    def is_shaped(word: str) -> bool:
        return is_syllable_shaped(fold(word)) or word in lexicon.shorthand or word in lexicon.abbreviations_of

    shaped = _share_of(words, is_shaped)
    asks_in_english = not lexicon.english_question_words.isdisjoint(words[:_OPENING])
    if has_diacritics(text):
        return Typing.FOREIGN if asks_in_english and shaped < _VIETNAMESE_AT_LEAST else Typing.ACCENTED
    if not asks_in_english:  # all of it may be Telex with the keyboard switched off
        shaped = max(shaped, _share_of(words, lambda word: is_syllable_shaped(word) or decoded(word) is not None))
    vietnamese = shaped >= (_VIETNAMESE_SHARE if asks_in_english else _VIETNAMESE_AT_LEAST)
    return Typing.BARE if vietnamese else Typing.FOREIGN


def _share_of(words: Sequence[str], has: Callable[[str], bool]) -> float:
    return sum(map(has, words)) / max(1, len(words))


@dataclass(frozen=True, slots=True)
class Written:
    """A text with its short forms in full, and each of them as a step."""

    text: str
    steps: tuple[Step, ...]


def write_out(text: str, typing: Typing, lexicon: Lexicon) -> Written:
    """Chat words and abbreviations in full; another language is left alone."""
    if typing is Typing.FOREIGN:
        return Written(text, ())
    steps: dict[str, Step] = {}
    defining = _holds(_spaced(text, bare=True), lexicon.defining_cues, bare=True)  # what a short form means is asked
    for short, full in abbreviations_in(text, lexicon):
        steps.setdefault(short, Step("written_out", short, full))

    def full_word(match: re.Match[str]) -> str:
        word = match[0]
        full = lexicon.shorthand.get(normalize(word)) if word.islower() else None
        if full is not None and full != word:
            steps.setdefault(word, Step("written_out", word, full))
        return full or word

    written = _WORD.sub(full_word, written_out(text, lexicon, beside=defining))
    return Written(written, tuple(steps.values()))


def telling_words(text: str, typing: Typing, lexicon: Lexicon) -> tuple[str, ...]:
    """The folded words that say what the question is about, each once, in order; all of them where none remains.

    "đang" asks nothing and is dropped, "đảng" stays: so words are dropped before their diacritics are.
    """
    asking = {
        Typing.ACCENTED: lexicon.question_words,
        Typing.BARE: lexicon.bare_question_words,
        Typing.FOREIGN: lexicon.english_question_words,
    }[typing]
    units = syllables(in_arabic(text))  # as the evidence has them too
    longest = _longest(asking)
    kept: list[str] = []
    at = 0
    while at < len(units):
        width = next((n for n in range(longest, 0, -1) if " ".join(units[at : at + n]) in asking), 0)
        if not width:
            kept.append(fold(units[at]))
        at += width or 1
    return tuple(dict.fromkeys(kept or map(fold, units)))


_ORDER = (
    Expected.DATE, Expected.REASON, Expected.DOCUMENT, Expected.PLACE, Expected.NUMBER, Expected.NAME, Expected.PERSON,
    Expected.LIST, Expected.YES_NO,
)  # fmt: skip


def expected(text: str, typing: Typing, lexicon: Lexicon) -> Expected:
    """The kind of answer that the question's words ask for; a date before a number ("năm nào")."""
    bare = typing is not Typing.ACCENTED
    asked = _spaced(text, bare=bare)
    if _AMOUNT.match(text):
        return Expected.NUMBER
    for kind in _ORDER:
        if kind is Expected.DOCUMENT and _asks_for_several(asked, bare=bare):
            return Expected.PLACE if place_heads(text, lexicon) else Expected.LIST
        if _holds(asked, lexicon.asking_for[kind.value], bare=bare):
            return kind
    return Expected.PLACE if place_heads(text, lexicon) else Expected.OTHER


def _asks_for_several(asked: str, *, bare: bool) -> bool:
    """ "những văn bản nào", "các hạn chế gì": not one thing, but those that there are."""
    return (_SEVERAL_BARE if bare else _SEVERAL).search(asked) is not None


def place_heads(text: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The kind of place that is asked for: "tỉnh" of "tỉnh nào"."""
    asked = _spaced(text, bare=False)
    return tuple(
        head
        for head in lexicon.place_heads
        if f" {head} nào " in asked and not any(f" {kind} {head} nào " in asked for kind in _KINDS)
    )


def counted(text: str, lexicon: Lexicon) -> tuple[str, ...]:
    """Folded words for what is counted: the first two after "bao nhiêu", up to the next name or verb that asks."""
    units = syllables(fold(text))
    amount = _AMOUNT.match(text)
    found: list[str] = syllables(fold(text[amount.end() :]))[:_FOCUS_WORDS] if amount else []
    for at in range(len(units)):
        for phrase in lexicon.focus_after:
            if _stands_at(units, at, phrase):
                end = at + len(phrase.split())
                found = units[end : end + _FOCUS_WORDS]
    return tuple(unit for unit in found if not unit[0].isdigit())


def asks_by_calendar(text: str, lexicon: Lexicon) -> bool:
    """Whether a year, month or day is asked for: "năm nào"; not "khi nào", which an event may answer."""
    return _holds(_spaced(text, bare=True), lexicon.calendar_cues, bare=True)


def asks_for_a_person(text: str, lexicon: Lexicon) -> bool:
    return _holds(_spaced(text, bare=False), lexicon.asking_for["person"], bare=False)


def documents_in(text: str) -> frozenset[str]:
    """The numbers of the documents that the question names: "05" of "Nghị quyết số 05-NQ/HU"."""
    return frozenset(unit for match in _DOCUMENT.finditer(text) for unit in syllables(match[1] or match[2]))


def asks_which_number(text: str, lexicon: Lexicon) -> bool:
    """Whether a number is asked for that names something: "thứ mấy", "số mấy"."""
    return _holds(_spaced(text, bare=True), lexicon.ordinal_cues, bare=True)


def about(text: str, typing: Typing, lexicon: Lexicon) -> Kind | None:
    """Which part of an article itself is asked for: who wrote it, when it appeared, where it is from."""
    bare = typing is not Typing.ACCENTED
    asked = _spaced(text, bare=bare)
    if not _holds(asked, lexicon.article_words, bare=bare):
        return None
    return next((kind for kind, phrases in lexicon.asking_about.items() if _holds(asked, phrases, bare=bare)), None)


@lru_cache(maxsize=64)
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
    words = _split(phrase)
    return units[at] == words[0] and tuple(units[at : at + len(words)]) == words


@lru_cache(maxsize=1024)
def _split(phrase: str) -> tuple[str, ...]:
    return tuple(phrase.split())


@lru_cache(maxsize=16)
def _longest(phrases: frozenset[str]) -> int:
    """Words of the longest phrase."""
    return max(len(phrase.split()) for phrase in phrases)
