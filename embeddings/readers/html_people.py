"""Who wrote an article and which outlet it comes from, by the lines that name them. Wrong is worse than unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from embeddings import lines
from embeddings.lexicon import Lexicon, key
from embeddings.vietnamese import UPPER, fold, is_syllable_shaped, syllables

_MOST_WORDS, _SURE_WORDS = 5, 3  # of a name; of one that nothing beside it marks as a name
_LONGEST_CREDIT, _LONGEST_NAMES = 160, 120  # characters
_MOST_PEOPLE = 6
_MOST_CREDIT_WORDS = 24

_WORD = re.compile(rf"(?:[{UPPER}][^\W\d_]*\.?|[{UPPER}]\.)(?:[-'’][^\W\d_]+)*")
_TITLES = re.compile(
    r"^(?:(?:pgs|gs|ts|ths|th\.s|bs|ks|cn|ls|kts|nhà báo|nhà văn|phóng viên|pv|ctv|đồng chí|đ/c|ông|bà|bác sĩ|tiến sĩ"
    r"|thạc sĩ|by|bởi)(?:[.:]\s*|\s+))+",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"\W*(?:admin\w*|administrator|root|user\d*|editor|webmaster|guest|super ?user|quản trị(?: viên)?|ban biên tập"
    r"|bbt|pv|ctv|btv|phóng viên|cộng tác viên|biên tập viên|nhóm (?:pv|phóng viên|tác giả)"
    r"|(?:pv|ctv|btv|bbt)\W+(?:pv|ctv|btv|bbt)|tổng hợp|sưu tầm|internet|tòa soạn)\W*",
    re.IGNORECASE,
)
# Words that a body or a heading has and no person's name: "Ban Tuyên giáo", but not "Ban Mai".
_BODY = re.compile(
    r"\b(?:báo|tạp chí|đài (?:phát|truyền|pt|tiếng|tn)|cổng|trang (?:thông tin|tin|chủ|web)|website"
    r"|ban (?:biên tập|tuyên|dân vận|tổ chức|chấp hành|thường vụ|nội|quản|chỉ|tiếp|kinh|văn|pháp)"
    r"|phòng (?:văn|giáo|nông|kinh|tài|lao|nội|tư|y|vh|gd|pv|bạn|thời|biên|chống)|văn phòng (?:huyện|tỉnh|đảng)"
    r"|trung tâm|ubnd|hđnd|mttq|ủy ban|uỷ ban|đảng (?:ủy|uỷ|bộ|cộng)|huyện|tỉnh|thành (?:ủy|uỷ|phố|đoàn)"
    r"|thị (?:xã|trấn|ủy|uỷ)|xã|phường|quận|hội (?:đồng|nông|liên|phụ|cựu|chữ|người|luật)"
    r"|công (?:ty|an|đoàn|thương)|sở|cục|bộ|nhóm|tổ|tòa|toà"
    r"|trường (?:thpt|thcs|th|tiểu|mầm|đại|cao|chính|đảng|học)|tổng (?:cục|công|hợp)|viện (?:kiểm|nghiên|khoa|hàn)"
    r"|chi (?:bộ|hội|cục|đoàn|nhánh)|quản trị|đoàn (?:thanh niên|tncs|thể|viên)|mặt trận|thông tấn|ttx\w*|vnpt"
    r"|viettel|tin tức|thời sự|news|online|media|team|group|portal|admin\w*|editor|theo|nguồn|ảnh|video|xem"
    r"|trang chủ|sưu tầm|văn (?:hóa|hoá|nghệ)|xã hội|kinh tế|chính trị|pháp luật|giáo dục|đời sống|thể thao"
    r"|quốc phòng)\b",
    re.IGNORECASE,
)
_OUTLET = re.compile(
    r"^(?:báo|tạp chí|đài|cổng|trang (?:thông tin|tin)|ttxvn|thông tấn xã|truyền hình|ban tuyên|website|vov|vtv"
    r"|bản tin)\b|\.(?:vn|com|net|org)\b",
    re.IGNORECASE,
)
_NO_OUTLET = re.compile(
    r"(?:internet|mạng(?: internet)?|sưu tầm|tổng hợp|st|facebook|trang chủ|home(?: ?page)?|website|wordpress"
    r"|my (?:site|blog)|index|tin tức|blog|untitled|default|admin|báo chí|nhiều nguồn)\W*",
    re.IGNORECASE,
)
_NO_OUTLET_EITHER = re.compile(
    r"(?:nghị|quyết|chỉ thị|kế hoạch|luật|điều|chủ tịch|phó|bí thư|giám đốc|ông|bà|anh|chị|đồng chí|lời|số|thống kê)\b",
    re.IGNORECASE,
)
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_BETWEEN_NAMES = re.compile(r"\s*[,;&+]\s*|\s+(?:và|-|–|—)\s+|\s*/\s*")
_BETWEEN_CREDITS = re.compile(
    r"\s*[;|•·]\s*|\s+[-–—]\s+(?=[^:]{1,25}:)"
    r"|(?<=[^\W\d_])[.,]\s+(?=(?:[Ảả]nh|[Bb]ài|[Tt]in|[Nn]guồn)[^:]{0,20}:)"
)
_LABELLED = re.compile(r"([^:]{1,30}):\s*(.+)", re.DOTALL)
_MORE_AUTHOR_LABELS = frozenset((
    "by", "boi", "viet boi", "duoc viet boi", "written by", "author", "dang boi", "posted by", "ten tac gia",
    "tac gia bai viet", "noi dung", "bai viet va anh",
))  # fmt: skip
_WORK_OF = re.compile(
    r"^(?:ghi chép|bút ký|ký|phóng sự|tản văn|tùy bút|bài|tin|bài viết|phỏng vấn) của:?\s+", re.IGNORECASE
)
_POSTED_BY = re.compile(r"^(?:được )?(?:viết|đăng) bởi:?\s+|^(?:written |posted )?by:?\s+", re.IGNORECASE)
_THEO_AT_END = re.compile(r"\((?:Theo|Nguồn|Nguồn tin|Dẫn theo)\s*:?\s+([^()]{2,60})\)\W*$")


@dataclass(frozen=True, slots=True)
class Credit:
    """What a line of credits says; empty where it names nobody ("PV", "Ban biên tập")."""

    people: tuple[str, ...] = ()
    outlet: str | None = None  # of the original
    sure: bool = False  # a label says that the people wrote it


def credit_in(line: str, lexicon: Lexicon, *, expected: bool) -> Credit | None:
    """What a line says of author and origin, or None for any other line.

    `expected`: it stands where authors sign, so that a name alone is one.
    """
    text = line.strip().strip("*_—–- ").removesuffix("./.").strip()
    if not text or len(text) > _LONGEST_CREDIT or text.count(" ") > _MOST_CREDIT_WORDS:
        return None
    if _NOBODY.fullmatch(text):
        return Credit()
    credited = _outlet_in(text, lexicon)
    if credited is not None:
        person, _, rest = credited.rpartition("/")
        names = people_in(person, lexicon, sure=True)
        return Credit(names, outlet_named(rest)) if names else Credit(outlet=outlet_named(credited))
    bracketed = [found for inner in _PARENTHESES.findall(text) if (found := _outlet_in(inner, lexicon))]
    bare = _PARENTHESES.sub(" ", text).strip()
    labelled = list(_labelled(bare, lexicon))
    original = next((outlet_named(name) for name in bracketed), None)
    if labelled:
        names = tuple(
            dict.fromkeys(name for value in labelled for name in people_in(value, lexicon, sure=True, single=True))
        )
        return Credit(names, original, sure=True)
    name = _WORK_OF.sub("", _POSTED_BY.sub("", bare))
    if _NOBODY.fullmatch(name):
        return Credit((), original)
    names = people_in(name, lexicon, sure=expected or name != bare)
    return Credit(names, original) if names else None


def _outlet_in(text: str, lexicon: Lexicon) -> str | None:
    """What follows "Theo" or "Nguồn:"."""
    match = _LABELLED.fullmatch(text.strip("()[] "))
    if match is not None:
        return match[2].strip() if key(match[1]) in lexicon.source_labels else None
    name = lines.source_in_line(text, lexicon)
    # "Theo" begins a heading as well: "Theo Nghị quyết số 5".
    return name if name and (is_outlet(name) or not _NO_OUTLET_EITHER.match(name)) else None


def _labelled(text: str, lexicon: Lexicon) -> Iterator[str]:
    """What follows "Bài:", "Tác giả:", "Tin, ảnh:"; not what follows "Ảnh:"."""
    for part in _BETWEEN_CREDITS.split(text) if text.count(":") > 1 else [text]:
        match = _LABELLED.fullmatch(part.strip())
        if match and (key(match[1]) in lexicon.author_labels or key(match[1]) in _MORE_AUTHOR_LABELS):
            yield match[2]


def people_in(text: str, lexicon: Lexicon, *, sure: bool, single: bool = False) -> tuple[str, ...]:
    """The people in a list of names; none at all when one of them is no person's name.

    `sure`: two words are enough; `single`: so is one, after a label.
    """
    bare = _PARENTHESES.sub(" ", text).strip(" .*_-–—|")
    if not bare or len(bare) > _LONGEST_NAMES:
        return ()
    parts = [part for part in _BETWEEN_NAMES.split(bare) if part and not _NOBODY.fullmatch(part)]
    if len(parts) > _MOST_PEOPLE:
        return ()
    if not sure:  # one full name vouches for those beside it
        sure = any(_person(part, lexicon, sure=False, single=False) for part in parts)
    names = [_person(part, lexicon, sure=sure, single=single) for part in parts]
    return tuple(dict.fromkeys(name for name in names if name)) if all(names) else ()


def _person(text: str, lexicon: Lexicon, *, sure: bool, single: bool) -> str | None:
    name = _TITLES.sub("", text.strip().strip(".")).strip()
    words = name.split()
    if not words or len(words) > _MOST_WORDS or _NOBODY.fullmatch(name) or _BODY.search(name):
        return None
    if not all(_WORD.fullmatch(word) for word in words):
        return None
    family = words[0].capitalize() in lexicon.family_names
    if any(word.isupper() and len(word) > 2 for word in words):
        if not (family or single) or len(words) < 2:
            return None
        return " ".join(word.capitalize() for word in words)
    if len(words) == 1:
        return name if single and len(name) > 1 and not name.isupper() else None
    return name if sure or (family and len(words) >= _SURE_WORDS) else None


def outlet_named(text: str) -> str | None:
    """The name of an outlet as it is cited; of an address its host."""
    name = text.strip().strip("\"'“”()[]*_ ").rstrip(".,;:").strip()
    if name.startswith(("http://", "https://")):
        name = _host(name)
    if not 2 <= len(name) <= 100 or _NO_OUTLET.fullmatch(name) or not any(map(str.isalpha, name)):
        return None
    return name


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def is_outlet(text: str) -> bool:
    """Whether a name begins like an outlet's."""
    return _OUTLET.search(text) is not None


