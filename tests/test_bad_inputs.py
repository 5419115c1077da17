"""Every bad input that we know, in a folder beside a good article, through a whole build: the good one is indexed, the
bad one is read right or listed with its reason. One row a test.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from embeddings import pipeline
from embeddings.index import open_index
from embeddings.records import Article
from embeddings.settings import Readers
from tests import legacy_bytes, pdf_bytes
from tests.fakes import PARAGRAPH, HashingEncoder, index_settings

HERE = Path(__file__).parent
TEXT = "Huyện Cẩm Thạch mở hội làng\n\n" + PARAGRAPH.replace("Hải Hậu", "Cẩm Thạch") + "\n"


def built(folder: Path, bad: Callable[[Path], object]) -> tuple[dict[str, Article], dict[str, str]]:
    """({file: article}, {file: reason}) of a build over a good article and what `bad` puts beside it."""
    source = folder / "articles"
    source.mkdir()
    (source / "tot.txt").write_text(PARAGRAPH, "utf-8")
    bad(source)
    settings = index_settings(source, folder / "index").model_copy(
        update={"readers": Readers(seconds=5, megabytes=128)}
    )
    encoder = HashingEncoder()
    report = pipeline.build(settings, encoder)
    index = open_index(folder / "index", encoder.fingerprint)
    articles = {Path(found.path).name: found for found in index.articles()}
    index.close()
    assert "tot.txt" in articles
    return articles, {Path(item.path).name: item.reason for item in report.skipped}


def put(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(data)


def zipped(members: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


_DOCX = {
    "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "word/document.xml": b"",
}
_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]><x>&j;</x>"
).encode()
_XXE = b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&f;</title></item></channel></rss>'
_DEEP = "<div>" * 3_000 + TEXT + "</div>" * 3_000


REFUSED: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "empty file": (put("x.txt", b""), "x.txt", "empty"),
    "binary named .txt": (put("x.txt", bytes(range(256)) * 40), "x.txt", "binary"),
    "NUL bytes": (put("x.txt", b"a\0b" + TEXT.encode()), "x.txt", "NUL"),
    "200 MB file": (
        lambda folder: _sparse(folder / "x.txt", 200_000_000),
        "x.txt",
        "200 MB, more than articles.max_meg",
    ),
    "symlink out of the folder": (
        lambda f: (f / "x.txt").symlink_to("/etc/passwd"),
        "x.txt",
        "leads out of the folder",
    ),
    "symlink loop": (lambda f: (f / "x.txt").symlink_to(f / "x.txt"), "x.txt", "leads nowhere"),
    "link to a folder": (lambda f: (f / "x").symlink_to(f), "x", "link to a folder"),
    "FIFO": (lambda f: os.mkfifo(f / "x.txt"), "x.txt", "not a plain file"),
    "/dev/zero": (lambda f: (f / "x.txt").symlink_to("/dev/zero"), "x.txt", "leads out of the folder"),
    "docx zip bomb": (
        put("x.docx", zipped({**_DOCX, "word/document.xml": bytes(400_000_000)})),
        "x.docx",
        "unpacks to",
    ),
    "epub zip bomb": (put("x.epub", zipped({"META-INF/container.xml": bytes(400_000_000)})), "x.epub", "unpacks to"),
    "XML billion laughs": (put("x.xml", _LAUGHS), "x.xml", "declar"),
    "billion laughs in a docx": (put("x.docx", zipped({**_DOCX, "word/document.xml": _LAUGHS})), "x.docx", ""),
    "XXE": (put("x.xml", _XXE), "x.xml", "declar"),
    "HTML nested beyond all reason": (put("x.html", _DEEP.encode()), "x.html", "nested too deeply"),
    "encrypted PDF": (lambda f: shutil.copy(HERE / "documents" / "encrypted.pdf", f / "x.pdf"), "x.pdf", "encrypted"),
    "scanned PDF": (lambda f: shutil.copy(HERE / "documents" / "scanned.pdf", f / "x.pdf"), "x.pdf", "OCR"),
    "PDF bomb": (put("x.pdf", pdf_bytes.bomb(2_000)), "x.pdf", "needs more than|breaks its reader"),
    "endless PDF": (
        put("x.pdf", pdf_bytes.endless()),
        "x.pdf",
        "took longer than 5 s|needs more than|breaks its reader",
    ),
    "broken PDF": (put("x.pdf", b"%PDF-1.7\nbroken"), "x.pdf", "not a PDF"),
    "broken JSON": (put("x.json", b'{"title": '), "x.json", ""),
    "JSON nested without end": (put("x.json", b"[" * 200_000), "x.json", ""),
    "unknown format": (put("x.exe", b"MZ"), "x.exe", r"format \.exe is not read"),
}


def _sparse(file: Path, size: int) -> None:
    with file.open("wb") as opened:
        opened.truncate(size)


@pytest.mark.parametrize("row", REFUSED)
def test_what_cannot_be_read_is_listed_and_the_build_goes_on(row: str, tmp_path: Path) -> None:
    bad, name, reason = REFUSED[row]
    articles, skipped = built(tmp_path, bad)
    assert re.search(reason, skipped[name])
    assert skipped[name]
    assert name not in articles
    assert all("root:" not in article.text for article in articles.values())


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


READ: dict[str, bytes] = {
    "NFD": unicodedata.normalize("NFD", TEXT).encode(),
    "byte order mark": TEXT.encode("utf-8-sig"),
    "UTF-16 without BOM": _utf16(TEXT),
    "UTF-16 with BOM": TEXT.encode("utf-16"),
    "carriage returns": TEXT.replace("\n", "\r\n").encode(),
    "Windows-1258": legacy_bytes.encoded(TEXT, legacy_bytes.WINDOWS_1258),
    "TCVN3": legacy_bytes.encoded(TEXT, legacy_bytes.TCVN),
    "VNI": legacy_bytes.encoded(TEXT, legacy_bytes.VNI),
    "VISCII": legacy_bytes.encoded(TEXT, legacy_bytes.VISCII),
}


@pytest.mark.parametrize("row", READ)
def test_every_dress_of_a_text_is_read_right(row: str, tmp_path: Path) -> None:
    articles, skipped = built(tmp_path, put("x.txt", READ[row]))
    assert skipped == {}
    assert articles["x.txt"].text.lstrip("\ufeff") == TEXT


def test_one_line_of_five_megabytes_is_read(tmp_path: Path) -> None:
    articles, skipped = built(tmp_path, put("x.txt", (PARAGRAPH + " ").encode() * 20_000))
    assert skipped == {}
    assert len(articles["x.txt"].text) > 4_000_000


def test_html_nested_300_deep_loses_nothing(tmp_path: Path) -> None:
    page = f"<html><title>Hội làng</title><body>{'<div>' * 300}<p>{PARAGRAPH}</p>{'</div>' * 300}</body></html>"
    articles, skipped = built(tmp_path, put("x.html", page.encode()))
    assert skipped == {}
    assert PARAGRAPH[:60] in articles["x.html"].text


@pytest.mark.parametrize("name", ["hai\ndòng.txt", "\"ngoặc\" 'kép'.txt", "\x1b[2J.txt", "x\udcff.txt"])
def test_a_file_of_any_name_is_indexed_and_shown_safely(name: str, tmp_path: Path) -> None:
    articles, skipped = built(
        tmp_path,
        lambda folder: (folder / os.fsencode(name).decode("utf-8", "surrogateescape")).write_text(TEXT, "utf-8"),
    )
    assert skipped == {}
    assert len(articles) == 2
    assert all(path.encode("utf-8") for path in articles)


def test_two_identical_files_are_one_article_and_both_paths_are_known(tmp_path: Path) -> None:
    def twice(folder: Path) -> None:
        for name in ("a.txt", "b.txt"):
            (folder / name).write_text(TEXT, "utf-8")

    articles, skipped = built(tmp_path, twice)
    assert skipped == {}
    assert [Path(path).name for path in articles["a.txt"].also_at] == ["b.txt"]


def test_a_file_that_vanishes_after_it_was_found_is_listed(tmp_path: Path) -> None:
    source = tmp_path / "articles"
    source.mkdir()
    (source / "a.txt").write_text(PARAGRAPH, "utf-8")
    (source / "b.txt").write_text(TEXT, "utf-8")

    class Vanishing(pipeline.Silent):
        def stage(self, name: str, total: int) -> None:  # noqa: ARG002
            if name == "read":
                (source / "b.txt").unlink()

    report = pipeline.build(index_settings(source, tmp_path / "index"), HashingEncoder(), Vanishing())
    assert report.articles == 1
    assert [(Path(item.path).name, item.reason) for item in report.skipped] == [
        ("b.txt", "cannot be read (No such file or directory)")
    ]


def test_a_refusal_is_remembered_and_costs_the_next_build_nothing(tmp_path: Path) -> None:
    built(tmp_path, put("x.pdf", pdf_bytes.bomb(2_000)))
    os.utime(tmp_path / "articles" / "x.pdf", (1, 1))
    settings = index_settings(tmp_path / "articles", tmp_path / "index")
    first = pipeline.build(settings, HashingEncoder())
    assert [Path(item.path).name for item in first.skipped] == ["x.pdf"]
