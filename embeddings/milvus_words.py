"""Words as Milvus shall count them: tokens that its analyser gives back unchanged, and questions with weights. Pure.

The analyser is to cut at spaces and nothing else: `whitespace`, or `standard` where a server has no other (Milvus
Lite), which takes letters, digits and _ together. A number's comma or point would part it there, so letters stand for
them.
Weights are told by saying a word several times: BM25 multiplies by how often the question has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from embeddings.lexical import (
    ACCENTED,
    CONTEXT_ACCENTED,
    CONTEXT_FOLDED,
    FOLDED,
    FieldWeights,
    terms,
)
from embeddings.milvus_layout import shortened
from embeddings.vietnamese import bigrams, fold, syllables

_LETTERS = str.maketrans({".": "ꞏ", ",": "ꞌ"})
"""U+A78F and U+A78C: letters to Unicode, small ones, and in no Vietnamese text."""
_SIGNS = str.maketrans({"ꞏ": ".", "ꞌ": ","})
_MOST_TERMS = 512  # as in lexical
_FINEST = 8  # a pair's weight is said in so many parts of a syllable's at the finest


def token(text: str) -> str:
    """What stands for a term of `lexical` on the server; other terms have other tokens."""
    return text.translate(_LETTERS)


def term(token: str) -> str:
    """The term of `lexical` that a token stands for."""
    return token.translate(_SIGNS)


def said(text: str, *, folded: bool) -> str:
    """The words of a text, as many as one field takes: pairs of a text of many pages may lack, never its syllables
    before them.
    """
    return shortened(token(one) for one in terms(text, folded=folded))


@dataclass(frozen=True, slots=True)
class FieldQuestion:
    """What one field is asked, and what a score of its counts."""

    field: str
    text: str
    weight: float


def asked(question: str, weights: FieldWeights, unknown: Collection[str] = ()) -> list[FieldQuestion]:
    """One for each field that counts; the sum of weight times score is the score of `Lexical.search`.

    `unknown`: terms of the question that no passage has as they are spelled.
    """
    units, folded = syllables(question), syllables(fold(question))
    lacking = [fold(one) for one in units if one in unknown], [fold(one) for one in bigrams(units) if one in unknown]
    return [
        *_asked(units, bigrams(units), weights.accented, weights, (ACCENTED, CONTEXT_ACCENTED)),
        *_asked(folded, bigrams(folded), weights.folded, weights, (FOLDED, CONTEXT_FOLDED)),
        *_asked(*lacking, weights.unknown, weights, (FOLDED, CONTEXT_FOLDED)),
    ]


def _asked(
    units: Sequence[str], pairs: Sequence[str], weight: float, weights: FieldWeights, fields: tuple[str, str]
) -> Iterator[FieldQuestion]:
    pair = Fraction(weights.pairs).limit_denominator(_FINEST)
    said_often = [
        *((unit, n * pair.denominator) for unit, n in Counter(units).most_common(_MOST_TERMS)),
        *((both, n * pair.numerator) for both, n in Counter(pairs).most_common(_MOST_TERMS)),
    ]
    text = shortened(token(one) for one, n in said_often for _ in range(n))
    for field, share in zip(fields, (1.0, weights.context), strict=True):
        if weight * share > 0 and text:
            yield FieldQuestion(field, text, weight * share / pair.denominator)


def holds(field: str, sought: str) -> str:
    """A filter for passages whose field has the term."""
    return f'TEXT_MATCH({field}, "{token(sought)}")'


def holding(units: list[str]) -> str:
    """A filter: text or context holds all folded `units` and all pairs of neighbours. "" for none."""
    sought = list(dict.fromkeys([*units[:_MOST_TERMS], *bigrams(units[:_MOST_TERMS])]))
    each = (" and ".join(holds(field, one) for one in sought) for field in (FOLDED, CONTEXT_FOLDED))
    return " or ".join(f"({one})" for one in each) if sought else ""


def holding_each(choices: list[tuple[str, ...]]) -> str:
    """A filter: of each choice, text or context holds one folded unit at least. "" for no choices."""
    wanted = list(dict.fromkeys(choices))[:_MOST_TERMS]
    each = (" or ".join(holds(field, unit) for unit in units for field in (FOLDED, CONTEXT_FOLDED)) for units in wanted)
    return " and ".join(f"({one})" for one in each)
