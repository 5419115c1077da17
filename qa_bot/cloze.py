"""A Vietnamese sentence with its number taken out becomes a question. Pure.

Vietnamese asks in place: "Huyện Hải Hậu có trên 14.500 đảng viên, …" asks "Huyện Hải Hậu có bao nhiêu đảng viên?",
with no word moved. What makes a poor question is left alone rather than mended: a sentence that points at others
("huyện này", "Trong đó"), a number that only names ("Nghị quyết 16", "quận 1"), half a list, a quotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from embeddings.vietnamese import UPPER, fold, is_syllable_shaped, normalize

_LONGEST = 90  # characters of a question
_SETTING_WORDS = 6  # at most, in "Năm 2021, …"
_SUBJECT_WORDS = 4  # at least, with the verb, after "Ở Hải Hậu,": fewer, and nobody knows which school "trường có" is
_CUT_WORDS = 4  # after the number, where a clause ends in a comma: more, and the comma may stand inside a list


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_NUMBER = re.compile(r"(?<![\w.,/+-])\d+(?:[.,]\d+)*(?:\s?%|(?=(?:km|kg|ha|m|cm)\b))?(?!\d|[.,/:+-]\d|\s?[–-]\s?\d)")
_FIXED = re.compile(  # numbers that nobody counts
    r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\b(?:ngày|sáng|trưa|chiều|tối|đêm) \d{1,2}(?:[/-]\d{1,2}| tháng \d{1,2})?"
    r"|\btháng \d{1,2}(?:[/-]\d{4})?|\b(?:năm|nhiệm kỳ|giai đoạn) (?:1\d|20)\d\d(?: ?[-–] ?(?:1\d|20)\d\d)?|\bsố \d+",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"\s*(?:[,;]|[.!?…:()\[\]“”\"]|\s[–-]\s|$)")
_ABOUT = re.compile(  # before a number that is not exact, and before none
    r"(?:^|\s)(?:trên|hơn|gần|khoảng|chừng|tròn|đúng|ít nhất|tối thiểu|tối đa|tổng cộng|cả thảy)$", re.IGNORECASE
)
_COUNTS = re.compile(  # what a counted thing stands after: a verb of having, making, measuring …
    r"(?:^|\s)(?:có|còn|gồm|là|đạt|được|với|thêm|hết|mất|dài|rộng|cao|sâu|nặng|cách|đến|tới|lên|trồng|xây|mở|bán|mua|thu|"
    r"chi|trả|nộp|phạt|góp|tặng|thưởng|ra|đón|chở|nhận|khiến|làm|gây|giao|dành|chiếm|tăng|giảm|giá|tổ chức|ban hành|"
    r"thu hút|quy tụ|phục vụ|tiếp nhận|phát hiện|thu giữ|bắt giữ|xây dựng|hỗ trợ|trị giá|kéo dài|sở hữu|quản lý|đầu tư|"
    r"huy động|sản xuất|xuất khẩu|nhập khẩu|kết nạp|hoàn thành|triển khai"
    r"|(?:đã|sẽ|đang|vừa) [^\W\d_]+(?: [^\W\d_]+){0,2})$"  # … or any verb, where a word before it shows that it is one
)
_NO_THING = _words(
    "và của về đến tới có là được đã thì năm tháng ngày giờ phút trong tại ở do theo nhằm để với cho từ mà vào hoặc",
    "hay như cùng khi này đó ấy nói trên sẽ đang bị lần đi",
)
_JOINTS = _NO_THING | _words("gồm vì nhưng nên không cả lẫn")
_MULTIPLES = _words("trăm chục nghìn ngàn vạn triệu tỷ tỉ")
_MONEY = _words("đồng usd đô euro")
_POINTING = re.compile(
    r"\b(?i:này|đó|ấy|kia|nọ|đây|họ|nó|mình|tôi|ta|chúng|nói trên|vừa qua|hôm nay|hôm qua|năm nay|năm ngoái|hai bên|"
    r"còn lại|cùng (?:kỳ|ngày|lúc|đợt)|trước đó|sau đó|nhờ vậy|như vậy|trở lại|khác|cũng|đều|đầu tiên)\b"
    rf"|\b(?i:ông|bà|anh|chị|cô|cậu|em|cháu|bé|chú|bác)\b(?! [{UPPER}]| con\b| chủ\b| em\b| giáo\b)"
)
_LEANING = re.compile(  # how a sentence begins that goes on with the one before it
    r"(?:Trong (?:đó|khi|số)|Đồng thời|Ngoài ra|Tuy|Nhưng|Và|Do|Vì|Nên|Nếu|Khi|Để|Qua|Với|Cùng|Bên cạnh|Theo|Đặc biệt|"
    r"Cụ thể|Riêng|Còn|Thì|Mà|Như|Tiếp|Tổng|Số|Chỉ|Đây|Một|Hai|Ba|Nhờ|Có|Không|Cả|Các|Những|Nhiều|Dù|Mặc|Bởi|Mỗi|Từng|"
    r"Là|Bị|Được|Đã|Lại|Liên quan|Sau khi|Trước khi|Từ khi|Đến khi)\b"
)
_SETTING = re.compile(r"(?:Năm|Tháng|Ngày|Ở|Tại|Trong|Đến|Tính đến|Từ|Trước|Sau|Hiện nay|Nhiệm kỳ|Giai đoạn)\b")
_SUBORDINATE = re.compile(r"\b(?:vì|khi|nếu|để|rằng|nên|cho biết|cho hay|(?:và|hoặc|hay|của|cùng|như)$)(?!\w)")
_BARRED = re.compile(r"[\"'“”‘’`«»()\[\]{}<>;:/|…*_#!?]|\.\.|\s[–-]\s")
_ABBREVIATION = re.compile(r"[B-DF-HJ-NP-TV-XZ][B-DF-HJ-NP-TV-XZbcdfghjklmnpqrstvxz]?")  # TP, Q, Ph: no vowel
_CAPITALS = re.compile(rf"[{UPPER}][^\W\d_]*(?: [{UPPER}][^\W\d_]*)*")
_INSTITUTIONS = _words(  # written with capitals, and everywhere the same
    "Toàn Đảng Ban Thường Chấp Huyện Tỉnh Thành Xã Thị Ủy Uỷ Hội Đoàn Mặt Tổ Nghị Chỉ Quyết Đại Bí Chủ Trưởng Phó Nhà",
    "Bộ Sở Phòng Công Ở Tại Năm Tháng Ngày",
)
_HEADS = _words("Huyện Tỉnh Xã Thành Thị Quận Phường")
_BLANK = re.compile(  # what can be asked for in place, by kind
    r"(?P<day>\bngày \d{1,2}(?:[/.-]\d{1,2}[/.-]\d{4}| tháng \d{1,2}(?: năm \d{4})?))"
    r"|(?P<year>\bnăm (?:1\d|20)\d\d(?!\d|\s?[-–]\s?\d))"
    rf"|(?P<who>\b(?:ông|bà|anh|chị|đồng chí|do|bởi) [{UPPER}][^\W\d_]*(?: [{UPPER}][^\W\d_]*){{1,5}})"
    rf"|(?P<where>\b(?:ở|tại) [{UPPER}][^\W\d_]*(?: [{UPPER}][^\W\d_]*){{1,5}})"
    rf"|(?P<share>(?<![\w.,/+-])\d+(?:[.,]\d+)*\s?%)|(?P<count>{_NUMBER.pattern}(?= [^\W\d_{UPPER}]))"
)
_ASKING = {
    "day": "ngày nào", "year": "năm nào", "who": "ai", "where": "ở đâu", "share": "bao nhiêu phần trăm",
    "count": "bao nhiêu",
}  # fmt: skip
_CLAUSE = re.compile(r"[.…!?](?:\s|$)|[;:()\[\]“”\"]|\s[–-]\s")  # commas join what a blank needs to be understood
_NAMED = re.compile(rf"(?:\b(?i:số|thứ|khóa|khoá|điều|khoản|quận|lần)|[{UPPER}][^\W\d_]*|\d|[-–/])\s*$")  # "bão số 12"
_READ = 600  # characters of a sentence
_BEFORE, _AFTER, _LEAST = 12, 6, 6  # words around a blank: at most, at most, at least together
_SEVERAL = r"(?<!cấp )(?<!các )(?<!mỗi )(?<!từng )(?<!một )(?<!nhiều )(?<!những )(?<!số )(?<!từ )(?<!liên )(?<!hai )"


@dataclass(frozen=True, slots=True)
class Place:
    """What an article is about: its name, and the word that the article puts before it ("huyện"), if any."""

    name: str
    head: str = ""


@dataclass(frozen=True, slots=True)
class Cloze:
    """A question, and the number that stood where it asks."""

    question: str
    number: str


def clozes(sentence: str, place: Place | None = None) -> Iterator[Cloze]:
    """Questions that can be understood without the sentence's neighbours.

    `place` is added where the sentence itself names nobody and nothing.
    """
    sentence = " ".join(sentence[: 4 * _LONGEST].split())
    if sentence[:1].islower():
        return  # the rest of a sentence that was torn apart
    for match in _NUMBER.finditer(sentence, 0, _LONGEST):
        end = next(_CLAUSE_END.finditer(sentence, match.end()))
        before, after = sentence[: match.start()].rstrip(), sentence[match.end() : end.start()].strip()
        if _is_over(after, end[0].strip()) and not _counts_nothing(before, match[0], after):
            question = _question(before, match[0], after, place)
            if question is not None and len(question) <= _LONGEST:
                yield Cloze(question, match[0])


@dataclass(frozen=True, slots=True)
class Blank:
    """A question, and the words that stood where it asks."""

    question: str
    taken: str


def blanks(sentence: str, place: Place | None = None) -> Iterator[Blank]:
    """Questions for a program to ask, not to be shown: more of them than `clozes`, of more kinds, less polished.

    A number, year, day, person or place gives way to what asks for it; a few words around it stay.
    """
    sentence = " ".join(sentence[:_READ].split())
    for match in _BLANK.finditer(sentence):
        kind, (verb, _, name) = match.lastgroup or "", match[0].partition(" ")
        before = _CLAUSE.split(sentence[: match.start()])[-1]
        after = _CLAUSE.split(f"{sentence[match.end() :]} ".replace(",", ";"))[0].split()[:_AFTER]
        while after and after[-1] in _JOINTS:
            after.pop()
        kept, rest = " ".join(_from_comma(before.split()[-_BEFORE:])), " ".join(after)
        words = f"{kept} , {rest}"
        if len(words.split()) <= _LEAST or _POINTING.search(words) or (kind == "count" and _NAMED.search(before)):
            continue
        asking = f"{verb} ai" if kind == "who" and verb in ("do", "bởi") else _ASKING[kind]
        asked = " ".join(part for part in (kept, asking, rest) if part)
        if not names_something(words):
            if place is None:
                continue
            asked = f"Ở {place.name}, {asked[0].lower()}{asked[1:]}"
        yield Blank(f"{asked[0].upper()}{asked[1:]}?", match[0] if kind in ("share", "count") else name)


def _from_comma(words: list[str]) -> list[str]:
    """The words after the last comma that leaves enough of them."""
    for at in range(len(words) - _LEAST, 0, -1):
        if words[at - 1].endswith(","):
            return words[at:]
    return words


def _is_over(after: str, mark: str) -> bool:
    """Whether the clause ends at `mark`: with its sentence, or at a comma that does not stand inside a list."""
    words = after.split()
    if mark in (",", ";"):
        return 2 <= len(words) <= _CUT_WORDS and _JOINTS.isdisjoint(words)
    return mark in ("", ".") and not (words and _ABBREVIATION.fullmatch(fold(words[-1])))


def _counts_nothing(before: str, number: str, after: str) -> bool:
    """Whether the number is part of a date or a name, or is not the only one, or the clause holds more than words."""
    around = f"{before} , {after}"
    if _BARRED.search(around) or re.search(r"\d", _FIXED.sub("", around)):
        return True
    at = len(before) + 1
    return any(match.start() <= at < match.end() for match in _FIXED.finditer(f"{before} {number} {after}"))


def _question(before: str, number: str, after: str, place: Place | None) -> str | None:
    setting, subject = _parts(before)
    if setting is None or _LEANING.match(before) or _POINTING.search(f"{before} , {after}"):
        return None
    subject = _ABOUT.sub("", subject)
    thing = _thing(number, after, subject)
    if thing is None or _SUBORDINATE.search(subject) or not (_COUNTS.search(subject) or not subject):
        return None
    asked = " ".join(part for part in (setting, subject, "bao nhiêu", thing) if part)
    if not names_something(before if subject else after):
        placed = None if place is None else _placed(asked, subject, place)
        if placed is None or (setting and placed.startswith("Ở ")):
            return None
        asked = placed
    return f"{asked[0].upper()}{asked[1:]}?"


def _parts(before: str) -> tuple[str | None, str]:
    """("Năm 2021,", "huyện trồng") of "Năm 2021, huyện trồng"; None where another comma stands before the number."""
    setting, comma, subject = before.rpartition(",")
    if not comma:
        return "", before
    if "," in setting or not _SETTING.match(setting) or len(setting.split()) > _SETTING_WORDS or not subject.strip():
        return None, ""
    return f"{setting},", subject.strip()


def _thing(number: str, after: str, subject: str) -> str | None:
    """What is counted, as it stands after "bao nhiêu"; None where it is not a thing that can be counted."""
    words = after.split()
    if number.endswith("%"):
        return " ".join(["phần trăm", *words])
    if not words or not words[0][0].islower() or words[0] in _NO_THING:
        return None
    if words[0] in _MULTIPLES:
        money = len(words) > 1 and words[1].casefold() in _MONEY
        if money and len(words) == 2 and subject.endswith((" là", " đạt")):
            return ""  # "là bao nhiêu?"
        return " ".join(words if money else words[1:]) or None
    return after


def _placed(asked: str, subject: str, place: Place) -> str | None:
    """The place where it belongs: "Đảng bộ huyện [Hải Hậu] có …"; else in front: "Ở Hải Hậu, thu nhập …"."""
    if place.head:
        head = rf"{_SEVERAL}\b(?i:{place.head})\b(?! (?:ủy|uỷ|[{UPPER}]))"
        if at := re.search(head, asked[: asked.find("bao nhiêu")]):
            return f"{asked[: at.end()]} {place.name}{asked[at.end() :]}"
    words = subject.split()
    if words and (len(words) < _SUBJECT_WORDS or words[0] in _HEADS):
        return None  # of some school, or another district
    return f"Ở {place.name}, {asked if words and words[0] in _INSTITUTIONS else asked[0].lower() + asked[1:]}"


def names_something(text: str) -> bool:
    """Whether a person, place or body is named that is not called the same everywhere ("Ban Thường vụ Huyện ủy")."""
    if re.search(r"\bsố \d", text):  # "bão số 12"
        return True
    for match in _CAPITALS.finditer(text):
        words = match[0].split()
        while words and words[0] in _INSTITUTIONS:
            words = words[1:]
        foreign = any(len(word) > 1 and not is_syllable_shaped(fold(normalize(word))) for word in words)
        if len(words) >= 2 or (foreign and not match[0].isupper()):
            return True
    return False
