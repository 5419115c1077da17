"""What a Telex keyboard types when it is switched off: "ddang" is đảng's "đang", "huyeenj" is "huyện"."""

from __future__ import annotations

import re
import unicodedata

from embeddings.vietnamese import fold, is_syllable_shaped, normalize

_TONES = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
_LETTERS = (
    ("dd", "đ"), ("aa", "â"), ("ee", "ê"), ("oo", "ô"), ("aw", "ă"), ("ow", "ơ"), ("uw", "ư"),
)  # fmt: skip
_VOWELS = "aăâeêioôơuưy"
_KEYS = re.compile(r"[a-z]{2,10}")


def decoded(word: str) -> str | None:
    """The syllable that the keys of `word` (lower case) type in Telex; None where they type none, or itself."""
    if not _KEYS.fullmatch(word):
        return None
    keys, tone = word, ""
    for at in range(len(word) - 1, 0, -1):  # the tone's key may stand at the end or right after the vowel
        if word[at] in _TONES and any(letter in "aeiouyw" for letter in word[:at]):
            rest = word[:at] + word[at + 1 :]
            if is_syllable_shaped(fold(_letters(rest))):
                keys, tone = rest, _TONES[word[at]]
                break
    syllable = _toned(_letters(keys), tone)
    shaped = is_syllable_shaped(fold(syllable)) and syllable.isalpha()
    return normalize(syllable) if shaped and syllable != word else None


def _letters(keys: str) -> str:
    keys = keys.replace("uwow", "ươ").replace("uow", "ươ")
    for typed, letter in _LETTERS:
        keys = keys.replace(typed, letter)
    if keys.count("w") == 1:  # typed late: "duocw", "thuonwg"
        before = keys.replace("w", "")
        keys = next(
            (before.replace(a, b, 1) for a, b in (("uo", "ươ"), ("o", "ơ"), ("u", "ư"), ("a", "ă")) if a in before),
            keys,
        )
    doubled = re.fullmatch(r"(d?)(.*?)([aeo])([a-z]+)\3", keys)  # "vieten" types "viên": the mark's key at the end
    if doubled and not any(vowel in doubled[4] for vowel in _VOWELS):
        keys = doubled[1] + doubled[2] + {"a": "â", "e": "ê", "o": "ô"}[doubled[3]] + doubled[4]
    if keys.startswith("d") and keys.endswith("d") and len(keys) > 2:
        keys = "đ" + keys[1:-1]
    return keys.replace("uơ", "ươ") if keys[-1:] != "ơ" else keys


def _toned(letters: str, tone: str) -> str:
    """The tone goes on the marked vowel, else on the one before a final consonant, else on the last but one."""
    if not tone:
        return letters
    start = 2 if letters[:2] in ("qu", "gi") and len(letters) > 2 and any(v in letters[2:] for v in _VOWELS) else 0
    vowels = [at for at, letter in enumerate(letters) if at >= start and letter in _VOWELS]
    if not vowels:
        return letters
    marked = [at for at in vowels if letters[at] in "ăâêôơư"]
    if marked:
        place = marked[-1]
    elif vowels[-1] < len(letters) - 1 or len(vowels) == 1:
        place = vowels[-1]
    else:
        place = vowels[-2]
    return unicodedata.normalize("NFC", letters[: place + 1] + tone + letters[place + 1 :])
