"""What the bytes of old Vietnamese encodings stand for; byte 0xB5 is written as the character U+00B5.

Sources: TCVN 5712:1993 (its set VN1, of which VN3, that of the .VnTime fonts, is a part); RFC 1456 (VISCII); code pages
1252 and 1258 of Microsoft; the VNI fonts, where a mark stands behind its vowel.
"""

from __future__ import annotations

_GAP = "\0"


def _table(start: int, letters: str) -> dict[int, str]:
    return {start + place: letter for place, letter in enumerate(letters) if letter != _GAP}


def _code_page(name: str) -> dict[int, str]:
    """The upper half of a code page that Python knows, without what it leaves undefined."""
    decoded = {byte: bytes([byte]).decode(name, "ignore") for byte in range(0x80, 0x100)}
    return {byte: character for byte, character in decoded.items() if character}


WINDOWS_1252 = _code_page("cp1252")
WINDOWS_1258 = _code_page("cp1258")
PUNCTUATION = {byte: character for byte, character in WINDOWS_1252.items() if byte < 0xA0}
"""What fonts for Windows show from 0x80 to 0x9F, whatever letters they have above."""

TCVN_UPPER = _table(
    0xA1,
    "ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíị"
    "òỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ",
)
TCVN_CAPITALS = _table(0x80, "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ") | _table(0x01, "ÚỤ\0ỪỬỮ\0\0\0\0\0\0\0\0\0\0ỨỰỲỶỸÝỴ")
"""Capitals of VN1 that lie where other encodings have punctuation and control characters."""
TCVN_CASED = (range(0xA1, 0xA8), range(0xA8, 0xAF))
"""Capitals and small letters of VN3. Each other letter of it, those with a tone mark, stands for both."""

VISCII = _table(
    0x80,
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ",
) | {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}

_TONES = ("\u0301", "\u0300", "\u0309", "\u0303", "\u0323")  # in the order in which VNI's marks are listed here


def _marks(letters: str, shape: str) -> dict[str, str]:
    return {letter: shape + tone for letter, tone in zip(letters, ("", *_TONES), strict=True)}


_TONE_MARKS = dict(zip("ùøûõï", _TONES, strict=True))
_CIRCUMFLEX = _marks("âáàåãä", "\u0302")
_BREVE = _marks("êéèúüë", "\u0306")
VNI_MARKS = {
    "a": _TONE_MARKS | _CIRCUMFLEX | _BREVE,
    "e": _TONE_MARKS | _CIRCUMFLEX,
    "o": _TONE_MARKS | _CIRCUMFLEX,
    **dict.fromkeys("uyôö", _TONE_MARKS),
}
"""By the vowel that stands before it, lower case: what each mark adds to that vowel."""
VNI_LETTERS = {ord(byte): letter for byte, letter in zip("ôöñíìæóòîÔÖÑÍÌÆÓÒÎ", "ơưđíìỉĩịỵƠƯĐÍÌỈĨỊỴ", strict=True)}
