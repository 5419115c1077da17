"""One thing asked of several names: "A và B có bao nhiêu …", and what a comparison asks of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from qa_bot.understanding.pieces import ASKS, Asked, Part, after, first_of


@dataclass(frozen=True, slots=True)
class _Chain:
    """Names that are joined: what stands before the first, each with its own words, what stands after the last."""

    before: Asked
    members: tuple[tuple[Asked, str, str], ...]  # (words between the joint and the name, name, words after it)
    after: Asked
    tail: str  # `after` as typed


def _chain(asked: Asked, joints: str, *, loose: bool) -> _Chain | None:
    """The first names that are joined by pieces of the classes `joints`; `loose`: words may stand before the joint."""
    names = asked.names
    members: list[tuple[Asked, str, str]] = []
    first = last = -1
    for one, other in pairwise(names):
        joint = next((at for at in range(one + 1, other) if asked.pieces[at].letter in joints), None)
        comma = asked.text[asked.pieces[one].end :].startswith(",") and (other == one + 1) and other != names[-1]
        if joint is None and comma:
            joint = one
        if joint is None or (joint > one + 1 and not loose):
            if members:
                break
            continue
        if not members:
            first = one
            members.append((asked.cut(one, one), asked.said(one, one + 1), ""))
        own = asked.text[asked.pieces[one].end : asked.pieces[joint].start].strip(" ,;") if joint > one + 1 else ""
        members[-1] = members[-1][0], members[-1][1], own
        members.append((asked.cut(joint + 1, other), asked.said(other, other + 1), ""))
        last = other
    if not members:
        return None
    return _Chain(asked.cut(0, first), tuple(members), asked.cut(last + 1, len(asked.pieces)), after(asked, last))


def _each(chain: _Chain, before: Asked, tail: str, *, loose: bool) -> list[Part]:
    """The frame "before NAME tail" for every name, with the words that it has of its own."""
    parts = []
    shared = not any(own for _, _, own in chain.members)
    for number, (mid, name, own) in enumerate(chain.members):
        lead = _lead(before, mid, loose=loose)
        if lead is None:
            return []
        end = tail if shared or number == len(chain.members) - 1 else ""
        parts.append(Part(name, " ".join(filter(None, (lead, name, own, end)))))
    return parts


def _lead(before: Asked, mid: Asked, *, loose: bool) -> str | None:
    """What stands before a later name: the same, or the same up to where its own words begin alike."""
    if not mid.pieces:
        return before.whole()
    alike = [at for at, piece in enumerate(before.pieces) if piece.words == mid.pieces[0].words]
    if alike:
        return " ".join(filter(None, (before.said(0, alike[-1]), mid.whole())))
    if len(mid.pieces) == 1 and before.row[-1:] not in ("w", "N"):
        return " ".join(filter(None, (before.whole(), mid.whole())))
    return mid.whole() if loose and len(mid.pieces) > 1 else None


def shared(asked: Asked) -> list[Part]:
    """ "Đảng viên của Hải Hậu và Mèo Vạc là bao nhiêu" """
    chain = _chain(asked, "&", loose=False)
    if chain is None or asked.has("TGD") or chain.after.names or not (chain.before.has(ASKS) or chain.after.has(ASKS)):
        return []
    return [Part(part.label, f"{part.text}?") for part in _each(chain, chain.before, chain.tail, loose=False)]


def compared(asked: Asked) -> list[Part]:
    """ "So sánh …", "… khác nhau thế nào", "… nhiều hơn": what is compared, asked of each."""
    if asked.has("X") or (asked.has("R") and asked.has("ME")):
        return _amounts(asked)
    verb = asked.row.find("C")
    if not asked.has("CD$"):
        return []
    kept = _without(asked.cut(verb + 1, len(asked.pieces)), "GD")
    chain = _chain(kept, "&+$", loose=verb >= 0)
    if chain is None:
        return []
    before = _without(chain.before, "GD")
    about = chain.after.row.find("B")
    if about >= 0 and not chain.after.cut(0, about).has("wNPV"):
        thing = chain.after.said(about + 1, first_of(chain.after.row, "IAQ", about))
        each = _each(chain, before, "", loose=False)
        return [Part(p.label, f"{thing} {asked.words.belongs} {p.text}") for p in each] if thing else []
    tail = chain.tail if chain.after.has("wNV") else ""
    if not (before.has("wN") or tail):
        return []
    return _each(chain, before, tail, loose=verb >= 0)


def _amounts(asked: Asked) -> list[Part]:
    """ "Hải Hậu hay Bình Liêu có nhiều đảng viên hơn": how many each has."""
    chain = _chain(asked, "&/+", loose=False)
    if chain is None or chain.after.names:
        return []
    behind = chain.after.has("RX")
    compared = chain.after if behind else chain.before
    if compared.has("X"):
        told = compared.cut(_has_more(compared.row), len(compared.pieces))
        if told.row[2:3] in ("", "F"):
            return []
        return [Part(p.label, f"{p.text}?") for p in _each(chain, chain.before.cut(0, 0), _how_much(told), loose=False)]
    tail = _how_much(compared)
    before = _without(chain.before, "GO") if behind else chain.before.cut(0, 0)
    return [Part(part.label, f"{part.text}?") for part in _each(chain, before, tail, loose=False)]


def _has_more(row: str) -> int:
    """Where "has more" stands: what comes before only asks which. The row's length where it does not."""
    at = row.find("HX")
    return at if at >= 0 else len(row)


def _how_much(compared: Asked) -> str:
    """The same words with "bao nhiêu" for the amount, and without "hơn" and "nơi nào"."""
    words: list[str] = []
    previous = ""
    for at, piece in enumerate(compared.pieces):
        if piece.letter in "RO":
            continue
        if piece.letter == "M":
            words.append(compared.words.how_much if previous == "H" else compared.words.has_how_much)
        elif piece.letter == "X":
            words.append(compared.words.comparatives[" ".join(piece.words)])
        elif piece.letter == "E":
            words.append(compared.words.is_how_much)
        else:
            words.append(compared.said(at, at + 1))
        previous = piece.letter
    return " ".join(words)


def _without(asked: Asked, letters: str) -> Asked:
    return replace(asked, pieces=tuple(piece for piece in asked.pieces if piece.letter not in letters))
