"""Questions that lean on the one before them, completed from it: "Còn Bình Liêu thì sao?", "Huyện đó có mấy xã?".

What a completed question says comes from the two questions alone. A question that asks something of its own about
something that it names is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from qa_bot.understanding.follow_words import FollowWords, Name, Namer, Reading, read
from qa_bot.understanding.pointing import ANSWER, Pointer, antecedent, edited, find_pointer, topic

__all__ = ["Completed", "FollowWords", "Namer", "complete"]

_Edit = tuple[int, int, str]  # source[start:end] becomes the text
_FEW = 2  # syllables: a question with no more of its own, and no name, is about what was spoken of before
_MANY = 4  # syllables: "it" and "đó" in a question that says more may be plain words
_MOST_READ = 400  # words: a longer text leans on nothing


@dataclass(frozen=True, slots=True)
class Completed:
    """A question that stands alone. `text` of a "person" holds "{}" once, where the answer to `antecedent` goes.

    "swapped": another name, year or noun in the earlier question; "joined": words of the earlier one put into this;
    "unclear": it leans on something that was never said. `antecedent` is what it leaned on, "" for nothing.
    """

    text: str
    kind: Literal["alone", "swapped", "joined", "person", "unclear"]
    antecedent: str = ""


def complete(question: str, previous: str, named: Namer, words: FollowWords) -> Completed:
    """`question` as it is meant after `previous`, which is complete, or "" where nothing was asked before."""
    alone = Completed(question, "alone")
    asked = read(question, named, words)
    if not asked.words or len(asked.words) > _MOST_READ:
        return alone
    earlier = read(previous, named, words)
    unclear = Completed(question, "unclear")
    first, end = _opener(asked, words), _end(asked, words)
    tail = words.tails.ending(asked.words, end)
    leans = bool(first or tail)
    asked = _without(asked, first, end - tail)
    pointer = find_pointer(asked, earlier, words)
    if not earlier.words:
        hollow = not asked.content and (leans or not (asked.names or asked.years))
        vague = pointer is not None and not asked.names and len(_besides(asked, pointer)) <= _MANY
        return unclear if hollow or vague or _is_more(asked, words) else alone
    if _is_more(asked, words):
        return Completed(previous, "joined", previous)
    if pointer:
        return _resolved(asked, earlier, pointer, words) or (alone if asked.names and asked.content else unclear)
    if first >= end - tail:
        return unclear
    return _continued(asked, earlier, (first, end - tail), words, leans=leans) or alone


def _continued(
    asked: Reading, earlier: Reading, span: tuple[int, int], words: FollowWords, *, leans: bool
) -> Completed | None:
    """An elliptical question: its name, year or noun in the earlier one's place, or what both say. None: it stands.

    `span` is what lies between "còn" and "thì sao", in words; `leans`: it has one of these.
    """
    if asked.names and not asked.content:
        stands = bool(asked.asks) and not words.amounts.within(asked.words)
        fits = leans and any(_counterpart(name, earlier.names) for name in asked.names)
        return None if stands and not fits else _swapped(asked, earlier)
    if asked.names:
        return None if asked.asks or not leans else _swapped_phrase(asked, earlier, span[1])
    if asked.years and not asked.content:
        return _swapped(asked, earlier)
    if leans and (swapped := _swapped_noun(asked, earlier, span, words)):
        return swapped
    if not asked.content:
        return _asked_again(asked, earlier, span, words)
    if leans or (asked.asks and len(asked.content) <= _FEW):
        return _joined(asked, earlier, span, words)
    return None


def _without(asked: Reading, first: int, end: int) -> Reading:
    """The reading with nothing said or asked outside words [first, end)."""
    inside = frozenset(range(first, end))
    return replace(asked, content=asked.content & inside, asks=asked.asks & inside)


def _opener(asked: Reading, words: FollowWords) -> int:
    """How many words "còn", "thế còn" … take at the beginning; none of "thế nào là …".

    Typed bare, "con" is another word as well ("con số nào"): it opens a question that asks nothing else, or a name.
    """
    size = words.openers.at(asked.words, 0)
    if not size or words.asking.at(asked.words, 0) > size or size >= len(asked.words):
        return 0
    plain = asked.words[0].plain
    sure = size > 1 or asked.words[0].written != plain or (plain,) in words.openers.spellings.get((plain,), ())
    on = size in asked.years or asked.named(size) or words.links.at(asked.words, size)
    return size if sure or on or not asked.asks else 0


def _end(asked: Reading, words: FollowWords) -> int:
    end = len(asked.words)
    while end > 1 and (size := words.particles.ending(asked.words, end)) and not words.tails.ending(asked.words, end):
        end -= size
    return end


def _is_more(asked: Reading, words: FollowWords) -> bool:
    return words.more.at(asked.words, 0) == _end(asked, words)


def _besides(asked: Reading, pointer: Pointer) -> frozenset[int]:
    return asked.content - set(range(pointer.start, pointer.end))


def _resolved(asked: Reading, earlier: Reading, pointer: Pointer, words: FollowWords) -> Completed | None:
    """What is pointed at, put where it is pointed at; another place's, where the question names one."""
    others = _besides(asked, pointer)
    if asked.names and not others:
        return _swapped(asked, earlier)
    if asked.names and pointer.kind == "thing" and len(others) >= _FEW:
        return None
    found = antecedent(asked, earlier, pointer, _core(earlier, words), words)
    if found is None:
        return None
    start, end = asked.words[found.start].start, asked.words[found.end - 1].end
    first = asked.words[_opener(asked, words)].start
    if found.text.startswith(ANSWER):
        plain = [
            (at, at + 1, "") for at, letter in enumerate(asked.source) if letter in ANSWER and not start <= at < end
        ]
        return Completed(edited(asked.source, [*plain, (start, end, found.text)]), "person", earlier.source)
    text = edited(
        asked.source, [(0, first, ""), (start, end, found.text)] if first <= start else [(start, end, found.text)]
    )
    return Completed(text[:1].upper() + text[1:] if first else text, "joined", found.text)


