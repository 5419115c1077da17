from __future__ import annotations

import unicodedata
from itertools import combinations
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.encodings import Decoded, decode
from embeddings.legacy import OF_FILES
from embeddings.readers import Hints, plain
from tests.fakes import time_limit
from tests.legacy_bytes import TABLES, TCVN, TCVN3, VISCII, VNI, WINDOWS_1258, WORDS, encoded

ALL = " ".join(WORDS)
ARTICLE = (
    "Xã Phú Lạc mở lớp chữ cho người lớn tuổi\n\n"
    "Tối 12-3, bốn mươi học viên của xã Phú Lạc đã đến nhà văn hoá thôn Bến Đá để dự buổi học đầu tiên. "
    "Lớp do Hội Khuyến học huyện Sơn Bình tổ chức, mỗi tuần ba buổi, kéo dài đến hết tháng 9/2004.\n"
    "Ông Lò Văn Quỳnh, trưởng thôn, nói: “Có người sáu mươi tuổi mới được cầm bút – ai cũng mừng.” "
    "Kinh phí 14.500.000 đồng do bà con đóng góp, HĐND xã hỗ trợ 30%…\n"
)
NAMES = [*TABLES]
names = st.sampled_from(NAMES)
sentences = st.lists(st.sampled_from([*WORDS, "trong", "hai", "nam", "2004", "-", "."]), min_size=1, max_size=40)


# --- the tables ---


@pytest.mark.parametrize("letter", TCVN)
def test_every_letter_is_what_its_bytes_are_in_each_encoding(letter: str) -> None:
    tcvn3, tcvn_with_capitals, vni, viscii, windows_1258 = OF_FILES
    for encoding, table in (
        (tcvn_with_capitals, TCVN),
        (vni, VNI),
        (viscii, VISCII),
        (windows_1258, WINDOWS_1258),
    ):
        assert encoding.convert(table[letter].decode("latin-1")) == letter
        assert not encoding.unexplained.search("t" + table[letter].decode("latin-1"))
    if letter.islower() or letter in "ĂÂÊÔƠƯĐ":
        assert tcvn3.convert(TCVN3[letter].decode("latin-1")) == letter


def test_no_two_letters_have_the_same_bytes() -> None:
    for table in (TCVN, VNI, VISCII, WINDOWS_1258):
        assert len(table) == len(set(table.values())) == 134


# --- what each encoding is known by ---


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", [ALL, ALL.upper(), ALL.title(), "\n".join(WORDS), ARTICLE.replace("“", '"')])
def test_every_letter_is_read_in_every_encoding(name: str, text: str) -> None:
    table = TABLES[name]
    if name == "viscii":
        text = text.translate({ord("”"): '"', ord("–"): "-", ord("…"): "..."})
    assert decode(encoded(text, table)) == Decoded(text, name)


@pytest.mark.parametrize("text", [ALL, ALL.upper(), ALL.title(), "Ở Ủy ban: Ý kiến. Ấp Ổi, Ứng Hòa, Ông Ẩn, Ánh"])
def test_the_capitals_of_the_tcvn_standard_are_read(text: str) -> None:
    assert decode(encoded(text, TCVN)) == Decoded(text, "tcvn3")


