"""Diacritics restored, and typos found, from the indexed articles' own words.

Every syllable may stand for the forms that the articles have of it; the best path through them is that of a smoothed
bigram model (Viterbi). A syllable that carries diacritics and is known stands for itself. One that nobody knows may be
a typo: then the forms one keystroke away are candidates too, at a price, and what a Telex keyboard left is read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from embeddings.lexicon import Lexicon
from embeddings.vietnamese import fold, is_syllable_shaped, normalize
from embeddings.vocabulary import Vocabulary
from qa_bot.records import Step, Typing
from qa_bot.understanding.telex import decoded

_WORD = re.compile(r"[^\W\d_]+")
_SEEN = 0.9  # how much of a pair's probability is its own count's; the rest is the second form's
_ASKED = 5  # what one occurrence in the word lists counts: articles seldom ask
_BARE = math.log(1e-6)  # of a bare form that the articles have with diacritics only
# Other diacritics than those typed, another letter: worth it only where the articles have the word beside its
# neighbours.
_OTHER_MARKS = math.log(1e-4)
_ONE_KEY = math.log(1e-5)
_SHORTEST = 3  # letters: what is shorter has too many neighbours
_LONGEST = 8  # letters: one more than the longest syllable has ("nghiêng")
_MOST_FORMS = 8  # of one syllable that are weighed
_MOST_WORDS = 64  # a question's; in a longer text nothing is taken for a typo
_LETTERS = "abcdeghiklmnopqrstuvxy"


@dataclass(frozen=True, slots=True)
class Restored:
    text: str
    marked: bool  # some word has got its diacritics
    corrected: tuple[Step, ...]  # words with other letters than those typed


@dataclass(frozen=True, slots=True)
class _Candidate:
    form: str
    price: float  # log probability of typing this for it


class Restorer:
    """Restores questions over one index."""

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon) -> None:
        self._vocabulary = vocabulary
        self._counts, self._pairs = _asked(lexicon)
        self._by_folded: dict[str, set[str]] = {}
        for form in self._counts:
            self._by_folded.setdefault(fold(form), set()).add(form)

    def restore(self, text: str, typing: Typing) -> Restored:
        """`text` with the diacritics that it most likely lacks, and with its likeliest typos mended."""
        words = list(_WORD.finditer(text))
        if typing is Typing.FOREIGN or not words:
            return Restored(text, False, ())
        units = [normalize(word[0]) for word in words]
        folded = [fold(unit) for unit in units]
        known = self._forms({*folded, *(fold(unit) for unit in map(decoded, units) if unit)})
        price = self._price(units, folded, known, typing)
        lattice = [
            self._candidates(word[0], unit, known, price, typos=len(words) <= _MOST_WORDS)
            for word, unit in zip(words, units, strict=True)
        ]
        path = self._best_path(lattice)
        return _written(text, words, units, path)

    def _price(
        self, units: Sequence[str], folded: Sequence[str], known: Mapping[str, Mapping[str, int]], typing: Typing
    ) -> float | None:
        """Of giving a bare syllable diacritics; None: never.

        Nothing in a bare question. In one that has most of its diacritics, a bare syllable that the articles have only
        with them may be a word that they lack: what stands beside it tells.
        """
        if typing is Typing.BARE:
            return 0.0
        lacking = sum(
            unit == bare and bare in known and unit not in known[bare] and is_syllable_shaped(bare)
            for unit, bare in zip(units, folded, strict=True)
        )
        marked = sum(unit != bare for unit, bare in zip(units, folded, strict=True))
        return None if not lacking else 0.0 if lacking > marked else _OTHER_MARKS

    def _forms(self, folded: Iterable[str]) -> dict[str, dict[str, int]]:
        wanted = set(folded)
        found = self._vocabulary.forms(wanted)
        for bare in wanted:
            for form in self._by_folded.get(bare, ()):
                forms = found.setdefault(bare, {})
                forms[form] = forms.get(form, 0) + self._counts[form]
        return found

    def _candidates(
        self, word: str, unit: str, known: Mapping[str, Mapping[str, int]], price: float | None, *, typos: bool
    ) -> list[_Candidate]:
        bare = fold(unit)
        forms = known.get(bare, {})
        is_bare = unit == bare
        if unit in forms and (not is_bare or price is None):
            return [_Candidate(unit, 0.0)]
        certain = is_bare and price == 0 and forms and unit not in forms
        found = [_Candidate(unit, _BARE if certain else 0.0)]
        if price is not None if is_bare else not word[0].isupper():
            common = sorted(forms, key=lambda form: -forms[form])[:_MOST_FORMS]
            cost = (price or 0.0) if is_bare else _OTHER_MARKS
            found += [_Candidate(form, cost) for form in common if form != unit]
        if not forms and typos and word.islower():
            found += self._mended(unit, bare)
        return found

    def _mended(self, unit: str, bare: str) -> Iterator[_Candidate]:
        """What an unknown word may have been meant for."""
        meant = decoded(unit)
        if meant is not None and meant in self._forms([fold(meant)]).get(fold(meant), {}):
            yield _Candidate(meant, 0.0)
            return
        if _SHORTEST <= len(bare) <= _LONGEST:
            for forms in self._forms(one_key_away(bare)).values():
                for form in sorted(forms, key=lambda form: -forms[form])[:_MOST_FORMS]:
                    yield _Candidate(form, _ONE_KEY)

    def _best_path(self, lattice: Sequence[Sequence[_Candidate]]) -> list[str]:
        forms = {candidate.form for column in lattice for candidate in column}
        counts = {form: n for found in self._forms(map(fold, forms)).values() for form, n in found.items()}
        keys = {(fold(a.form), fold(b.form)) for left, right in pairwise(lattice) for a in left for b in right}
        pairs = self._vocabulary.pairs(keys)
        total = self._vocabulary.total + 1
        best = [{c.form: (c.price + self._alone(c.form, counts, total), "") for c in lattice[0]}]
        for column in lattice[1:]:
            reached: dict[str, tuple[float, str]] = {}
            for candidate in column:
                alone = math.exp(self._alone(candidate.form, counts, total))
                score, before = max(
                    (score + math.log(self._after(form, candidate.form, alone, counts, pairs)), form)
                    for form, (score, _) in best[-1].items()
                )
                reached[candidate.form] = max(
                    reached.get(candidate.form, (-math.inf, "")), (score + candidate.price, before)
                )
            best.append(reached)
        form = max(best[-1], key=lambda form: (best[-1][form][0], form))
        path = [form]
        for reached in reversed(best[1:]):
            form = reached[form][1]
            path.append(form)
        return path[::-1]

    def _alone(self, form: str, counts: Mapping[str, int], total: int) -> float:
        return math.log((counts.get(form, 0) + 0.1) / total)

    def _after(
        self, first: str, second: str, alone: float, counts: Mapping[str, int], pairs: Mapping[tuple[str, str], int]
    ) -> float:
        together = pairs.get((first, second), 0) + self._pairs.get((first, second), 0)
        return _SEEN * together / max(counts.get(first, 0), together, 1) + (1 - _SEEN) * alone


def _asked(lexicon: Lexicon) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """Counts of forms and pairs in the phrases of the word lists, which articles may lack."""
    counts: dict[str, int] = {}
    pairs: dict[tuple[str, str], int] = {}
    for phrase in lexicon.vietnamese_phrases():
        units = _WORD.findall(normalize(phrase))
        for unit in units:
            counts[unit] = counts.get(unit, 0) + _ASKED
        for pair in pairwise(units):
            pairs[pair] = pairs.get(pair, 0) + _ASKED
    return counts, pairs


def one_key_away(bare: str) -> set[str]:
    """All words that one letter more, less or other, or two swapped, make of it."""
    cuts = [(bare[:at], bare[at:]) for at in range(len(bare) + 1)]
    fewer = {a + b[1:] for a, b in cuts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    other = {a + letter + b[1:] for a, b in cuts if b for letter in _LETTERS}
    more = {a + letter + b for a, b in cuts for letter in _LETTERS}
    return {word for word in fewer | swapped | other | more if is_syllable_shaped(word)} - {bare}


def _written(text: str, words: Sequence[re.Match[str]], units: Sequence[str], path: Sequence[str]) -> Restored:
    parts: list[str] = []
    corrected: list[Step] = []
    at, marked = 0, False
    for word, unit, form in zip(words, units, path, strict=True):
        parts += [text[at : word.start()], _cased(form, word[0]) if form != unit else word[0]]
        at = word.end()
        if fold(form) != fold(unit):
            corrected.append(Step("corrected", word[0], form))
        else:
            marked = marked or form != unit
    return Restored("".join([*parts, text[at:]]), marked, tuple(corrected))


def _cased(form: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return form.upper()
    return form.capitalize() if like[0].isupper() else form