def origin_at_end(paragraph: str) -> str | None:
    """The outlet in "… (Theo Báo X)" at the end of a paragraph."""
    match = _THEO_AT_END.search(paragraph[-100:])
    return outlet_named(match[1]) if match else None


def authors(signed: Sequence[str], shown: Sequence[str], stated: Iterable[str], lexicon: Lexicon) -> tuple[str, ...]:
    """The authors on whom all agree: who signs below the text, who is named at the headline, and who in meta data."""
    told = tuple(
        dict.fromkeys(name for text in stated for name in people_in(text, lexicon, sure=True) if _is_local(name))
    )
    named = [group for group in (tuple(signed), tuple(shown), told) if group]
    if not named:
        return ()
    best = named[0]
    for other in named[1:]:
        if not any(same_person(a, b) for a in best for b in other):
            return ()
        best = _joined(best, other)
    return best


def _is_local(name: str) -> bool:
    """Whether a name could be Vietnamese; "System Account" and other users of a server could not."""
    words = syllables(fold(name))
    return sum(map(is_syllable_shaped, words)) * 2 > len(words)


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """The larger group, each name in its longer form."""
    large, small = (second, first) if len(second) > len(first) else (first, second)
    return tuple(max([name, *(other for other in small if same_person(name, other))], key=len) for name in large)