@pytest.mark.parametrize(
    ("shown", "text", "name"),
    [
        ("Céng hoµ x· héi chñ nghÜa ViÖt Nam", "Cộng hoà xã hội chủ nghĩa Việt Nam", "tcvn3"),
        ("§éc lËp - Tù do - H¹nh phóc", "Độc lập - Tự do - Hạnh phúc", "tcvn3"),
        ("Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam", "vni"),
        ("Ñoäc laäp - Töï do - Haïnh phuùc", "Độc lập - Tự do - Hạnh phúc", "vni"),
        ("CéNG HOµ X· HéI CHñ NGHÜA VIÖT NAM", "CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM", "tcvn3"),
        ("Bé TR¦ëNG Bé C¤NG AN Ký QUYÕT §ÞNH", "BỘ TRƯỞNG BỘ CÔNG AN KÝ QUYẾT ĐỊNH", "tcvn3"),
        ("Bé GD-§T vµ UBND tØnh Hµ T©y häp ë Hµ Néi", "Bộ GD-ĐT và UBND tỉnh Hà Tây họp ở Hà Nội", "tcvn3"),
        ("CHUÛ TÒCH NÖÔÙC thaêm tænh", "CHỦ TỊCH NƯỚC thăm tỉnh", "vni"),
    ],
)
def test_known_samples_are_read(shown: str, text: str, name: str) -> None:
    assert decode(shown.encode("latin-1")) == Decoded(text, name)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_utf_8_wins_and_is_nfc(form: Literal["NFC", "NFD"]) -> None:
    data = unicodedata.normalize(form, ARTICLE).encode()
    for charset in (None, "iso-8859-1", "windows-1258", "utf-16", "vni", "?"):
        assert decode(data, charset) == Decoded(ARTICLE, "utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("text", [ARTICLE, "Đảng bộ xã", "Thôn Bến Đá, 2004\r\n", "\x07" + ARTICLE])
def test_unicode_is_read_with_and_without_its_mark(encoding: str, mark: str, text: str) -> None:
    assert decode((mark + text).encode(encoding)) == Decoded(mark + text, encoding)


def test_a_marked_text_of_another_script_is_read() -> None:
    assert decode("\ufeff新しい学校".encode("utf-16-be")).text == "\ufeff新しい学校"


# --- hints ---


def test_a_stated_encoding_settles_what_the_bytes_alone_do_not() -> None:
    data = b"\xa7\xb6ng b\xe9"  # "Đảng bộ" in TCVN3
    with pytest.raises(ValueError, match=r"^not UTF-8 \(byte 0\); it could be tcvn3 or viscii, too short to tell"):
        decode(data)
    for charset in ("tcvn3", "TCVN-5712", "x-viet-tcvn5712"):
        assert decode(data, charset) == Decoded("Đảng bộ", "tcvn3")
    assert decode(b"T\xf4i \x93vi\xea\xf2t\x94", "Windows-1258") == Decoded("Tôi “việt”", "windows-1258")
    assert decode(b"the \x93old\x94 town", "cp1258") == Decoded("the “old” town", "windows-1258")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-8", "us-ascii", "windows-1258", "utf-16", ""])
def test_a_wrong_charset_is_overruled_by_the_bytes(name: str, charset: str) -> None:
    assert decode(encoded(ALL, TABLES[name]), charset) == Decoded(ALL, name)


# --- what is refused ---

WESTERN = [
    "Pendant l'été, les élèves étaient déjà allés à la forêt où l'hôtel est fermé.",
    "Der Müller fährt über die Brücke nach Köln und trägt größere Säcke.",
    "El niño pequeño tenía más años que su señora madre, así será mañana.",
    "Não há pão nem maçãs na região; a solução é comprar limões.",
    "På fjellet må du gå så sakte at du når fram før det blir mørkt; å så fint.",
    "È già così più facile: perché non può venire lunedì?",
    "naïve café",
    "Ça va, là-bas?",
    "Tá mé sé",
    "thé, né",
]


@pytest.mark.parametrize("text", WESTERN)
@pytest.mark.parametrize("charset", [None, "iso-8859-1", "windows-1258"])
def test_western_text_in_a_western_encoding_is_refused(text: str, charset: str | None) -> None:
    with pytest.raises(ValueError, match=r"^not UTF-8 \(byte \d+\).*; save it as UTF-8$"):
        decode(text.encode("cp1252"), charset)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bytes(range(256)), r"binary.*NUL bytes"),
        (b"a\0b", r"binary.*NUL bytes"),
        (ARTICLE.encode() + b"\0", r"binary.*NUL bytes"),
        (ARTICLE.encode("utf-16-le")[:-1], "broken UTF-16"),
        (b"\xff\xfe" + bytes(range(1, 200)), r"not UTF-8 \(byte 0\)"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(1, 256)) * 3, r"not UTF-8 \(byte 0\)"),
        ("Đảng bộ".encode() + b"\xb5\xb6", r"not UTF-8 \(byte 12\), nor Vietnamese in an older encoding"),
        (ARTICLE.encode()[:-2], "not UTF-8"),
        ("Холодный вечер в горах".encode("cp1251"), "nor Vietnamese"),
        ("新しい学校が開いた".encode("shift_jis"), "nor Vietnamese"),
        (b"B\xb5i", "it could be tcvn3 or viscii"),
        (b"Hello\xa0world", "too little Vietnamese"),
        ("Thu Hương".encode("ascii", "ignore")[:5] + b"\xdf\xbdng", "it could be utf-8 or viscii"),
    ],
)  # fmt: skip
def test_what_nobody_can_be_sure_of_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode(data)


