"""DOCX files as python-docx writes them, with what word processors add put in by hand; and hostile ones."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.readers import Hints, Reading
from embeddings.readers.docx import read
from embeddings.records import Kind
from tests import pdf_bytes
from tests.fakes import time_limit
from tests.readings import assert_reason, assert_sound, paragraphs, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from docx.document import Document

BODY = (
    "Sáng nay, Ủy ban nhân dân xã Vĩnh Trà khánh thành cầu Bến Lâm dài 48 mét bắc qua suối Nậm Lâm, "
    "nối hai thôn Bến Lâm và Khe Sặt với trung tâm xã."
)


def made(document: Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def empty() -> Document:
    return docx.Document()


def reading_of(data: bytes) -> Reading:
    (reading,) = read(data, Hints(".docx"))
    assert_sound(reading)
    return reading


def repacked(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The archive with each member as `change(name, bytes)` gives it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def with_xml(before: str, after: str, member: str = "word/document.xml") -> bytes:
    """A document of one paragraph, `before` in a member's XML replaced by `after`."""
    document = empty()
    document.add_paragraph(BODY)
    data = made(document)

    def change(name: str, content: bytes) -> bytes:
        return content.replace(before.encode(), after.encode(), 1) if name == member else content

    assert repacked(data, change) != repacked(data, lambda _, content: content)
    return repacked(data, change)


def sample() -> bytes:
    document = empty()
    document.core_properties.title = "Mẫu cũ của năm ngoái"
    document.core_properties.author = "Người gõ máy"
    document.add_heading("Xã Vĩnh Trà khánh thành cầu Bến Lâm", 0)
    document.add_paragraph("Vĩnh Trà, ngày 12 tháng 6 năm 2021")
    document.add_paragraph(BODY)
    document.add_heading("Nhà nhà góp công", 1)
    document.add_paragraph("Cầu mới trong ngày hội", style="Caption")
    table = document.add_table(2, 2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells),
        ["Hạng mục", "Kinh phí", "Mố cầu", "1,2 tỷ đồng"],
        strict=True,
    ):
        cell.text = text
    document.add_paragraph(
        "Theo ban quản lý, cầu chịu được xe mười tấn và qua được ba mùa lũ mà không phải sửa chữa gì thêm."
    )
    document.add_paragraph("Lò Văn Thạch")
    document.sections[0].header.paragraphs[0].text = "Bản tin nội bộ"
    document.sections[0].footer.paragraphs[0].text = "Lưu hành trong xã"
    return made(document)


def test_paragraphs_headings_tables_and_captions_come_in_order() -> None:
    assert shown(reading_of(sample())) == [
        (Kind.TITLE, "Xã Vĩnh Trà khánh thành cầu Bến Lâm"),
        (Kind.DATE, "Vĩnh Trà, ngày 12 tháng 6 năm 2021"),
        (Kind.BODY, BODY),
        (Kind.BODY, "Nhà nhà góp công"),
        (Kind.CAPTION, "Cầu mới trong ngày hội"),
        (Kind.BODY, "Hạng mục | Kinh phí"),
        (Kind.BODY, "Mố cầu | 1,2 tỷ đồng"),
        (
            Kind.BODY,
            "Theo ban quản lý, cầu chịu được xe mười tấn và qua được ba mùa lũ mà không phải sửa chữa gì thêm.",
        ),
        (Kind.BYLINE, "Lò Văn Thạch"),
    ]


def test_title_day_and_author_come_from_the_text_not_from_the_files_properties() -> None:
    assert reading_of(sample()).front_matter == {
        "title": "Xã Vĩnh Trà khánh thành cầu Bến Lâm",
        "published": "2021-06-12",
        "author": "Lò Văn Thạch",
    }


def test_without_styles_the_largest_line_at_the_top_is_the_title() -> None:
    document = empty()
    for text, size in (("BẢN TIN XÃ", 12), ("Chè Bến Lâm tìm đường ra nước ngoài", 18), (BODY, 13)):
        document.add_paragraph().add_run(text).font.size = Pt(size)
    assert reading_of(made(document)).front_matter["title"] == "Chè Bến Lâm tìm đường ra nước ngoài"


