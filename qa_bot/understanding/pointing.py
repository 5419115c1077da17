"""Words that point at the question before ("huyện đó", "người này", "ở đó"), and what they stand for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from qa_bot.understanding.follow_words import FollowWords, Reading

_MOST_NOUN = 3  # syllables of the noun that is pointed with: "tổ chức đảng này"
ANSWER = "{}"
"""Where the answer to the earlier question goes."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """Words [start, end) point back; those of `noun` are the noun they point with ("tấm ảnh" of "tấm ảnh ấy")."""

    kind: Literal["person", "place", "office", "thing", "noun"]
    start: int
    end: int
    noun: tuple[int, int]
    owner: bool = False  # "his"


def find_pointer(asked: Reading, earlier: Reading, words: FollowWords) -> Pointer | None:
    """The first words of `asked` that point at something that it does not name itself."""
    at = 0
    while at < len(asked.words):
        skipped = words.plain.at(asked.words, at) or words.not_persons.at(asked.words, at)
        if skipped:
            at += skipped
            continue
        pointer = _pointer_at(asked, at, earlier, words)
        if pointer and not _named_before(asked, pointer):
            return pointer
        at += 1
    return None


def _pointer_at(asked: Reading, at: int, earlier: Reading, words: FollowWords) -> Pointer | None:
    here = asked.words
    if size := words.persons.at(here, at):
        return _pronoun(asked, at, size, earlier, words)
    if words.possessives.at(here, at):
        return Pointer("person", at, at + 1, (at, at), owner=True)
    if size := words.here.at(here, at):
        return Pointer("place", at, at + size, (at, at))
    if size := words.things.at(here, at):
        return Pointer("thing", at, at + size, (at, at))
    if words.english_pointing.at(here, at) and (size := words.pointed.at(here, at + 1)):
        return _with_noun(asked, at, at + 1 + size, (at + 1, at + 1 + size), words)
    return _after_noun(asked, at, words) if at and words.pointing.at(here, at) else None


def _pronoun(asked: Reading, at: int, size: int, earlier: Reading, words: FollowWords) -> Pointer | None:
    plain = asked.words[at]
    if words.plurals.at(asked.words, at) and _person(earlier, words) is None:
        return Pointer("thing", at, at + size, (at, at)) if plain.written != "ho" else None
    if plain.plain == "anh" and not _accented(asked) and any(word.written == "ảnh" for word in earlier.words):
        return Pointer("noun", at, at + size, (at, at + size - 1))  # ảnh ấy and anh ấy are one without diacritics
    return Pointer("person", at, at + size, (at, at)) if plain.written != "ho" else None  # họ, hộ, hồ, hỗ


def _after_noun(asked: Reading, at: int, words: FollowWords) -> Pointer | None:
    """The pronoun at `at` with the noun before it. "do" and "nay" typed bare are other words more often."""
    here = asked.words
    certain = _accented_at(asked, at)
    if words.links.ending(here, at):  # "ở đó"
        return Pointer("place", at, at + 1, (at, at)) if certain or here[at - 1].plain in ("o", "tai") else None
    start = at - words.pointed.ending(here, at)
    while certain and start > 0 and at - start < _MOST_NOUN and start - 1 in asked.content and not asked.parted(start):
        if start < at and words.pointed.ending(here, at) > 1:
            break
        start -= 1
    return _with_noun(asked, start, at + 1, (start, at), words) if start < at else None


def _with_noun(asked: Reading, start: int, end: int, noun: tuple[int, int], words: FollowWords) -> Pointer:
    here = asked.words[noun[0] : noun[1]]
    if words.places.ending(here, len(here)) == len(here):
        return Pointer("place", start, end, noun)
    if words.office_nouns.ending(here, len(here)) == len(here):
        return Pointer("office", start, end, noun)
    return Pointer("noun", start, end, noun)


def _accented(asked: Reading) -> bool:
    return any(_accented_at(asked, at) for at in range(len(asked.words)))


def _accented_at(asked: Reading, at: int) -> bool:
    return asked.words[at].written != asked.words[at].plain


def _named_before(asked: Reading, pointer: Pointer) -> bool:
    """Whether what is pointed at stands earlier in the same question: "Hải Hậu … huyện này …"."""
    names = [name for name in asked.names if name.start < pointer.start]
    if pointer.kind in ("person", "place"):
        return any(name.sort == pointer.kind for name in names)
    noun = [word.plain for word in asked.words[pointer.noun[0] : pointer.noun[1]]]
    before = [word.plain for word in asked.words[: pointer.start]]
    return bool(noun) and any(before[at : at + len(noun)] == noun for at in range(len(before)))


@dataclass(frozen=True, slots=True)
class Antecedent:
    """What the words [start, end) of the question stand for."""

    start: int
    end: int
    text: str


def antecedent(asked: Reading, earlier: Reading, pointer: Pointer, core: str, words: FollowWords) -> Antecedent | None:
    """What `pointer` stands for in the earlier question, whose words but those that ask are `core`.

    None where nothing fits: a person whom it neither names nor asks for.
    """
    if pointer.kind == "person":
        person = _person(earlier, words)
        return None if person is None else Antecedent(pointer.start, pointer.end, person + "'s" * pointer.owner)
    noun = asked.slice(*pointer.noun)
    if pointer.kind == "place":
        return Antecedent(pointer.start, pointer.end, _place(earlier, asked, pointer, core))
    if pointer.kind == "office" and (office := words.offices.within(earlier.words)):
        end = _phrase_end(earlier, office[1], words, before_names=any(n.sort == "place" for n in asked.names))
        return Antecedent(pointer.start, pointer.end, earlier.slice(office[0], end))
    if pointer.kind == "thing":
        return Antecedent(pointer.start, pointer.end, core)
    found = _noun_in(earlier, asked, pointer.noun, words)
    if found is None:
        return Antecedent(
            pointer.start, pointer.end, noun if asked.names else f"{noun} {topic(earlier, words) or core}"
        )
    at, size, kept = found
    end = _phrase_end(earlier, at + size, words, before_names=bool(asked.names))
    before = asked.slice(pointer.noun[0], kept)
    if end > at + size:
        return Antecedent(pointer.start, pointer.end, f"{before} {earlier.slice(at, end)}".strip())
    return Antecedent(pointer.start, pointer.end, noun if asked.names else _noun_with(noun, core))


def _noun_with(noun: str, core: str) -> str:
    return core if noun.casefold() in core.casefold() else f"{noun} {core}"


def _person(earlier: Reading, words: FollowWords) -> str | None:
    named = [name for name in earlier.names if name.sort == "person"]
    if named:
        return earlier.slice(named[-1].start, named[-1].end)
    if words.who.within(earlier.words):
        return ANSWER
    office = words.offices.within(earlier.words)
    return earlier.slice(office[0], _phrase_end(earlier, office[1], words, before_names=False)) if office else None


def _place(earlier: Reading, asked: Reading, pointer: Pointer, core: str) -> str:
    """The place that the earlier question names, under the head that it is pointed with, or what it speaks of."""
    noun = asked.slice(*pointer.noun)
    head = " ".join(word.plain for word in asked.words[pointer.noun[0] : pointer.noun[1]])
    places = [name for name in earlier.names if name.sort == "place"] or [n for n in earlier.names if n.sort == "body"]
    same = [name for name in places if head and name.head_key == head]
    wanted = _asked_for(earlier, head)
    if wanted and not same:
        return _noun_with(noun, core)
    if not places:
        return f"{noun} {core}".strip()
    place = (same or places)[-1]
    written = earlier.slice(place.start, place.end)
    if place.head_key and place.head_key != head:
        return earlier.called(place)
    return f"{noun} {written}".strip()


def _asked_for(earlier: Reading, head: str) -> bool:
    """Whether the earlier question asks which one it is: "xã nào"."""
    size = len(head.split())
    plain = [word.plain for word in earlier.words]
    return bool(size) and any(
        " ".join(plain[at - size : at]) == head and at in earlier.asks for at in range(size, len(plain))
    )


def topic(earlier: Reading, words: FollowWords) -> str:
    """What the earlier question is about: the article or picture that it names, else its names; "" for neither."""
    for group in words.same:
        found = group.within(earlier.words)
        if found and (end := _phrase_end(earlier, found[1], words, before_names=False)) > found[1]:
            return earlier.slice(found[0], end)
    return ", ".join(dict.fromkeys(earlier.called(name) for name in earlier.names))


def _noun_in(
    earlier: Reading, asked: Reading, noun: tuple[int, int], words: FollowWords
) -> tuple[int, int, int] | None:
    """Where the earlier question has the noun, or another word for it: place, size, and where it starts in `asked`."""
    start, end = noun
    plain = [word.plain for word in asked.words]
    for first in range(start, end):
        wanted = plain[first:end]
        size = end - first
        for at in range(len(earlier.words) - size + 1):
            if [word.plain for word in earlier.words[at : at + size]] == wanted and not earlier.name_at(at):
                return at, size, first
    for group in words.same:
        if size := group.ending(asked.words, end):
            found = group.within(earlier.words)
            if found:
                return found[0], found[1] - found[0], max(start, end - size)
    return None


def _phrase_end(earlier: Reading, at: int, words: FollowWords, *, before_names: bool) -> int:
    """Where the words for a thing end: before a verb like "là", a question word, a comma; before a name if wanted."""
    while at < len(earlier.words):
        stops = at in earlier.asks or words.predicates.at(earlier.words, at) or earlier.parted(at)
        if stops or (before_names and earlier.name_at(at)):
            break
        at += 1
    while (
        at > 0
        and at - 1 not in earlier.content
        and words.links.ending(earlier.words, at)
        and not earlier.name_at(at - 1)
    ):
        at -= 1
    return at


def edited(source: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """`source` with each [start, end) replaced; where two overlap, the first counts."""
    parts: list[str] = []
    at = 0
    for start, end, text in sorted(edits):
        if start >= at:
            capital = not source[:start].strip() and source[start : start + 1].isupper()
            parts += [source[at:start], text[:1].upper() + text[1:] if capital else text]
            at = end
    return "".join([*parts, source[at:]])
