"""Bad files are reported, never fatal, never silent."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from embeddings.articles import find_files, shown
from embeddings.cleaning import clean
from embeddings.errors import SourceError
from embeddings.readers import KNOWN
from embeddings.records import Page, Skipped
from embeddings.settings import Articles
from tests.fakes import ROOT, WORDS, read_one

TEXT = "Đảng bộ huyện Hải Hậu có 14.500 đảng viên."


def read(file: Path, **settings: float) -> Page | Skipped:
    return read_one(file, Articles.model_validate({"source": (file,), **settings}))


def text_of(data: bytes, tmp_path: Path, name: str = "bai.txt") -> str:
    file = tmp_path / name
    file.write_bytes(data)
    page = read(file)
    assert isinstance(page, Page), page
    return page.text


def reasons(folder: Path) -> dict[str, str]:
    """{file name: why it is skipped}, over finding and reading."""
    settings = Articles(source=(folder,))
    files, skipped = find_files(settings)
    pages = [read_one(file, settings) for file in files]
    return {Path(s.path).name: s.reason for s in [*skipped, *(p for p in pages if isinstance(p, Skipped))]}


@pytest.mark.parametrize(
    "data",
    [TEXT.encode(), unicodedata.normalize("NFD", TEXT).encode()],
    ids=["composed", "decomposed"],
)
def test_utf8_in_every_dress_is_the_same_text(data: bytes, tmp_path: Path) -> None:
    assert text_of(data, tmp_path) == TEXT


@pytest.mark.parametrize("name", ["bai.txt", "bai.md"])
def test_a_byte_order_mark_counts_as_a_character_of_the_file_and_as_none_of_the_article(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_bytes(TEXT.encode("utf-8-sig"))
    page = read(file)
    assert isinstance(page, Page)
    (region,) = clean(page, WORDS)
    assert page.text == file.read_text("utf-8")
    assert page.text[region.start : region.end] == TEXT


def test_line_ends_of_every_system_become_one(tmp_path: Path) -> None:
    assert text_of(b"a\r\nb\rc\nd", tmp_path) == "a\nb\nc\nd"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (bytes(range(256)), "NUL bytes"),
        (
            unicodedata.normalize("NFD", "Tổng số đảng viên").replace("\u0302", "").encode("cp1258", "ignore")
            + b"\xd2",
            "not UTF-8",
        ),
        ("Đảng bộ".encode() + b"\xb5\xb6", "not UTF-8 (byte 12)"),
        (b"a\0b", "NUL bytes"),
    ],
    ids=["empty", "blank", "binary", "cp1258", "tcvn3", "nul"],
)
def test_what_is_no_text_is_skipped_with_the_reason(data: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "bai.txt").write_bytes(data)
    assert reason in reasons(tmp_path)["bai.txt"]


def test_a_file_over_the_limit_is_skipped_and_the_setting_named(tmp_path: Path) -> None:
    (tmp_path / "to.txt").write_bytes(b"a" * 1_000_001)
    found = read(tmp_path / "to.txt", max_megabytes=1)
    assert isinstance(found, Skipped)
    assert "articles.max_megabytes = 1" in found.reason
    assert isinstance(read(tmp_path / "to.txt", max_megabytes=1.1), Page)


def test_links_pipes_and_unknown_formats_are_not_opened(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(TEXT, "utf-8")
    folder = tmp_path / "articles"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "good.txt").write_text(TEXT, "utf-8")
    (folder / "out.txt").symlink_to(outside / "secret.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "gone.txt").symlink_to(folder / "nowhere.txt")
    (folder / "zero.txt").symlink_to("/dev/zero")
    (folder / "linked").symlink_to(outside)
    (folder / "up").symlink_to(tmp_path)
    (folder / "inside.txt").symlink_to(folder / "sub" / "good.txt")
    (folder / "page.doc").write_bytes(b"PK")
    (folder / "bare").write_bytes(b"x")
    os.mkfifo(folder / "pipe.txt")
    found = reasons(folder)
    assert {name: reason.split(";")[0] for name, reason in found.items()} == {
        "out.txt": "a link that leads out of the folder",
        "zero.txt": "a link that leads out of the folder",
        "loop.txt": "a link that leads nowhere",
        "gone.txt": "a link that leads nowhere",
        "linked": "a link to a folder",
        "up": "a link to a folder",
        "pipe.txt": "not a plain file",
        "page.doc": f"format .doc is not read (known: {KNOWN})",
        "bare": f"format without extension is not read (known: {KNOWN})",
    }
    files, _ = find_files(Articles(source=(folder,)))
    assert sorted(file.name for file in files) == ["good.txt", "inside.txt"]


@pytest.mark.parametrize(
    "name",
    [
        b"hai\ndong.txt",
        b"\"quoted\" 'x'.txt",
        b"x\xff\xfe.txt",
        b"x.\xff\xfe",
        "Đảng bộ.txt".encode(),
        b"\x1b[2J.txt",
        b" .TXT",
    ],
)
def test_an_odd_name_is_shown_as_valid_text(name: bytes, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(name)).write_text(TEXT, "utf-8")
    settings = Articles(source=(tmp_path,))
    files, skipped = find_files(settings)
    found = read_one(files[0], settings) if files else skipped[0]
    assert len(files) + len(skipped) == 1
    said = found.path + (found.reason if isinstance(found, Skipped) else found.text)
    assert said.encode("utf-8").decode("utf-8") == said
    assert isinstance(found, Page) == name.lower().endswith(b".txt")


def test_readmes_and_hidden_files_and_folders_are_no_articles(tmp_path: Path) -> None:
    for name in ("README.md", "README", ".hidden.txt", ".git/x.txt", "b/c.md", "a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TEXT, "utf-8")
    files, skipped = find_files(Articles(source=(tmp_path,)))
    assert [str(file.relative_to(tmp_path)) for file in files] == ["a.txt", "b/c.md"]
    assert skipped == []


def test_sources_that_overlap_give_each_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    monkeypatch.chdir(tmp_path)
    files, _ = find_files(Articles(source=(Path(), Path("a.txt"), tmp_path)))
    assert [shown(file) for file in files] == ["a.txt"]


def test_a_source_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"'.*/nowhere' does not exist\. Name a folder or file with --source"):
        find_files(Articles(source=(tmp_path / "nowhere",)))


_UNREADABLE = """
import os, sys
from pathlib import Path
from embeddings.articles import find_files
from embeddings.reading import InProcess, read_file
from embeddings.settings import IndexSettings
from embeddings.cleaning import clean
from embeddings.errors import SourceError
from embeddings.settings import Articles
for name in ("utf-8-sig", "cp1252", "cp1258", "utf-16"):
    "".encode(name)
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
os.chdir(sys.argv[1])
files, skipped = find_files(Articles(source=(Path("."),)))
for found in skipped:
    print(found.path, found.reason, sep=": ")