def test_of_lines_of_one_size_the_last_bold_one_before_the_text_is_the_title() -> None:
    document = empty()
    for text in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "BÁO CÁO",
        "Kết quả trồng rừng sáu tháng đầu năm",
        "I. Kết quả đạt được",
    ):
        document.add_paragraph().add_run(text).bold = True
    document.add_paragraph(BODY)
    assert reading_of(made(document)).front_matter["title"] == "Kết quả trồng rừng sáu tháng đầu năm"


def test_a_stated_title_counts_where_the_text_has_it() -> None:
    document = empty()
    document.core_properties.title = "Chuyện một cây cầu nhỏ"
    document.add_paragraph("Chuyện một cây cầu nhỏ")
    document.add_paragraph(BODY)
    assert reading_of(made(document)).front_matter == {"title": "Chuyện một cây cầu nhỏ"}


def test_two_days_are_none() -> None:
    document = empty()
    for text in ("Ngày 3 tháng 4 năm 2020", "Ngày 5 tháng 6 năm 2021", BODY):
        document.add_paragraph(text)
    assert "published" not in reading_of(made(document)).front_matter


def test_what_was_deleted_under_revision_is_gone_and_what_was_inserted_stays() -> None:
    document = empty()
    paragraph = document.add_paragraph("Cầu dài ")
    for tag, inner, text in (("del", "delText", "60"), ("ins", "t", "48")):
        paragraph._p.append(
            parse_xml(
                f'<w:{tag} {nsdecls("w")} w:id="1" w:author="a"><w:r><w:{inner}>{text}</w:{inner}></w:r></w:{tag}>'
            )
        )
    paragraph.add_run(" mét.")
    moved = parse_xml(f'<w:moveFrom {nsdecls("w")} w:id="2"><w:r><w:t>Đã dời đi.</w:t></w:r></w:moveFrom>')
    paragraph._p.append(moved)
    assert reading_of(made(document)).text == "Cầu dài 48 mét.\n"


def test_links_controls_tabs_and_breaks_are_part_of_the_text_and_hidden_words_are_not() -> None:
    document = empty()
    paragraph = document.add_paragraph("Xem ")
    for xml in (
        "<w:hyperlink {w}><w:r><w:t>trang của xã</w:t></w:r></w:hyperlink>",
        "<w:sdt {w}><w:sdtContent><w:r><w:t>, mục tin</w:t></w:r></w:sdtContent></w:sdt>",
        "<w:r {w}><w:tab/><w:t>hôm</w:t><w:br/><w:t>nay</w:t><w:noBreakHyphen/><w:t>mai</w:t></w:r>",
        '<w:r {w}><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText></w:r>',
        "<w:r {w}><w:rPr><w:vanish/></w:rPr><w:t>giấu</w:t></w:r>",
    ):
        paragraph._p.append(parse_xml(xml.format(w=nsdecls("w"))))
    assert reading_of(made(document)).text == "Xem trang của xã, mục tin hôm nay-mai\n"


def test_a_text_box_is_read_once_after_the_paragraph_it_hangs_on() -> None:
    document = empty()
    paragraph = document.add_paragraph("Trước khung.")
    box = "<w:txbxContent><w:p><w:r><w:t>Trong khung.</w:t></w:r></w:p></w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    paragraph._p.append(
        parse_xml(
            f"<w:r {nsdecls('w')} {mc}><mc:AlternateContent><mc:Choice Requires='wps'>{box}</mc:Choice>"
            f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r>"
        )
    )
    document.add_paragraph("Sau khung.")
    assert paragraphs(reading_of(made(document))) == ["Trước khung.", "Trong khung.", "Sau khung."]


