"""What the indexed articles say about their own words: which forms a bare syllable has, what follows what, names.

Questions are understood by it: diacritics are restored, typos found, names recognised, abbreviations written out as the
articles themselves define them. One read-only SQLite file a generation; a question costs a few lookups in it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from embeddings.errors import CorruptIndex
from embeddings.vietnamese import fold, normalize, syllables

_AT_ONCE = 512  # values in one statement; SQLite takes at least 999
_MOST_REMEMBERED = 100_000  # keys
_OFTEN_CAPITAL = 0.6  # of a phrase's occurrences: more, and it is a name


class Vocabulary:
    """Read access to one generation's vocabulary; one connection, used under a lock."""

    def __init__(self, file: Path) -> None:
        """Raises CorruptIndex."""
        self._lock = threading.Lock()
        self._remembered: dict[tuple[str, str], list[tuple[object, ...]]] = {}  # rows by statement and key
        try:
            self._connection = sqlite3.connect(
                f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self.total = int(self._connection.execute("SELECT coalesce(sum(n), 0) FROM forms").fetchone()[0])
            self.abbreviations: Mapping[str, str] = dict(
                self._connection.execute('SELECT short, "full" FROM abbreviations').fetchall()
            )
        except sqlite3.DatabaseError as error:
            raise CorruptIndex(f"{file} cannot be read ({error}). Rebuild the index: rebuild-index --full") from error

    def forms(self, folded: Iterable[str]) -> dict[str, dict[str, int]]:
        """{folded syllable: {form with diacritics: how often the articles have it}}; unknown ones are left out."""
        found: dict[str, dict[str, int]] = {}
        for key, form, n in self._rows("SELECT folded, form, n FROM forms WHERE folded IN ({})", folded):
            found.setdefault(str(key), {})[str(form)] = int(str(n))
        return found

    def pairs(self, folded: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """{(form, form): how often the second follows the first} of all forms of the folded pairs."""
        keys = (f"{a} {b}" for a, b in folded)
        rows = self._rows("SELECT folded, first, second, n FROM pairs WHERE folded IN ({})", keys)
        return {(str(first), str(second)): int(str(n)) for _, first, second, n in rows}

    def names(self, folded: Iterable[str]) -> dict[str, str]:
        """{folded phrase: as the articles write it} of those phrases that are names.

        A name has capitals most of the time, or is an author's or a place's; of several spellings the commonest counts.
        """
        keys = list(dict.fromkeys(folded))
        certain = self._rows("SELECT key, name FROM certain WHERE key IN ({}) ORDER BY name", keys)
        found = {str(key): str(name) for key, name in certain}
        spelled = self._spellings(keys)
        best = {key: min(names, key=lambda name: (-names[name], name)) for key, names in spelled.items()}
        occurrences = self._occurrences(best.values())
        often = {
            key: name for key, name in best.items() if sum(spelled[key].values()) >= _OFTEN_CAPITAL * occurrences[name]
        }
        return {**found, **often}

    def _spellings(self, keys: Sequence[str]) -> dict[str, Counter[str]]:
        """{key: {spelling with capitals: how often}}, those that begin sentences included as far as they are names.

        Such a run counts as a whole where its first word has capitals elsewhere, else without that word ("Ở Hải Hậu").
        """
        spelled: dict[str, Counter[str]] = {}
        for key, name, n in self._rows("SELECT key, name, n FROM names WHERE key IN ({})", keys):
            spelled.setdefault(str(key), Counter())[str(name)] += int(str(n))
        openings = self._rows("SELECT key, name, first, whole, n FROM openings WHERE key IN ({})", keys)
        capital = self._capital({str(first) for _, _, first, _, _ in openings})
        for key, name, first, whole, n in openings:
            if bool(whole) == (first in capital):
                spelled.setdefault(str(key), Counter())[str(name)] += int(str(n))
        return spelled

    def _capital(self, words: Iterable[str]) -> frozenset[str]:
        """Those of the normalised words that have capitals inside sentences most of the time."""
        wanted = list(words)
        rows = self._rows("SELECT word, n FROM capitals WHERE word IN ({})", wanted)
        often = {str(word): int(str(n)) for word, n in rows}
        forms = self._counts_of_forms(wanted)
        return frozenset(word for word in wanted if often.get(word, 0) >= _OFTEN_CAPITAL * forms.get(word, 0))

    def _counts_of_forms(self, units: Iterable[str]) -> dict[str, int]:
        wanted = list(units)
        known = self.forms(map(fold, wanted))
        return {unit: known.get(fold(unit), {}).get(unit, 0) for unit in wanted}

    def _occurrences(self, names: Iterable[str]) -> dict[str, int]:
        """How often the words of each name stand together at most: as often as the rarest pair of them."""
        units = {name: syllables(name) for name in names}
        forms = self._counts_of_forms(parts[0] for parts in units.values() if len(parts) == 1)
        neighbours = [pair for parts in units.values() for pair in pairwise(parts)]
        pairs = self.pairs((fold(a), fold(b)) for a, b in neighbours)
        return {
            name: forms[parts[0]]
            if len(parts) == 1
            else min((pairs.get(pair, 0) for pair in pairwise(parts)), default=0)
            for name, parts in units.items()
        }

    def counted(self, things: Iterable[str]) -> frozenset[str]:
        """Those of the folded words or pairs of words that stand right after a number somewhere."""
        return frozenset(str(row[0]) for row in self._rows("SELECT thing FROM counted WHERE thing IN ({})", things))

    def _rows(self, statement: str, keys: Iterable[str]) -> list[tuple[object, ...]]:
        """The rows of these keys, each key's together; the first column is the key. Words come again and again."""
        values = list(dict.fromkeys(keys))
        with self._lock:
            missing = [key for key in values if (statement, key) not in self._remembered]
            if len(self._remembered) + len(missing) > _MOST_REMEMBERED:
                self._remembered.clear()
                missing = values
            found: dict[str, list[tuple[object, ...]]] = {key: [] for key in missing}
            for at in range(0, len(missing), _AT_ONCE):
                part = missing[at : at + _AT_ONCE]
                part += part[-1:] * (
                    (1 << (len(part) - 1).bit_length()) - len(part)
                )  # few statements, soon all prepared
                for row in self._connection.execute(statement.format(",".join("?" * len(part))), part):
                    found[row[0]].append(row)
            self._remembered.update({(statement, key): rows for key, rows in found.items()})
            return [row for key in values for row in self._remembered[statement, key]]

    def close(self) -> None:
        with self._lock:
            self._remembered.clear()
            self._connection.close()


def name_key(text: str) -> str:
    """What names are looked up by."""
    return " ".join(syllables(fold(normalize(text))))
