"""What a single line of a page looks like: furniture, headline, date, byline, source, caption, paragraph."""

from __future__ import annotations

import re
from datetime import date, datetime

from embeddings.lexicon import Lexicon, key
from embeddings.vietnamese import fold, is_syllable_shaped, normalize, syllables

MIN_HEADLINE, MAX_HEADLINE = 5, 45  # syllables
MIN_PARAGRAPH = 25  # syllables: shorter, and it needs a full stop to count as one
_MAX_CREDIT = 14  # syllables of a byline or source line
_LONGEST_SYLLABLE = 7  # letters: nghiêng
_LONGEST_NAME = 120  # characters of a line of names

_EDGE = " \t\r\v\f\u00a0\u202f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200C)))
_LEAD = re.compile(rf"(?:[{_EDGE}]|(?:#{{1,6}}|[-*+•>]) )*+")
_MARKDOWN_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_SENTENCE_END = re.compile(r"[.!?…:;](?:/\.)?[\"”’»)]*$")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*\.?")
_PARENTHESES = re.compile(r"\([^()]*\)")
_LABEL = re.compile(r"([^:]{1,30}):\s*(.+)", re.DOTALL)
_PHOTO = re.compile(r"[\s(\[–-]*([^\W\d_][^:()]{1,24}):\s*([^:]{1,60}?)[)\]]?\.?$")

_DMY = re.compile(r"(?<!\d)(\d{1,2})\s*([/.-])\s*(\d{1,2})\s*\2\s*(\d{4})(?!\d)")
_YMD = re.compile(r"(?<!\d)(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_WORDS = re.compile(r"(?<!\d)(\d{1,2})\s+tháng\s+(\d{1,2}),?\s+năm\s+(\d{4})(?!\d)")
_DAY_MONTH = re.compile(r"(?<![\d/.])(\d{1,2})[/-](\d{1,2})(?![\d/])|(?<!\d)(\d{1,2})\s+tháng\s+(\d{1,2})(?!\d)")
_CLOCK = re.compile(r"\d{1,2}\s*[:hg]\s*\d{2}(?:\s*:\s*\d{2})?|[+-]\s*\d{1,2}(?::?\d{2})?|\d")


def inner_range(line: str) -> tuple[int, int]:
    """The part of a line that is text: without edge spaces, list bullets, markdown's # and image syntax."""
    image = _MARKDOWN_IMAGE.fullmatch(line.strip())
    if image is not None:
        indent = len(line) - len(line.lstrip())
        return indent + image.start(1), indent + image.end(1)
    lead = _LEAD.match(line)
    start = lead.end() if lead is not None else 0
    return start, max(start, len(line.rstrip(_EDGE)))


def is_phrase(line: str, phrases: frozenset[str]) -> bool:
    return key(line) in phrases


def is_furniture(line: str, lexicon: Lexicon) -> bool:
    """Whether the line belongs to the page: no words at all, a toolbar's glued word, an address, a known phrase."""
    words = key(line)
    if not words or line.startswith(("http://", "https://", "www.")):
        return True
    glued = " " not in words and len(words) > _LONGEST_SYLLABLE and words.isascii() and not is_syllable_shaped(words)
    return (glued and line.strip().isalpha() and fold(line) == line) or words in lexicon.boilerplate


def is_paragraph(line: str, length: int) -> bool:
    """Whether the line is running text: long, or a sentence with its stop. `length` in syllables."""
    return length > MAX_HEADLINE or (length >= MIN_PARAGRAPH and _SENTENCE_END.search(line) is not None)


def is_headline(line: str, length: int) -> bool:
    ends_like_one = _SENTENCE_END.search(line) is None or line.rstrip('"”’»)')[-1:] in "?!…"
    return 2 <= length <= MAX_HEADLINE and ends_like_one and any(c.isalpha() for c in line)


def is_credited_caption(line: str, lexicon: Lexicon) -> bool:
    """Whether the line ends in a photo credit: "… (Ảnh: TL)"."""
    match = _PHOTO.search(line[-100:])
    return match is not None and key(match[1].rsplit(".", 1)[-1]) in lexicon.photo_labels


def date_in_line(line: str, lexicon: Lexicon) -> date | None:
    """The date of a line that holds a date and little else ("Thứ 7, 12/06/2021 | 06:42 [GMT +7] A A")."""
    if len(line) > 120:
        return None
    found = parse_date(line)
    if found is None:
        return None
    rest = _CLOCK.sub(" ", _WORDS.sub(" ", _YMD.sub(" ", _DMY.sub(" ", normalize(line)))))
    words = [word for word in syllables(fold(rest)) if word not in lexicon.date_words and len(word) > 1]
    return None if words else found


def parse_date(text: str) -> date | None:
    """The first calendar date in `text`: 12/06/2021, 2021-06-12, 12 Tháng 6 năm 2021. Day before month."""
    text = normalize(text)
    if match := _YMD.search(text):
        parts = match[4], match[3], match[1]
    elif match := _DMY.search(text):
        parts = match[1], match[3], match[4]
    elif match := _WORDS.search(text):
        parts = match[1], match[2], match[3]
    else:
        return None
    try:
        return datetime.strptime("/".join(parts), "%d/%m/%Y").date()
    except ValueError:
        return None


def speaks_of_days_before(text: str, day: date, days: int = 10) -> bool:
    """Whether `text` names a day and month that lie at most `days` before `day` ("sáng 10/6")."""
    for match in _DAY_MONTH.finditer(normalize(text)):
        number, month = (match[1], match[2]) if match[1] else (match[3], match[4])
        try:
            named = date(day.year - (int(month) > day.month), int(month), int(number))
        except ValueError:
            continue
        if 0 <= (day - named).days <= days:
            return True
    return False


def author_in_line(line: str, lexicon: Lexicon) -> str | None:
    """The name in a byline: a person's name alone, or after "Tác giả:", "Bài, ảnh:" …"""
    label = _LABEL.fullmatch(line)
    if label is not None and key(label[1]) in lexicon.author_labels and len(syllables(line)) <= _MAX_CREDIT:
        return label[2].strip()
    return line.strip() if _is_name(line) else None


def source_in_line(line: str, lexicon: Lexicon) -> str | None:
    """The outlet in "Theo Báo Nam Định", "Nguồn: …", "(Theo TTXVN)"."""
    text = line.strip().strip("()[]").strip()
    if len(syllables(text)) > _MAX_CREDIT or _SENTENCE_END.search(text):
        return None
    label = _LABEL.fullmatch(text)
    if label is not None:
        return label[2].strip() if key(label[1]) in lexicon.source_labels else None
    first, _, rest = text.partition(" ")
    return rest.strip() if key(first) in lexicon.source_labels and rest[:1].isupper() else None


def _is_name(line: str) -> bool:
    """Two to five capitalised words, initials allowed, a remark in parentheses left out: "M. An (Tổng hợp)"."""
    bare = _PARENTHESES.sub(" ", line[: _LONGEST_NAME + 1]).strip()
    if len(line) > _LONGEST_NAME or any(mark in bare for mark in ',:;!?|/"“”') or bare.endswith("."):
        return False
    for name in re.split(r"\s+[-–]\s+|\s+và\s+", bare):
        words = name.split()
        if not 2 <= len(words) <= 5 or not all(_WORD.fullmatch(w) and w[0].isupper() for w in words):
            return False
        if any(word.isupper() and len(word) > 2 for word in words):
            return False
    return bool(bare)