def same_person(one: str, other: str) -> bool:
    """Whether two names may be one person's: Minh Lợi, Hầu Minh Lợi."""
    a, b = sorted((syllables(fold(one)), syllables(fold(other))), key=len)
    return bool(a) and b[-len(a) :] == a


def outlet(credited: str | None, stated: Sequence[str], suffix: str | None, front: Sequence[str]) -> str | None:
    """The original outlet where one is credited; else the page's own, on which its statements agree.

    `suffix`: what follows the headline in the browser's title; `front`: what links to the site's front page say.
    """
    if credited:
        return credited
    names = [name for text in stated if (name := outlet_named(text)) is not None]
    if not names:
        known = {_squeezed(name) for name in front}
        part = next((part for part in _parts(suffix) if is_outlet(part) or _squeezed(part) in known), None)
        return outlet_named(part or next(filter(is_outlet, front), ""))
    best = names[0]
    for other in names[1:]:
        if not _alike(best, other):
            confirmed = [name for name in names if suffix and _alike(name, suffix)]
            return confirmed[0] if confirmed else None
        if _is_address(best) and not _is_address(other):
            best = other
        elif fold(best) == best and fold(other) != other:
            best = other  # with its diacritics
    return best


def _parts(suffix: str | None) -> list[str]:
    """ "Chi tiết tin - Cổng thông tin huyện X": its parts, and a decorated name without its decoration."""
    return [part.strip(" .:*_~") for part in re.split(r"\s+[-–—|»]+\s+|\s*[|»:]\s+", suffix or "")]


def _alike(one: str, other: str) -> bool:
    """Báo Nam Định, baonamdinh.vn, Báo Nam Định điện tử: one outlet."""
    short, long = sorted(("".join(syllables(fold(one))), "".join(syllables(fold(other)))), key=len)
    if short in long:
        return True
    few, many = sorted((set(syllables(fold(one))), set(syllables(fold(other)))), key=len)
    host = _bare_host(one) or _bare_host(other)
    return few <= many or bool(host and (host in long or host in short))


def _squeezed(name: str) -> str:
    return "".join(syllables(name))


def _is_address(name: str) -> bool:
    return " " not in name and "." in name


def _bare_host(name: str) -> str:
    return fold(name).lower().removeprefix("www.").split(".")[0] if _is_address(name) else ""
