"""Bytes to text: Unicode, and what Vietnamese was written in before it. Text that nobody can be sure of is refused."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from embeddings.legacy import OF_FILES
from embeddings.repairing import repaired
from embeddings.weighing import enough, near, readings, words_of

__all__ = ["Decoded", "decode", "repaired"]

_STATED = 8.0  # points for an encoding that a server or a page names
_ALIASES = {
    "windows1258": "windows-1258", "cp1258": "windows-1258", "xcp1258": "windows-1258",
    "tcvn": "tcvn3", "tcvn3": "tcvn3", "tcvn5712": "tcvn3", "tcvn57121": "tcvn3", "tcvn571211993": "tcvn3",
    "xviettcvn": "tcvn3", "xviettcvn5712": "tcvn3", "xviettcvn3": "tcvn3",
    "viscii": "viscii", "csviscii": "viscii", "viscii111": "viscii", "xvietviscii": "viscii",
    "vni": "vni", "vniwin": "vni", "xvietvni": "vni",
    "utf16": "utf-16", "utf16le": "utf-16", "utf16be": "utf-16", "ucs2": "utf-16", "unicode": "utf-16",
    "utf8": "utf-8",
}  # fmt: skip
_UTF_16 = ("utf-16-le", "utf-16-be")
_ORDINARY = re.compile("[\t-\r -~\xa0-\u024f\u0300-\u036f\u1e00-\u1eff\u2000-\u206f\u20a0-\u20bf\u2100-\u22ff\ufeff]")
# Of control and unassigned characters, a text in UTF-16 may have these few: news have one here and there.
_STRANGE = 0.01  # of its characters
_MOST_STRANGE = 20  # different ones
_SAMPLE = 100_000  # characters
_SCRIPT = 0.9  # share of ordinary characters that tells UTF-16 of a Latin script from other bytes
_VIETNAMESE = re.compile("[ĂăĐđĨĩŨũƠơƯưẠ-ỹ]")  # letters that Latin-1 has not
_STRANGER = "\x01-\x08\x0e-\x1f\u0370-\u07ff"
_MIXED_WORD = re.compile(f"[A-Za-z][{_STRANGER}]|[{_STRANGER}][A-Za-z]")
_MOST_BYTES_OF_MIXED = 1000  # no longer text in VISCII is valid UTF-8


@dataclass(frozen=True, slots=True)
class Decoded:
    """`text` is NFC. A byte order mark stays, so that offsets agree with the bytes read as `encoding` says."""

    text: str
    encoding: str  # utf-8, utf-16-le, utf-16-be, windows-1258, tcvn3, vni, viscii


def decode(data: bytes, charset: str | None = None) -> Decoded:
    """The text that `data` is; `charset` is what a server or page calls it, a hint that the bytes can overrule.

    Raises ValueError that says why they are no text, or which encodings they could as well be in.
    """
    stated = _ALIASES.get(re.sub("[^a-z0-9]", "", (charset or "").lower()))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data or stated == "utf-16":
        found = _utf_16(data)
        if found is not None:
            return found
    if b"\0" in data:
        raise ValueError("binary, or broken UTF-16 (it holds NUL bytes); save it as UTF-8")
    try:
        text = unicodedata.normalize("NFC", data.decode("utf-8"))
    except UnicodeDecodeError as error:
        return _legacy(data, stated, f"not UTF-8 (byte {error.start})")
    if len(data) <= _MOST_BYTES_OF_MIXED and stated != "utf-8" and _MIXED_WORD.search(text):
        _refuse_if_legacy(data)
    return Decoded(text, "utf-8")


def _utf_16(data: bytes) -> Decoded | None:
    """`data` as UTF-16, where a mark says so or where nearly all of it is then of a Latin script."""
    marked = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(data[:2])
    texts = {name: text for name in ([marked] if marked else _UTF_16) if (text := _text(data, name)) is not None}
    if not texts:
        return None
    name = max(texts, key=lambda name: _ordinary(texts[name]))
    if marked is None and _ordinary(texts[name]) < _SCRIPT:
        return None
    return Decoded(unicodedata.normalize("NFC", texts[name]), name)


def _text(data: bytes, encoding: str) -> str | None:
    """None where it cannot be, or where more than a few of its characters are none of a text."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    strange = {c for c in set(text) if unicodedata.category(c) in ("Cc", "Cn") and c not in "\t\n\v\f\r"}
    if "\0" in strange or len(strange) > _MOST_STRANGE:
        return None
    return text if sum(map(text.count, strange)) <= _STRANGE * len(text) else None


def _ordinary(text: str) -> float:
    """The share of characters of a Latin script, among the first."""
    return len(_ORDINARY.findall(text, 0, _SAMPLE)) / max(1, min(len(text), _SAMPLE))


def _legacy(data: bytes, stated: str | None, problem: str) -> Decoded:
    source = data.decode("latin-1")
    words = words_of(source)
    ranked = readings(words, OF_FILES, {stated: _STATED} if stated else {})
    first, other = ranked[0], near(ranked, words)
    name = first.encoding.name
    if not first.holds:
        raise ValueError(f"{problem}, nor Vietnamese in an older encoding; save it as UTF-8")
    if other is not None:
        names = " or ".join(sorted({name, other.encoding.name}))
        raise ValueError(f"{problem}; it could be {names}, too short to tell; save it as UTF-8")
    text = first.encoding.convert(source)
    if name != stated and not (enough(first.good, source) and _VIETNAMESE.search(text)):
        raise ValueError(f"{problem}; too little Vietnamese to tell whether it is {name}; save it as UTF-8")
    return Decoded(text, name)


def _refuse_if_legacy(data: bytes) -> None:
    """Raises ValueError where valid UTF-8 that mixes scripts within a word is flawless in an older encoding."""
    first = readings(words_of(data.decode("latin-1")), OF_FILES, {})[0]
    if first.good and not first.bad:
        raise ValueError(f"it could be utf-8 or {first.encoding.name}, too short to tell; save it as UTF-8")