def test_a_table_without_lines_that_only_places_things_gives_its_cells_one_after_the_other() -> None:
    document = empty()
    left, right = document.add_table(1, 2).rows[0].cells
    left.text, right.text = "UBND XÃ VĨNH TRÀ", "Độc lập - Tự do - Hạnh phúc"
    right.add_paragraph("Vĩnh Trà, ngày 5 tháng 7 năm 2023")
    document.add_paragraph(BODY)
    reading = reading_of(made(document))
    assert paragraphs(reading)[:3] == [
        "UBND XÃ VĨNH TRÀ",
        "Độc lập - Tự do - Hạnh phúc",
        "Vĩnh Trà, ngày 5 tháng 7 năm 2023",
    ]
    assert reading.front_matter["published"] == "2023-07-05"


def test_a_row_of_a_table_with_lines_is_one_line_whatever_its_cells_hold() -> None:
    document = empty()
    left, right = document.add_table(1, 2, style="Table Grid").rows[0].cells
    left.text, right.text = "Thôn Khe Sặt", "39 ha"
    right.add_paragraph("trồng mới")
    assert paragraphs(reading_of(made(document))) == ["Thôn Khe Sặt | 39 ha trồng mới"]


def test_tables_of_contents_are_left_out() -> None:
    document = empty()
    document.styles.add_style("toc 1", 1)
    document.add_paragraph("Nhà nhà góp công 3", style="toc 1")
    document.add_paragraph(BODY)
    assert paragraphs(reading_of(made(document))) == [BODY]


def test_tcvn3_fonts_come_out_as_vietnamese_over_all_their_runs() -> None:
    document = empty()
    paragraph = document.add_paragraph()
    said = "Đảng ủy xã hướng dẫn bà con trồng rừng từ năm 2019 đến nay"
    for piece in (said[:1], said[1:20], said[20:]):
        run = paragraph.add_run(pdf_bytes.tcvn3(piece).decode("latin-1"))
        run.font.name = ".VnTime"
    heading = document.add_paragraph().add_run(pdf_bytes.tcvn3("rừng đầu nguồn được bảo vệ").decode("latin-1"))
    heading.font.name = ".VnTimeH"  # a font that shows capitals for small letters
    document.add_paragraph("Dòng này đã là Unicode.")
    assert paragraphs(reading_of(made(document))) == [said, "RỪNG ĐẦU NGUỒN ĐƯỢC BẢO VỆ", "Dòng này đã là Unicode."]


def test_decomposed_letters_are_composed() -> None:
    document = empty()
    document.add_paragraph("Bê\u0301n Lâm o\ufb03ce")
    assert reading_of(made(document)).text == "Bến Lâm office\n"


def test_a_document_without_text_is_refused() -> None:
    with pytest.raises(ValueError, match="no text"):
        reading_of(made(empty()))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"%PDF-1.7", sample()[:500], sample()[:-30]])
def test_what_is_no_docx_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a DOCX that can be read"):
        reading_of(data)


def test_an_old_or_encrypted_document_is_refused_with_the_cure() -> None:
    with pytest.raises(ValueError, match=r"an old \.doc or an encrypted document; save it as \.docx"):
        reading_of(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600)


def test_an_archive_of_something_else_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("bai.txt", "không phải DOCX")
    with pytest.raises(ValueError, match=r"has no word/document\.xml"):
        reading_of(out.getvalue())


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    data = repacked(
        sample(), lambda name, content: content + b" " * 200_000_000 if name == "docProps/core.xml" else content
    )
    assert len(data) < 400_000
    with time_limit(5), pytest.raises(ValueError, match="unpacks to more than"):
        reading_of(data)


def test_a_zip_bomb_whose_directory_lies_is_refused() -> None:
    """It says that a member has 10 bytes."""
    padded = repacked(
        sample(), lambda name, content: content + b" " * 50_000_000 if name == "word/document.xml" else content
    )
    with zipfile.ZipFile(io.BytesIO(padded)) as archive:
        size = archive.getinfo("word/document.xml").file_size
    lying = padded.replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != padded
    with time_limit(5), pytest.raises(ValueError, match=r"damaged|unpacks to more"):
        reading_of(lying)


