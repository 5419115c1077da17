"""What the indexed articles say about their own words: which forms a bare syllable has, what follows what, names.

Questions are understood by it: diacritics are restored, typos found, names recognised, abbreviations written out as the
articles themselves define them. One read-only SQLite file a generation; a question costs a few lookups in it.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from embeddings.errors import CorruptIndex, StorageError
from embeddings.vietnamese import UPPER, fold, normalize, syllables, visible

LONGEST_NAME = 6  # syllables
_SCHEMA = """
CREATE TABLE forms (folded TEXT, form TEXT, n INTEGER NOT NULL, PRIMARY KEY (folded, form)) WITHOUT ROWID;
CREATE TABLE pairs (folded TEXT, first TEXT, second TEXT, n INTEGER NOT NULL,
    PRIMARY KEY (folded, first, second)) WITHOUT ROWID;
CREATE TABLE names (folded TEXT PRIMARY KEY, name TEXT NOT NULL, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE counted (thing TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE abbreviations (short TEXT PRIMARY KEY, full TEXT NOT NULL) WITHOUT ROWID;
"""
_AT_ONCE = 500  # values in one statement; SQLite takes at least 999
_RUN = re.compile(rf"[{UPPER}][^\W\d_]*(?: [{UPPER}][^\W\d_]*)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:;\n“\"'(\[–-])\s*$")
_OFTEN_CAPITAL = 0.6  # of a phrase's occurrences: more, and it is a name
_DEFINITION = re.compile(rf"\(([{UPPER}]{{2,8}}(?:\s?[-&]\s?[{UPPER}]{{1,4}})?)\)")
_WORD = re.compile(r"[^\W\d_]+")
_SKIPPED = frozenset({"và", "của"})  # "Sở Giáo dục và Đào tạo (GDĐT)"
_DEFINED_WITHIN = 80  # characters before the bracket


@dataclass(slots=True)
class Counts:
    """Counted while articles are read; `write` puts it on disk."""

    forms: Counter[str] = field(default_factory=Counter)  # normalised syllables
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)  # capitalised runs as written, not where a sentence begins
    openings: Counter[str] = field(default_factory=Counter)  # those with which a sentence begins
    capitals: Counter[str] = field(default_factory=Counter)  # normalised words that have a capital inside a sentence
    certain: Counter[str] = field(default_factory=Counter)  # authors and places: names, wherever they stand
    counted: Counter[str] = field(default_factory=Counter)  # the first word, and the first two, after a number; folded
    abbreviations: dict[str, str] = field(default_factory=dict)  # short form -> full form

    def add(self, text: str) -> None:
        """Count one passage, title or name of an author."""
        text = visible(text)
        everything = syllables(text)
        for number, first, second in zip(everything, everything[1:], [*everything[2:], "0"], strict=False):
            if number[0].isdigit() and not first[0].isdigit():
                things = (first,) if second[0].isdigit() else (first, f"{first} {second}")
                self.counted.update(fold(thing) for thing in things)
        units = [unit for unit in everything if not unit[0].isdigit()]
        self.forms.update(units)
        self.pairs.update(pairwise(units))
        for match in _RUN.finditer(text):
            name = match[0]
            if len(name.split()) > LONGEST_NAME or (name.isupper() and len(name) > 1):
                continue
            if _SENTENCE_START.search(text, max(0, match.start() - 8), match.start()):
                self.openings[name] += 1
            else:
                self.names[name] += 1
                self.capitals.update(syllables(name))

    def add_name(self, name: str) -> None:
        """Count the name of an author or a place."""
        self.add(name)
        if len(name.split()) <= LONGEST_NAME:
            self.certain[visible(name)] += 1


def defined_in(texts: Iterable[str]) -> dict[str, str]:
    """{abbreviation: its full form} as the texts define them; of several meanings the commonest."""
    meanings: dict[str, Counter[str]] = {}
    for text in texts:
        for short, full in definitions(visible(text)):
            meanings.setdefault(short, Counter())[full] += 1
    return {short: found.most_common(1)[0][0] for short, found in sorted(meanings.items())}


def definitions(text: str) -> Iterable[tuple[str, str]]:
    """(abbreviation, full form) of each "Ban Chấp hành (BCH)": the words before the bracket begin with its letters."""
    for match in _DEFINITION.finditer(text):
        letters = [letter for letter in fold(match[1]).casefold() if letter.isalpha()]
        words = list(_WORD.finditer(text, max(0, match.start() - _DEFINED_WITHIN), match.start()))
        first = _begins_at(words, letters)
        if first is not None:
            yield match[1], text[words[first].start() : match.start()].strip()


def _begins_at(words: Sequence[re.Match[str]], letters: Sequence[str]) -> int | None:
    """Which of `words` begins the full form: from the last one back, each begins with its letter or may be skipped."""
    at = len(words) - 1
    for letter in reversed(letters):
        while at >= 0 and words[at][0].casefold() in _SKIPPED and not words[at][0].casefold().startswith(letter):
            at -= 1
        if at < 0 or fold(words[at][0])[:1].casefold() != letter:
            return None
        at -= 1
    return at + 1


def write(file: Path, counts: Counts) -> None:
    """Store the counts in `file`, which must not exist. Raises StorageError."""
    try:
        connection = sqlite3.connect(file)
        try:
            connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; " + _SCHEMA)
            with connection:
                connection.executemany(
                    "INSERT INTO forms VALUES (?, ?, ?)", sorted((fold(f), f, n) for f, n in counts.forms.items())
                )
                connection.executemany(
                    "INSERT INTO pairs VALUES (?, ?, ?, ?)",
                    sorted((f"{fold(a)} {fold(b)}", a, b, n) for (a, b), n in counts.pairs.items()),
                )
                connection.executemany("INSERT INTO names VALUES (?, ?, ?)", _names(counts))
                connection.executemany("INSERT INTO counted VALUES (?, ?)", sorted(counts.counted.items()))
                connection.executemany(
                    "INSERT INTO abbreviations VALUES (?, ?)",
                    sorted(counts.abbreviations.items()),
                )
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StorageError(
            f"The vocabulary could not be written to {file.parent} ({error}). Free some space."
        ) from error


def _names(counts: Counts) -> list[tuple[str, str, int]]:
    """(folded, as written, count) of phrases that have capitals most of the time, in the commonest spelling."""
    spelled: dict[str, Counter[str]] = {}
    for name, n in (counts.names + _inside(counts)).items():
        spelled.setdefault(" ".join(syllables(fold(name))), Counter())[name] += n
    found = {name_key(name): (name_key(name), name, n) for name, n in sorted(counts.certain.items()) if name_key(name)}
    for folded, spellings in spelled.items():
        capital = sum(spellings.values())
        name = spellings.most_common(1)[0][0]
        if folded and capital >= _OFTEN_CAPITAL * _occurrences(name, counts):
            found[folded] = (folded, name, capital)
    return sorted(found.values())


def _inside(counts: Counts) -> Counter[str]:
    """Names in the runs that begin sentences: without a first word that has its capital from there ("Ở Hải Hậu")."""
    found: Counter[str] = Counter()
    for run, n in counts.openings.items():
        first, _, rest = run.partition(" ")
        word = normalize(first)
        if rest and counts.capitals[word] >= _OFTEN_CAPITAL * counts.forms[word]:
            found[run] += n
        elif " " in rest:
            found[rest] += n
    return found


def _occurrences(name: str, counts: Counts) -> int:
    """How often the words of `name` stand together at most: as often as the rarest pair of them."""
    units = syllables(name)
    if len(units) == 1:
        return counts.forms[units[0]]
    return min((counts.pairs[pair] for pair in pairwise(units)), default=0)


class Vocabulary:
    """Read access to one generation's vocabulary; one connection, used under a lock."""

    def __init__(self, file: Path) -> None:
        """Raises CorruptIndex."""
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self.total = int(self._connection.execute("SELECT coalesce(sum(n), 0) FROM forms").fetchone()[0])
            self.abbreviations: Mapping[str, str] = dict(
                self._connection.execute("SELECT short, full FROM abbreviations").fetchall()
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
        rows = self._rows("SELECT first, second, n FROM pairs WHERE folded IN ({})", keys)
        return {(str(first), str(second)): int(str(n)) for first, second, n in rows}

    def names(self, folded: Iterable[str]) -> dict[str, str]:
        """{folded phrase: as the articles write it} of those phrases that are names."""
        return {
            str(key): str(name)
            for key, name in self._rows("SELECT folded, name FROM names WHERE folded IN ({})", folded)
        }

    def counted(self, things: Iterable[str]) -> frozenset[str]:
        """Those of the folded words or pairs of words that stand right after a number somewhere."""
        return frozenset(str(row[0]) for row in self._rows("SELECT thing FROM counted WHERE thing IN ({})", things))

    def _rows(self, statement: str, keys: Iterable[str]) -> list[tuple[object, ...]]:
        values = list(dict.fromkeys(keys))
        rows: list[tuple[object, ...]] = []
        for at in range(0, len(values), _AT_ONCE):
            part = values[at : at + _AT_ONCE]
            with self._lock:
                rows += self._connection.execute(statement.format(",".join("?" * len(part))), part).fetchall()
        return rows

    def close(self) -> None:
        self._connection.close()


def name_key(text: str) -> str:
    """What names are looked up by."""
    return " ".join(syllables(fold(normalize(text))))
