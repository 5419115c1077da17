"""A question cut into pieces: names, phrases of the word classes of [parts], other words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from embeddings.vietnamese import fold, syllables
from qa_bot.understanding.phrases import Group, Phrases, Token, tokens

Namer = Callable[[str], list[tuple[int, int]]]
"""The spans of names in a text."""

ASKS = "AQO"
_MOST_WORDS = 80  # a longer text is no question in parts
_LETTERS = {
    "asking": "A", "which": "Q", "is": "I", "has": "H", "predicates": "V", "and": "&", "or": "/", "against": "$",
    "with": "+", "then": ">", "compare": "C", "differ": "D", "about": "B", "between": "G", "together": "T",
    "one_of_them": "O", "amounts": "M", "degrees": "E", "more": "R", "comparatives": "X",
    "articles": "N", "this": "Z", "of": "F",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A question of its own; its text holds `label`, which tells it from the other parts."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class PartWords:
    """The lists of [parts] in config/vietnamese.toml."""

    phrases: Phrases
    belongs: str  # stands between a thing and whose it is: "của"
    how_much: str  # asked of each, where amounts are compared: "bao nhiêu"
    has_how_much: str
    is_how_much: str
    comparatives: Mapping[str, str]  # a word that compares amounts by itself, folded -> what is asked of each instead

    @classmethod
    def of(cls, table: Mapping[str, object]) -> PartWords:
        """Raises KeyError, TypeError or ValueError where a list is missing or is none; `comparatives` may be."""
        comparatives = table.get("comparatives", {})
        if not isinstance(comparatives, dict):
            raise TypeError(f"comparatives is no table of phrases: {comparatives!r}")
        phrases = Phrases.of({**table, "comparatives": list(comparatives)}, _LETTERS)
        asked = {" ".join(syllables(fold(word))): str(instead) for word, instead in comparatives.items()}
        belongs, how_much, has_how_much, is_how_much = (
            str(table[name]) for name in ("belongs", "how_much", "has_how_much", "is_how_much")
        )
        return cls(phrases, belongs, how_much, has_how_much, is_how_much, asked)

    def bare(self) -> PartWords:
        """With the words that parts are made with as bare as a question without diacritics."""
        return replace(
            self,
            belongs=fold(self.belongs),
            how_much=fold(self.how_much),
            has_how_much=fold(self.has_how_much),
            is_how_much=fold(self.is_how_much),
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, a phrase of a class or a name of the question: `text[start:end]`. Names have the letter "P"."""

    letter: str
    start: int
    end: int
    words: tuple[str, ...]  # folded


@dataclass(frozen=True, slots=True)
class Asked:
    """A question cut into pieces."""

    text: str
    pieces: tuple[Piece, ...]
    words: PartWords

    @property
    def row(self) -> str:
        return "".join(piece.letter for piece in self.pieces)

    def said(self, first: int, last: int) -> str:
        """The words of pieces [first, last) as typed, with what stands between them."""
        if first >= last:
            return ""
        return self.text[self.pieces[first].start : self.pieces[last - 1].end]

    def cut(self, first: int, last: int) -> Asked:
        return replace(self, pieces=self.pieces[first:last])

    def whole(self) -> str:
        return self.said(0, len(self.pieces))

    @property
    def names(self) -> list[int]:
        return [at for at, piece in enumerate(self.pieces) if piece.letter == "P"]

    def has(self, letters: str) -> bool:
        return any(piece.letter in letters for piece in self.pieces)


def read(text: str, named: Namer, words: PartWords) -> Asked | None:
    found = tokens(text)
    if not 1 < len(found) <= _MOST_WORDS:
        return None
    spans = sorted(named(text))
    pieces: list[Piece] = []
    loose: list[Token] = []

    def flush() -> None:
        pieces.extend(_piece(loose, group) for group in words.phrases.groups(loose))
        loose.clear()

    for token in found:
        inside = next((span for span in spans if span[0] <= token.start and token.end <= span[1]), None)
        if inside is None:
            loose.append(token)
            continue
        flush()
        if pieces and pieces[-1].letter == "P" and inside[0] <= pieces[-1].start < inside[1]:
            pieces[-1] = replace(pieces[-1], end=token.end, words=(*pieces[-1].words, token.bare))
        else:
            pieces.append(Piece("P", token.start, token.end, (token.bare,)))
    flush()
    return Asked(text, tuple(pieces), words)


def _piece(found: Sequence[Token], group: Group) -> Piece:
    inside = found[group.first : group.last]
    return Piece(group.letter, inside[0].start, inside[-1].end, tuple(token.bare for token in inside))


def first_of(row: str, letters: str, after: int = -1) -> int:
    """Where one of `letters` comes first behind `after`; the row's length where none does."""
    return next((at for at in range(after + 1, len(row)) if row[at] in letters), len(row))


def after(asked: Asked, at: int) -> str:
    """What follows piece `at`, as typed, to the end of the last piece."""
    return asked.text[asked.pieces[at].end : asked.pieces[-1].end].strip(" ,;:")