def laughs() -> str:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE w:document [<!ENTITY l0 "ha">{levels}]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("member", ["word/document.xml", "word/styles.xml", "docProps/core.xml", "_rels/.rels"])
def test_entities_are_refused_wherever_they_are_declared(member: str, encoding: str) -> None:
    def change(name: str, content: bytes) -> bytes:
        if name != member:
            return content
        body = content.decode().split("?>", 1)[1]
        return f"<?xml version='1.0' encoding='{encoding}'?>{laughs()}{body}".encode(encoding)

    with time_limit(5), pytest.raises(ValueError, match="its XML declares entities"):
        reading_of(repacked(sample(), change))


def test_no_file_is_read_for_an_external_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("mật khẩu của máy chủ")
    doctype = f'<!DOCTYPE w:document [<!ENTITY x SYSTEM "{secret.as_uri()}">]><w:document'
    with pytest.raises(ValueError, match="its XML declares entities") as refused:
        reading_of(with_xml("<w:document", doctype))
    assert "mật khẩu" not in str(refused.value)
    external = f'<!DOCTYPE w:document SYSTEM "{secret.as_uri()}"><w:document'
    assert reading_of(with_xml("<w:document", external)).text == f"{BODY}\n"


def test_an_encoding_that_could_hide_a_declaration_is_refused() -> None:
    def change(name: str, content: bytes) -> bytes:
        other = content.replace(b"UTF-8", b"utf-7", 1)
        return other if name == "word/document.xml" else content

    with pytest.raises(ValueError, match="its XML is in utf-7"):
        reading_of(repacked(sample(), change))


def test_elements_within_each_other_without_end_are_refused() -> None:
    deep = "<w:p><w:r>" + "<w:smartTag>" * 3000 + "<w:t>a</w:t>" + "</w:smartTag>" * 3000 + "</w:r></w:p><w:p>"
    with pytest.raises(ValueError, match=r"damaged \(word/document\.xml is not valid XML\)"):
        reading_of(with_xml("<w:p>", deep))


def test_a_style_that_is_based_on_itself_is_no_trap() -> None:
    document = empty()
    style = document.styles["Normal"]
    style.element.append(parse_xml(f'<w:basedOn {nsdecls("w")} w:val="{style.element.get(qn("w:styleId"))}"/>'))
    document.add_paragraph(BODY)
    with time_limit(5):
        assert reading_of(made(document)).text == f"{BODY}\n"


SAMPLE = sample()


@settings(max_examples=150)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20))
def test_damaged_files_are_refused_or_give_sound_readings(changes: list[tuple[float, int]]) -> None:
    data = bytearray(SAMPLE)
    for place, byte in changes:
        data[int(place * len(data))] = byte
    sound_or_refused(bytes(data))


@settings(max_examples=150)
@given(
    member=st.sampled_from(["word/document.xml", "word/styles.xml", "docProps/core.xml", "_rels/.rels"]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6)), min_size=1, max_size=12),
)
def test_damaged_xml_is_refused_or_gives_sound_readings(member: str, changes: list[tuple[float, bytes]]) -> None:
    def change(name: str, content: bytes) -> bytes:
        if name != member:
            return content
        for place, put in changes:
            at = int(place * len(content))
            content = content[:at] + put + content[at + len(put) :]
        return content

    sound_or_refused(repacked(SAMPLE, change))


@settings(max_examples=60)
@given(st.lists(st.text("aăbcdđeêoôơuư 1290.,-", max_size=30), min_size=1, max_size=8))
def test_every_paragraph_is_there_in_order(texts: list[str]) -> None:
    document = empty()
    for text in texts:
        document.add_paragraph(text)
    expected = [" ".join(text.split()) for text in texts if text.strip()]
    if expected:
        assert paragraphs(reading_of(made(document))) == expected


def sound_or_refused(data: bytes) -> None:
    try:
        found = list(read(data, Hints(".docx")))
    except ValueError as refused:
        assert_reason(refused)
        return
    for reading in found:
        assert_sound(reading)
