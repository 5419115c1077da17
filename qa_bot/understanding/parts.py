"""Questions that are several: a comparison, one thing asked of several names, two questions in one breath.

Every part is made of the question's own words. Where it is not clear that there are several, there is one: nothing.
"""

from __future__ import annotations

from embeddings.vietnamese import fold, has_diacritics, normalize, visible
from qa_bot.understanding.comparing import compared, shared
from qa_bot.understanding.pieces import ASKS, Asked, Namer, Part, PartWords, after, first_of, read

__all__ = ["MOST_PARTS", "Part", "PartWords", "split_parts"]

MOST_PARTS = 4
_MAKES_A_CLAUSE = "IHV"


def split_parts(text: str, named: Namer, words: PartWords) -> list[Part]:
    """The parts of `text`, two to four; [] where it is one question. `named` gives the spans of names in a text."""
    typed = " ".join(visible(text).split())
    asked = read(typed, named, words if has_diacritics(typed) else words.bare())
    if asked is None:
        return []
    parts = _questions(asked) or compared(asked) or shared(asked)
    distinct = len({fold(normalize(part.text)) for part in parts}) == len(parts)
    labelled = all(part.label and part.label in part.text for part in parts)
    return parts if 1 < len(parts) <= MOST_PARTS and distinct and labelled else []


def _questions(asked: Asked) -> list[Part]:
    """Clauses that each ask something, at question marks, "và", commas; a later one takes the first one's subject."""
    clauses = _clauses(asked)
    if len(clauses) < 2:
        return []
    first = clauses[0]
    parts = [Part(_subject(first) or first.whole(), f"{first.whole()}?")]
    for clause in clauses[1:]:
        part = _completed(clause, first)
        if part is None:
            return []
        parts.append(part)
    return parts


def _clauses(asked: Asked) -> list[Asked]:
    """Cut where both sides are clauses that ask; what asks nothing stays with its neighbour."""
    clauses: list[Asked] = []
    start = 0
    for at in range(1, len(asked.pieces)):
        joins = asked.pieces[at].letter in "&>"
        between = asked.text[asked.pieces[at - 1].end : asked.pieces[at].start]
        if at <= start or not (joins or set(between) & set("?!;,.")):
            continue
        behind = next(
            (n for n in range(at, len(asked.pieces)) if asked.pieces[n].letter not in "&>"), len(asked.pieces)
        )
        left, right = asked.cut(start, at), asked.cut(behind, len(asked.pieces))
        if _is_question(left) and (_is_question(right) or right.row in ("A", "PA")):
            clauses.append(left)
            start = behind
    return [*clauses, asked.cut(start, len(asked.pieces))] if clauses else []


def _is_question(clause: Asked) -> bool:
    """Whether it has a question word, and a verb or enough else to be a clause: "nghị quyết nào" is none."""
    row = clause.row
    if "A" in row and len(row) > 1:
        return True
    asking = first_of(row, "QO")
    if asking == len(row):
        return False
    told = row[asking + 1 : asking + 3]
    return clause.has(_MAKES_A_CLAUSE) or (len(told) > 1 and set(told) <= set("wME"))


def _subject(clause: Asked) -> str:
    """ "bí thư" of "bí thư là ai"; "" where the clause is built otherwise."""
    at = clause.row.find("I")
    return clause.said(0, at) if at > 0 and not clause.cut(0, at).has(ASKS + "HV") else ""


def _completed(clause: Asked, first: Asked) -> Part | None:
    """A later clause as a question of its own; None where that cannot be told."""
    said, row = clause.whole(), clause.row
    if row == "A":  # "… khi nào và ở đâu"
        return Part(said, f"{first.said(0, len(first.pieces) - 1)} {said}?") if first.row[-1] == "A" else None
    if clause.names:
        return _swapped(clause, first) or Part(_subject(clause) or said, f"{said}?")
    said = said[0].lower() + said[1:]
    asking = first.row.find("Q")
    if row[0] == "Q" and asking > 0:  # "… bao nhiêu xã và bao nhiêu thị trấn"
        return Part(said, f"{first.said(0, asking)} {said}?")
    start, end = _topic(first)
    topic, subject = first.said(start, end), _subject(clause)
    if not topic:
        return Part(said, f"{said}?")
    if clause.pieces[0].words == first.pieces[start].words and row[1:2] in tuple(_MAKES_A_CLAUSE + "AZ"):
        rest = clause.said(2 if row[1] == "Z" else 1, len(clause.pieces))  # "bài đăng ngày nào"
        return Part(rest, f"{topic} {rest}?") if rest else None
    if row[0] in _MAKES_A_CLAUSE:
        return Part(said, f"{topic} {said}?")
    if subject:
        subject = said[: len(subject)]
        return Part(subject, f"{subject} {clause.words.belongs} {topic}{said[len(subject) :]}?")
    return Part(said, f"{topic}, {said}?")


def _swapped(clause: Asked, first: Asked) -> Part | None:
    """The first clause with the name of one that says no more than "còn Bình Liêu là bao nhiêu"."""
    rest = "".join(letter for letter in clause.row if letter != "P")
    if len(clause.names) != 1 or len(first.names) != 1 or rest not in ("IQ", "Q", "A"):
        return None
    if rest == "A" and clause.row != "PA":
        return None
    at = first.names[0]
    name = clause.said(clause.names[0], clause.names[0] + 1)
    return Part(name, f"{' '.join(filter(None, (first.said(0, at), name, after(first, at))))}?")


def _topic(clause: Asked) -> tuple[int, int]:
    """The pieces [start, end) that say what a clause is about: "huyện Hải Hậu", "bài về Sông Lô", "bài này"."""
    row = clause.row
    verb = first_of(row, _MAKES_A_CLAUSE + ASKS)
    early = [at for at in clause.names if at < verb]
    if early and not set(clause.said(0, early[-1])) & set(",;:.?!"):
        return 0, early[-1] + 1
    for at in reversed(range(len(row))):
        if row[at] == "P":
            article = row.rfind("N", max(0, at - 4), at)
            holds = article >= 0 and set(row[article + 1 : at]) <= set("BFw")
            return (article if holds else at), at + 1
        if row[at] == "Z" and at > 0:
            return at - 1, at + 1
    return 0, 0