@pytest.mark.parametrize("name", NAMES)
def test_two_encodings_in_one_file_are_refused(name: str) -> None:
    other = NAMES[NAMES.index(name) - 1]
    with pytest.raises(ValueError, match="not UTF-8"):
        decode(encoded(ALL, TABLES[name]) + b"\n" + encoded(ALL, TABLES[other]))


def test_no_pair_of_words_is_ever_read_wrongly() -> None:
    for first, second in combinations(WORDS, 2):
        for name, table in TABLES.items():
            assert _outcome(encoded(f"{first} {second}", table)) in (Decoded(f"{first} {second}", name), None)


def _outcome(data: bytes) -> Decoded | None:
    try:
        return decode(data)
    except ValueError:
        return None


# --- laws ---


@given(words=st.lists(st.sampled_from(WORDS), min_size=25, unique=True), name=names)
def test_a_text_of_twenty_five_words_is_always_read(words: list[str], name: str) -> None:
    text = " ".join(words)
    assert decode(encoded(text, TABLES[name])) == Decoded(text, name)


@given(words=sentences, encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]))
def test_unicode_text_of_any_length_is_read(words: list[str], encoding: str) -> None:
    text = " ".join(words) + "\n"
    assert decode(text.encode(encoding)) == Decoded(text, encoding)


@given(
    data=st.binary(max_size=400), charset=st.sampled_from([None, "viscii", "tcvn3", "utf-16", "windows-1258", "vni"])
)
def test_any_bytes_are_nfc_text_or_refused_in_words(data: bytes, charset: str | None) -> None:
    reason, text = _result(data, charset)
    assert reason.endswith("; save it as UTF-8") or text is not None
    assert text is None or unicodedata.is_normalized("NFC", text)


def _result(data: bytes, charset: str | None) -> tuple[str, str | None]:
    try:
        return "", decode(data, charset).text
    except UnicodeError:
        raise
    except ValueError as refusal:
        return str(refusal), None


@given(text=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_ascii_stays_as_it_is(text: str) -> None:
    assert decode(text.encode()) == Decoded(text, "utf-8")


@pytest.mark.parametrize("piece", [b"a", b"\xe9", b"A\xe9", b"\xf6\xef", b"a \xe9 ", b"\xb7\n"])
def test_a_megabyte_of_anything_takes_linear_time(piece: bytes) -> None:
    with time_limit(20):
        assert _outcome(piece * (1_000_000 // len(piece)) + b"\xff") is None


# --- plain text files ---


def test_a_plain_text_has_one_line_end_and_keeps_its_mark() -> None:
    data = b"\xef\xbb\xbf" + unicodedata.normalize("NFD", "Đảng bộ\r\nxã\rPhú\nLạc").encode()
    assert plain.decode(data) == "\ufeffĐảng bộ\nxã\nPhú\nLạc"


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_text_of_2004_is_read(name: str) -> None:
    (reading,) = plain.read(encoded(ALL + "\r\n", TABLES[name]), Hints(".txt"))
    assert reading.text == ALL + "\n"
    (reading,) = plain.read(encoded("Đảng bộ", TABLES[name]), Hints(".txt", charset=name))
    assert reading.text == "Đảng bộ"


def test_a_plain_text_that_holds_an_older_encoding_is_repaired() -> None:
    assert plain.decode("§éc lËp - Tù do - H¹nh phóc\r\n".encode()) == "Độc lập - Tự do - Hạnh phúc\n"


@pytest.mark.parametrize("data", [b"", b" \n\t", b"\xef\xbb\xbf \r\n", b"\xff\xfe \0"])
def test_an_empty_plain_text_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^empty$"):
        plain.decode(data)