for file in files:
    for found in read_file(file, IndexSettings(), InProcess()):
        print(file, getattr(found, "reason", "read"), sep=": ")
for source in ("closed", "closed/in.txt", "listed/in.txt"):
    try:
        find_files(Articles(source=(Path(source),)))
    except SourceError as error:
        print(error)
"""


def test_what_may_not_be_read_is_listed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.owner() == tmp_path.owner() and str(parent).startswith("/tmp/"):  # noqa: S108 - pytest's own folders
            parent.chmod(0o755)
    for name in ("open.txt", "secret.txt", "closed/in.txt", "listed/in.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TEXT, "utf-8")
    (tmp_path / "secret.txt").chmod(0)
    (tmp_path / "closed").chmod(0)
    (tmp_path / "listed").chmod(0o744)
    child = subprocess.run(
        [sys.executable, "-c", _UNREADABLE, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    (tmp_path / "closed").chmod(0o755)
    cure = "Name a folder or file with --source, or set articles.source."
    assert child.stderr == ""
    assert child.stdout.splitlines() == [
        "closed: cannot be listed (Permission denied)",
        "listed/in.txt: cannot be read",
        "open.txt: read",
        "secret.txt: cannot be read (Permission denied)",
        "The articles folder 'closed' cannot be listed (Permission denied).",
        "The articles folder 'closed/in.txt' does not exist. " + cure,
        "The articles folder 'listed/in.txt' does not exist. " + cure,
    ]
