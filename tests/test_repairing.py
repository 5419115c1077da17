from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.encodings import repaired
from tests.fakes import time_limit
from tests.legacy_bytes import TABLES, WORDS, as_shown, encoded

NAMES = [*TABLES]
RIGHT = [
    "Đảng bộ xã Phú Lạc họp phiên đầu năm ở nhà văn hoá thôn Bến Đá.",
    "Ông Hà và bé Tú là hai cha con.",
    "Quà cho bà: tám quả cam, hai ký chè, một túi hồ tiêu.",
    "Bà Tạ Thị Nhã mua 5 m² vải, 10 µm là độ dày; giá 30 £, nóng 30 °C (§ 12, khoản 3) – “quá đắt”…",
    "Hoá ra toà nhà của hoạ sĩ ở phố Thuỵ Khuê đã bán.",
    "Nhạc sĩ Antonín Dvořák và François Müller thăm Thái Nguyên; Søren Kierkegård thì không.",
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "khu\u00adyến nông • lâm – ngư",
]
FOREIGN = [
    "Pendant l'été, les élèves étaient déjà allés à la forêt où l'hôtel «Léman» est fermé; ça va, là-bas?",
    "Der Müller fährt über die Brücke nach Köln, trägt größere Säcke und hört schöne Töne. Straße, Gör, für, Tür.",
    "¿El niño pequeño tenía más años? ¡Sí, señor! Él, tú, más té: así será mañana.",
    "Příliš žluťoučký kůň úpěl ďábelské ódy; být či nebýt, to je ta otázka. Má, sú, tú, kým.",
    "På fjellet må du gå så sakte at du når fram før det blir mørkt; å så fint. Bær, øl, år.",
    "Não há pão nem maçãs na região; a solução é comprar limões.",
    "È già così più facile: perché non può venire lunedì? Sì, è là.",
    "Tá mé sé: tá an lá go breá anseo.",
    "naïve café",
    "§ 12",
    "10 µm, 5 µg and 3 µl at 20 °C ± 1 °C, ½·x² ≠ ¾, 30 £, ¥5, © 2004 ®, « ok »",
    "£5",
    "©",
    "“Smart” quotes – and ‘more’ — don’t… 100 € • item · item™",
    "for (i = 0; i < n; i++) { a[i] = b[i] & 0xFF; } // größe, naïve",
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
    "Сохрани мою речь; η γλώσσα; 新しい学校",
    "thé, né",
    "é",
    "\ufeff",
    "",
]  # fmt: skip
ARTICLE = [
    "Xã Phú Lạc mở lớp chữ cho người lớn tuổi",
    "Chiều 12-3, bốn mươi học viên của xã đã đến nhà văn hoá thôn Bến Đá để dự buổi học đầu tiên.",
    "Ảnh: Bé",
    "Lớp do Hội Khuyến học huyện tổ chức, mỗi tuần ba buổi, kéo dài đến hết tháng 9/2004.",
    "Tổ 2",
    "Ông Lò Văn Quỳnh, trưởng thôn, nói rằng ai cũng mừng, HĐND xã hỗ trợ 30% kinh phí.",
]
paragraphs = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=20).map(" ".join), max_size=8)


def garbled(text: str, name: str) -> str:
    return as_shown(encoded(text, TABLES[name]))


@pytest.mark.parametrize("text", [*RIGHT, *FOREIGN])
def test_right_text_is_left_alone(text: str) -> None:
    assert repaired(text) == text


def test_right_text_of_many_languages_is_left_alone_as_one() -> None:
    text = "\n".join([*RIGHT, *FOREIGN, *RIGHT])
    assert repaired(text) == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("§¶ng bé", "Đảng bộ"),
        ("Ñaûng boä", "Đảng bộ"),
        ("Céng hoµ x· héi chñ nghÜa ViÖt Nam", "Cộng hoà xã hội chủ nghĩa Việt Nam"),
        ("Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam"),
        ("Bé tr\u00adëng Bé Tµi chÝnh ký quyÕt ®Þnh", "Bộ trưởng Bộ Tài chính ký quyết định"),
        ("CéNG HOµ X· HéI CHñ NGHÜA VIÖT NAM", "CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        ("· ChØ thÞ sè 5: “T¨ng c­êng kiÓm tra”", "• Chỉ thị số 5: “Tăng cường kiểm tra”"),
        ("ÐaÒng bôò huyêòn hoòp ðâÌu nãm", "Đảng bộ huyện họp đầu năm"),
        ("Ðäng bµ huy®n h÷p ð¥u nåm", "Đảng bộ huyện họp đầu năm"),
        ("Ä\x90áº£ng bá»™ huyá»‡n Háº£i Háº\xadu", "Đảng bộ huyện Hải Hậu"),
    ],
)
def test_what_an_older_encoding_looks_like_is_repaired(text: str, meant: str) -> None:
    assert repaired(text) == meant
    assert repaired("\ufeff" + text + "\n") == "\ufeff" + meant + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_garbled_document_comes_out_right_with_its_short_lines(name: str) -> None:
    text = "\n".join(ARTICLE)
    expected = text.replace("Ảnh", "ảnh") if name == "tcvn3" else text  # VN3 has no Ả
    assert repaired(garbled(text, name)) == expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrong", [[0, 1], [1, 3], [3, 5], [1, 2, 3], [0, 1, 2, 3, 4]])