# Another name or year in the place of the earlier one


def _swapped(asked: Reading, earlier: Reading) -> Completed:
    """The earlier question about the names and years of this one; what it has no place for is put beside it."""
    edits: list[_Edit] = []
    taken: set[int] = set()
    beside: list[str] = []
    kept = {name.key for name in asked.names}
    for name in asked.names:
        old = _counterpart(name, [o for o in earlier.names if o.key not in kept and o.start not in taken])
        if old is not None:
            same = [o for o in earlier.names if o.key == old.key]
            taken.update(o.start for o in same)
            edits += [_name_edit(asked, name, earlier, o) for o in same]
        elif name.key not in {o.key for o in earlier.names}:
            beside.append(asked.slice(name.head, name.end))
    after = ""
    free = [at for at in earlier.years if not _in_range(earlier, at)]
    for year in asked.years:
        if free:
            word = earlier.words[free.pop()]
            edits.append((word.start, word.end, asked.slice(year, year + 1)))
        elif asked.words[year].plain not in {word.plain for word in earlier.words}:
            before = year - 1 if year and year - 1 not in asked.content and not asked.name_at(year - 1) else year
            after += " " + asked.slice(before, year + 1)
    text = edited(earlier.source, edits)
    if beside:
        text = f"{', '.join(beside)}, {_lowered(text, earlier)}"
    if after:
        body = text.rstrip(" ?.!")
        text = body + after + text[len(body) :]
    return Completed(text, "swapped" if edits or not (beside or after) else "joined", earlier.source)


def _counterpart(name: Name, olds: Sequence[Name]) -> Name | None:
    """The name that `name` stands for: of its sort, under the same head where there is one, else the last."""
    alike = [old for old in olds if old.sort == name.sort]
    same_head = [old for old in alike if name.head_key and old.head_key == name.head_key]
    return next(reversed(same_head or alike), None)


def _name_edit(asked: Reading, name: Name, earlier: Reading, old: Name) -> _Edit:
    """A place takes its own head along where the old one has another ("xã Hải Phú" -> "huyện Bình Liêu")."""
    heads = (len(name.head_key.split()), len(old.head_key.split()))
    new = asked.slice(name.start, name.end)
    start = old.start
    if all(heads) and name.head_key != old.head_key:
        new, start = asked.slice(name.start - heads[0], name.end), old.start - heads[1]
    return earlier.words[start].start, earlier.words[old.end - 1].end, new


def _in_range(reading: Reading, at: int) -> bool:
    """Whether the year belongs to one like 2015-2020, which names a term rather than a year."""
    near = [other for other in reading.years if abs(other - at) == 1]
    return any(
        not reading.source[reading.words[min(at, o)].end : reading.words[max(at, o)].start].isspace() for o in near
    )


