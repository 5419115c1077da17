"""English words of a question and what Vietnamese articles say for them, by the glossary in config/vietnamese.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_WORD = re.compile(r"[A-Za-z]+(?:['’]s)?")
_LONGEST = 4  # words of a phrase


@dataclass(frozen=True, slots=True)
class Glossary:
    """English phrases, lower case, and their Vietnamese."""

    phrases: Mapping[str, str]

    @classmethod
    def of(cls, table: Mapping[str, object]) -> Glossary:
        """Raises TypeError where a meaning is no text."""
        wrong = next((key for key, meaning in table.items() if not isinstance(meaning, str)), None)
        if wrong is not None:
            raise TypeError(f"the meaning of {wrong!r} is no text")
        return cls({english.casefold(): str(meaning) for english, meaning in table.items()})

    def meanings(self, text: str) -> list[tuple[str, str]]:
        """(as typed, Vietnamese) of the longest phrases that are known, in order; names are left to the caller."""
        words = list(_WORD.finditer(text))
        found: list[tuple[str, str]] = []
        at = 0
        while at < len(words):
            for size in range(min(_LONGEST, len(words) - at), 0, -1):
                typed = text[words[at].start() : words[at + size - 1].end()]
                meaning = self._meaning(" ".join(typed.replace("’", "'").casefold().split()))
                if meaning is not None:
                    found.append((typed, meaning))
                    at += size
                    break
            else:
                at += 1
        return found

    def _meaning(self, phrase: str) -> str | None:
        forms = [phrase]
        for plural, single in (("ies", "y"), ("es", ""), ("s", "")):
            if phrase.endswith(plural):
                forms.append(phrase.removesuffix(plural) + single)
        return next((self.phrases[form] for form in forms if form in self.phrases), None)