def test_a_mixed_document_comes_out_right(name: str, wrong: list[int]) -> None:
    meant = [
        line.replace("Ảnh", "ảnh") if name == "tcvn3" and place in wrong else line for place, line in enumerate(ARTICLE)
    ]
    mixed = [garbled(line, name) if place in wrong else line for place, line in enumerate(ARTICLE)]
    assert repaired("\n".join(mixed)).split("\n") == meant


def test_paragraphs_in_several_encodings_come_out_right() -> None:
    line = ARTICLE[1]
    assert repaired("\n".join([line, *(garbled(line, name) for name in NAMES), line])) == "\n".join([line] * 6)


def test_words_of_today_in_a_line_stay_and_a_part_is_repaired_only_where_its_ends_are_sure() -> None:
    assert repaired("Đơn vị:\tHuyÖn ®oµn Phó L¹c") == "Đơn vị:\tHuyện đoàn Phú Lạc"
    assert repaired("Trích: «§¶ng bé huyÖn» (Đảng bộ huyện)") == "Trích: «§¶ng bé huyÖn» (Đảng bộ huyện)"
    assert repaired("Cơ sở §¶ng bé huyÖn đã họp") == "Cơ sở Đảng bộ huyện đã họp"
    assert repaired("Cơ sở bé §¶ng huyÖn đã họp") == "Cơ sở bé §¶ng huyÖn đã họp"  # bé or bộ?


def test_a_word_that_tells_nothing_alone_goes_with_its_neighbours() -> None:
    assert repaired("Bé") == "Bé"
    assert repaired("Bé\n§¶ng bé huyÖn Phó L¹c") == "Bộ\nĐảng bộ huyện Phú Lạc"
    assert repaired("An Hoàng\n" + "Toâi laø ngöôøi thoân Phuù Laïc.\n" * 5).startswith("An Hồng\nTôi là người thôn")
    assert repaired("Đảng bộ huyện Phú Lạc\nBé\n§¶ng bé huyÖn Phó L¹c").split("\n")[1] == "Bé"


# --- laws ---


@given(lines=paragraphs)
def test_right_vietnamese_never_changes(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert repaired(text) == text


@given(lines=paragraphs, name=st.sampled_from(NAMES), wrong=st.sets(st.integers(0, 7)))
def test_each_line_is_left_alone_or_read_as_the_document_is_and_long_ones_come_out_right(
    lines: list[str], name: str, wrong: set[int]
) -> None:
    mixed = [garbled(line, name) if place in wrong else line for place, line in enumerate(lines)]
    found = repaired("\n".join(mixed)).split("\n")
    assert len(found) == max(1, len(lines))
    for line, meant, before in zip(found, lines, mixed, strict=False):
        assert line in (meant, before) or len(before.split()) < 8
        assert line == meant or len(set(before.split())) < 20


@given(text=st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=300))
def test_lines_stay_lines_whatever_the_text(text: str) -> None:
    assert repaired(text).count("\n") == text.count("\n")


@given(text=st.text(alphabet=st.characters(max_codepoint=0x7F)))
def test_ascii_never_changes(text: str) -> None:
    assert repaired(text) == text


@pytest.mark.parametrize("piece", ["é", "µ ", "Bé\n", "§¶ng bé huyÖn\t", "aâ", "Aé", "ộ§¶ "])
def test_a_megabyte_of_anything_takes_linear_time(piece: str) -> None:
    with time_limit(20):
        repaired(piece * (500_000 // len(piece)))