# Another noun in the place of the earlier one


def _swapped_phrase(asked: Reading, earlier: Reading, end: int) -> Completed | None:
    """ "còn bí thư Bình Liêu?": the noun before the name goes along, where the earlier name has one before it too."""
    name = asked.names[-1]
    old = _counterpart(name, [o for o in earlier.names if o.key != name.key] or list(earlier.names))
    first = _noun_start(asked, name.head)
    if old is None or end != name.end or first == name.head or any(at < first for at in asked.content):
        return None
    start = _noun_start(earlier, old.head)
    if start == old.head:
        return None
    edit = (earlier.words[start].start, earlier.words[old.end - 1].end, asked.slice(first, end))
    return Completed(edited(earlier.source, [edit]), "swapped", earlier.source)


def _noun_start(reading: Reading, head: int) -> int:
    start = head
    while start > 0 and start - 1 in reading.content and not reading.parted(start):
        start -= 1
    return start


def _swapped_noun(asked: Reading, earlier: Reading, span: tuple[int, int], words: FollowWords) -> Completed | None:
    """ "còn ở cấp xã thì ai làm?": "cấp xã" for "cấp huyện", as far as both begin with the same word."""
    first, end = span
    while first < end and (size := words.links.at(asked.words, first)):
        first += size
    stop = first
    while stop < end and stop in asked.content and not asked.parted(stop + 1 if stop + 1 < end else 0):
        stop += 1
    stop = min(stop + 1, end) if stop < end and stop in asked.content else stop
    if stop <= first or any(at >= stop for at in asked.content):
        return None
    noun = [word.plain for word in asked.words[first:stop]]
    at = next((n for n in reversed(range(len(earlier.words))) if _begins(earlier, n, noun[0])), None)
    if at is None or len(noun) == 1:
        return None
    last = at
    while last < len(earlier.words) and last in earlier.content and (last == at or not earlier.parted(last)):
        last += 1
    if last - at > len(noun) + 1:
        last = at + len(noun)
    if [word.plain for word in earlier.words[at : at + len(noun)]] == noun:
        return None
    edit = (earlier.words[at].start, earlier.words[last - 1].end, asked.slice(first, stop))
    return Completed(edited(earlier.source, [edit]), "swapped", earlier.slice(at, last))


def _begins(earlier: Reading, at: int, plain: str) -> bool:
    return at in earlier.content and earlier.words[at].plain == plain


# What both say


def _asked_again(asked: Reading, earlier: Reading, span: tuple[int, int], words: FollowWords) -> Completed:
    """ "Vì sao?", "Ở đâu?": the question words asked of what the earlier question speaks of."""
    core, body = _core(earlier, words), asked.slice(*span)
    text = f"{body} {core}?" if words.reasons.at(asked.words, span[0]) else f"{core} {body}?"
    return Completed(text, "joined", earlier.source)


def _joined(asked: Reading, earlier: Reading, span: tuple[int, int], words: FollowWords) -> Completed | None:
    """Something else asked of the same: this question, with what the earlier one is about."""
    about = topic(earlier, words)
    if not about:
        return None
    body = asked.slice(*span)
    return Completed(f"{about}, {body}?" if asked.asks else f"{body} {about}?", "joined", about)


def _core(earlier: Reading, words: FollowWords) -> str:
    """What the earlier question speaks of: its words but those that ask."""
    first = _opener(earlier, words)
    kept = [at for at in range(first, len(earlier.words)) if at not in earlier.asks]
    while kept and (words.predicates.at(earlier.words, kept[-1]) or words.links.at(earlier.words, kept[-1])):
        kept.pop()
    pieces = [("" if n and kept[n - 1] == at - 1 else "\0") + _with_gap(earlier, at) for n, at in enumerate(kept)]
    return " ".join("".join(pieces).replace("\0", " ").strip(" ,;:–-").split())


def _with_gap(reading: Reading, at: int) -> str:
    """Word `at` with the signs between it and the word before it."""
    word = reading.words[at]
    return reading.source[reading.words[at - 1].end if at else word.start : word.end]


def _lowered(text: str, earlier: Reading) -> str:
    """`text` for the middle of a sentence: its first letter small, unless a name or an abbreviation begins it."""
    begins_with_name = earlier.name_at(0) is not None or text[1:2].isupper()
    return text if begins_with_name else text[:1].lower() + text[1:]
