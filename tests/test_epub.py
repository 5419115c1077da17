"""EPUB files of both versions, made here member by member; and hostile ones."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.readers import Hints, Reading
from embeddings.readers.epub import read
from embeddings.records import Kind
from tests.fakes import time_limit
from tests.pdf_bytes import tcvn3
from tests.readings import assert_reason, assert_sound, paragraphs, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/sach.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
METADATA = (
    "<dc:title>Chuyện Bến Lâm</dc:title><dc:creator>Lò Văn Thạch</dc:creator><dc:creator>Hà Thị Ín</dc:creator>"
    '<dc:creator opf:role="ill">Mùa A Dế</dc:creator><dc:publisher>Nhà xuất bản Núi Xa</dc:publisher>'
    "<dc:date>2030-01-01</dc:date>"
    '<dc:date opf:event="publication">2021-06-12</dc:date><dc:language>vi</dc:language>'
)
LONG = "Suối Nậm Lâm chảy qua ba thôn, mùa nào cũng đủ nước cho đồng ruộng. " * 200
BRIEF = "<h1>Cây cầu mới</h1><p>Sáng nay, xã Vĩnh Trà khánh thành cầu Bến Lâm.</p>"


def page(body: str, doctype: str = "<!DOCTYPE html>") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n{doctype}<html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>tệp</title></head><body>{body}</body></html>'
    )


def book(
    pages: Sequence[str], metadata: str = METADATA, more: Mapping[str, str | bytes] | None = None, nav: str = ""
) -> bytes:
    """An EPUB with these pages in its spine; a page for navigation before them where `nav` is given."""
    names = [*(["nav.xhtml"] if nav else []), *(f"text/chuong%20{number}.xhtml" for number in range(len(pages)))]
    items = "".join(
        f'<item id="i{at}" href="{name}" media-type="application/xhtml+xml" properties="{name.partition(".")[0]}"/>'
        for at, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="i{at}"/>' for at in range(len(names)))
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" xmlns:opf="http://www.idpf.org/2007/opf" '
        f'version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata>'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    members: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/sach.opf": package,
        **({"OEBPS/nav.xhtml": page(nav)} if nav else {}),
        **{f"OEBPS/text/chuong {number}.xhtml": text for number, text in enumerate(pages)},
        **(more or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def readings_of(data: bytes) -> list[Reading]:
    found = list(read(data, Hints(".epub")))
    for reading in found:
        assert_sound(reading)
    return found


def reading_of(data: bytes) -> Reading:
    (reading,) = readings_of(data)
    return reading


def text_of(body: str) -> list[str]:
    return paragraphs(reading_of(book([page(body)])))


def test_a_short_book_is_one_article_with_what_its_package_says() -> None:
    reading = reading_of(book([page(BRIEF), page("<p>Cầu dài 48 mét.</p>")]))
    assert reading.part == ""
    assert reading.front_matter == {
        "title": "Chuyện Bến Lâm",
        "author": "Lò Văn Thạch, Hà Thị Ín",
        "source": "Nhà xuất bản Núi Xa",
        "published": "2021-06-12",
    }
    assert shown(reading) == [
        (Kind.TITLE, "Cây cầu mới"),
        (Kind.BODY, "Sáng nay, xã Vĩnh Trà khánh thành cầu Bến Lâm."),
        (Kind.BODY, "Cầu dài 48 mét."),
    ]


def test_each_chapter_of_a_long_book_is_an_article() -> None:
    pages = [
        page("<h1>Phần một</h1>"),
        page(f"<h2>Dòng suối</h2><p>{LONG}</p>"),
        page(f"<p>{LONG}</p>"),
        page(f"<h2>Cây cầu</h2><p>{LONG}</p>"),
        page("<p>In tại Vĩnh Trà.</p>"),
    ]
    found = readings_of(book(pages))
    assert [(reading.part, reading.front_matter["title"]) for reading in found] == [
        ("1", "Chuyện Bến Lâm — Dòng suối"),
        ("2", "Chuyện Bến Lâm"),
        ("3", "Chuyện Bến Lâm — Cây cầu"),
    ]
    assert paragraphs(found[0])[0] == "Phần một"  # a page with hardly anything goes with the next one
    assert paragraphs(found[2])[-1] == "In tại Vĩnh Trà."
    assert all(reading.front_matter["author"] == "Lò Văn Thạch, Hà Thị Ín" for reading in found)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ('<dc:date opf:event="publication">2021-06-12</dc:date>', "2021-06-12"),
        ('<meta property="dcterms:issued">2019-02-28</meta>', "2019-02-28"),
        ('<dc:date opf:event="modification">2021-06-12</dc:date>', None),
        ("<dc:date>2021-06-12</dc:date>", None),
        ('<dc:date opf:event="publication">2021</dc:date>', None),
        ('<dc:date opf:event="publication">0101-01-01</dc:date>', None),
    ],
)
def test_only_a_day_of_publication_is_one(metadata: str, expected: str | None) -> None:
    assert reading_of(book([page(BRIEF)], metadata)).front_matter.get("published") == expected


def test_a_book_without_metadata_has_its_heading_as_title() -> None:
    assert reading_of(book([page(BRIEF)], metadata="")).front_matter == {"title": "Cây cầu mới"}


def test_blocks_are_lines_and_captions_are_known() -> None:
    body = (
        "<div>Lời mở<p>Đoạn <b>một</b>,\n còn tiếp.</p><ul><li>rau</li><li>quả</li></ul>"
        "<figure><img/><figcaption>Chợ phiên</figcaption></figure><blockquote>Có công mài sắt</blockquote>"
        "<table><tr><th>Thôn</th><th>Cây</th></tr><tr><td>Bến Lâm</td><td>46</td></tr></table>cuối</div>"
    )
    assert shown(reading_of(book([page(body)]))) == [
        (Kind.BODY, "Lời mở"),
        (Kind.BODY, "Đoạn một, còn tiếp."),
        (Kind.BODY, "rau"),
        (Kind.BODY, "quả"),
        (Kind.CAPTION, "Chợ phiên"),
        (Kind.BODY, "Có công mài sắt"),
        (Kind.BODY, "Thôn | Cây"),
        (Kind.BODY, "Bến Lâm | 46"),
        (Kind.BODY, "cuối"),
    ]


def test_one_break_is_a_space_and_two_part_paragraphs() -> None:
    assert text_of("<p>Dòng một<br/>dòng hai<br/><br/>Đoạn hai</p>") == ["Dòng một dòng hai", "Đoạn hai"]


def test_notes_page_numbers_scripts_and_tables_of_contents_are_left_out() -> None:
    body = (
        '<p>Trước<a epub:type="noteref" href="#n">1</a> sau<span epub:type="pagebreak">12</span>.</p>'
        '<aside epub:type="footnote"><p>Ghi chú</p></aside><script>var a = "b";</script><style>p {}</style>'
        '<p hidden="">giấu</p><nav><ol><li>Mục lục</li></ol></nav><p>Cuối</p>'
    )
    assert text_of(body) == ["Trước sau.", "Cuối"]
    assert "Mục lục" not in reading_of(book([page(BRIEF)], nav="<p>Mục lục</p>")).text


def test_named_entities_of_html_are_known() -> None:
    assert text_of("<p>Bến&nbsp;Lâm &amp; Khe S&#7863;t &lt;2021&gt; &hellip;</p>") == ["Bến Lâm & Khe Sặt <2021> …"]


def test_a_page_that_is_no_valid_xml_is_read_as_html() -> None:
    assert text_of("<p>Đoạn một<p>Đoạn <i>hai</p>") == ["Đoạn một", "Đoạn hai"]


def test_old_encodings_come_out_as_vietnamese() -> None:
    said = "Đảng ủy xã hướng dẫn bà con trồng rừng từ năm 2019 đến nay"
    assert text_of(f"<p>{tcvn3(said).decode('latin-1')}</p>") == [said]


def test_a_page_that_is_missing_is_passed_over() -> None:
    data = book([page(BRIEF), page("<p>Trang hai</p>")])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if "chuong 1" not in name:
                new.writestr(name, old.read(name))
    assert "Trang hai" not in reading_of(out.getvalue()).text


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"%PDF", book([page(BRIEF)])[:400]])
def test_what_is_no_epub_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not an EPUB that can be read"):
        reading_of(data)


def test_an_archive_of_something_else_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("bai.txt", "không phải EPUB")
    with pytest.raises(ValueError, match=r"has no META-INF/container\.xml"):
        reading_of(out.getvalue())


@pytest.mark.parametrize("body", ["", "<p> </p>", '<img src="bia.png"/>'])
def test_a_book_of_pictures_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match="no text"):
        reading_of(book([page(body)]))


def encryption(algorithm: str) -> dict[str, str | bytes]:
    method = f'<EncryptionMethod Algorithm="{algorithm}"/>'
    data = f'<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#">{method}</EncryptedData>'
    outer = f'<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container">{data}</encryption>'
    return {"META-INF/encryption.xml": outer}


def test_a_protected_book_is_refused_and_one_with_disguised_fonts_is_not() -> None:
    with pytest.raises(ValueError, match="protected by DRM"):
        reading_of(book([page(BRIEF)], more=encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc")))
    for harmless in ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"):
        assert reading_of(book([page(BRIEF)], more=encryption(harmless))).front_matter["title"] == "Chuyện Bến Lâm"


def test_a_zip_bomb_is_refused() -> None:
    with time_limit(10), pytest.raises(ValueError, match="unpacks to more than"):
        reading_of(book([page(BRIEF)], more={"OEBPS/anh.png": b"\0" * 200_000_000}))


def test_entities_of_a_page_are_never_expanded() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    doctype = f'<!DOCTYPE html [<!ENTITY l0 "ha">{levels}]>'
    with time_limit(5):
        try:
            found = readings_of(book([page("<p>Trước &l11; sau</p>", doctype)]))
        except ValueError:
            return
    assert all(len(reading.text) < 5000 for reading in found)


def test_no_file_is_read_for_an_external_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("mật khẩu của máy chủ")
    internal = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    external = f'<!DOCTYPE html SYSTEM "{secret.as_uri()}">'
    for doctype in (internal, external):
        try:
            found = readings_of(book([page("<p>Trước &x; sau</p>", doctype)]))
        except ValueError:
            continue
        assert not any("mật khẩu" in reading.text for reading in found)


def test_entities_of_the_package_are_refused() -> None:
    data = book([page(BRIEF)])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"<package", b'<!DOCTYPE package [<!ENTITY a "b">]><package'))
    with pytest.raises(ValueError, match="its XML declares entities"):
        reading_of(out.getvalue())


def test_elements_within_each_other_without_end_do_no_harm() -> None:
    with time_limit(5):
        try:
            found = readings_of(book([page("<div>" * 5000 + "sâu" + "</div>" * 5000)]))
        except ValueError:
            return
    assert len(found) == 1


def test_a_book_that_leads_out_of_its_archive_reads_nothing_there() -> None:
    data = book([page(BRIEF)])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"text/chuong%200.xhtml", b"../../../../etc/hostname"))
    with pytest.raises(ValueError, match="no text"):
        reading_of(out.getvalue())


SAMPLE = book([page(BRIEF), page(f"<h2>Dòng suối</h2><p>{LONG}</p>"), page(f"<p>{LONG}</p>")], nav="<p>Mục lục</p>")


@settings(max_examples=150)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20))
def test_damaged_files_are_refused_or_give_sound_readings(changes: list[tuple[float, int]]) -> None:
    data = bytearray(SAMPLE)
    for place, byte in changes:
        data[int(place * len(data))] = byte
    sound_or_refused(bytes(data))


@settings(max_examples=150)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6)), min_size=1, max_size=12))
def test_damaged_members_are_refused_or_give_sound_readings(changes: list[tuple[float, bytes]]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SAMPLE)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            for place, put in changes:
                at = int(place * min(len(content), 600))
                content = content[:at] + put + content[at + len(put) :]
            new.writestr(name, content)
    sound_or_refused(out.getvalue())


MARKUP = [*"aăb<>/&;= \n", "<p>", "</p>", "<br/>", "<td>", "<table>", "&nbsp;", "<nav>", "\0"]


@settings(max_examples=100)
@given(st.lists(st.sampled_from(MARKUP)))
def test_any_markup_gives_sound_readings_or_none(body: list[str]) -> None:
    sound_or_refused(book([page("".join(body))]))


def sound_or_refused(data: bytes) -> None:
    try:
        readings_of(data)
    except ValueError as refused:
        assert_reason(refused)
        return
