"""Articles that admins add, remove and bring back: whole files or none, under harmless names, inside the folder."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.articles import find_files, shown
from embeddings.cleaning import clean
from embeddings.fetching import Fetched
from embeddings.metadata import describe
from embeddings.readers import READERS
from embeddings.records import Article, Page
from embeddings.settings import Articles
from qa_bot.errors import LibraryError
from qa_bot.telegram.folder import NAME_BYTES
from qa_bot.telegram.library import Library, with_address
from tests.fakes import PARAGRAPH, ROOT, WORDS, read_one, reading_of

TEXT = f"Huyện Hải Hậu trồng cây\n\n{PARAGRAPH}\n".encode()
ADDRESS = "https://bai.example/tin/hai-hau.txt"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    return folder


@pytest.fixture
def trash(tmp_path: Path) -> Path:
    return tmp_path / "state" / "removed"


@pytest.fixture
def library(home: Path, trash: Path) -> Library:
    return Library(Articles(source=(home,)), trash)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another file system than `tmp_path`."""
    folder = Path("/dev/shm") / f"qa-bot-{secrets.token_hex(8)}"  # noqa: S108 - a name of its own
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def names(folder: Path) -> list[str]:
    """Everything in it, hidden files too."""
    return sorted(os.listdir(folder))


def articles(home: Path, **settings: object) -> list[Article]:
    """What the reader finds: every file, and nothing skipped."""
    chosen = Articles.model_validate({"source": (home,), **settings})
    files, skipped = find_files(chosen)
    assert skipped == []
    pages = [read_one(file, chosen) for file in files]
    return [describe(page, clean(page, WORDS), WORDS) for page in pages if isinstance(page, Page)]


def fetched(data: bytes = TEXT, media_type: str = "text/plain", address: str = ADDRESS, charset: str = "") -> Fetched:
    return Fetched(address, media_type, charset or None, data)


def _in_1258(text: str) -> bytes:
    """Windows-1258: vowels with their hats and horns are letters, tone marks follow as characters of their own."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    letters = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        marks = "".join(part for part in parts if part in tones)
        letters.append(unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones)) + marks)
    return "".join(letters).encode("cp1258")


# --- where documents go ---


def test_documents_go_to_the_first_source_that_is_a_folder(home: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_bytes(TEXT)
    sources = (tmp_path / "none", tmp_path / "one.txt", home, tmp_path)
    assert Library(Articles(source=sources), tmp_path).home == home
    with pytest.raises(LibraryError, match=r"None of articles\.source is a folder .* Name one there"):
        _ = Library(Articles(source=sources[:2]), tmp_path).home


# --- names ---


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Đảng bộ huyện Hải Hậu.txt", "Đảng bộ huyện Hải Hậu.txt"),
        (unicodedata.normalize("NFD", "Đảng bộ.MD"), "Đảng bộ.md"),
        ("../../etc/cron.d/evil.txt", "evil.txt"),
        ("..\\..\\Windows\\evil.txt", "evil.txt"),
        ("/etc/passwd.txt", "passwd.txt"),
        ("C:\\bài.txt", "bài.txt"),
        ("bai\n\r\tviet\x00\x1b[2J.txt", "bai viet[2J.txt"),
        ("\u202etxt.exe.txt", "txt.exe.txt"),
        ("bai\u200b\u200d\u2066\ufeff\U000e0041viet.txt", "baiviet.txt"),
        ("\ud800half.txt", "half.txt"),
        ("...hidden.txt", "hidden.txt"),
        (". . .hidden . .txt", "hidden.txt"),
        ("-rf ~.txt", "rf ~.txt"),
        ('a<b>c:"d|e?f*.txt', "abcdef.txt"),
        ("hai   dòng\u00a0một\u2028.txt ", "hai dòng một.txt"),
        ("bai.txt...", "bai.txt"),
        (".txt", "bai-viet.txt"),
        ("???.md", "bai-viet.md"),
        ("..txt", "bai-viet.txt"),
        ("$(rm -rf) `x` & ; 'y'.txt", "$(rm -rf) `x` & ; 'y'.txt"),
        ("<script>alert(1)<script>.txt", "scriptalert(1)script.txt"),
        ("ảnh 😀.txt", "ảnh 😀.txt"),
        ("a.tar.txt", "a.tar.txt"),
    ],
)
def test_hostile_names_become_harmless_and_vietnamese_ones_stay(library: Library, sent: str, kept: str) -> None:
    assert library.check(sent, None) == kept


def test_a_long_name_is_cut_between_letters_and_keeps_its_extension(library: Library) -> None:
    kept = library.check("ườ" * 300 + ".txt", None)
    assert kept == "ườ" * 23 + ".txt"  # 5 bytes each; one is left over
    assert len(kept.encode()) <= NAME_BYTES


@given(stem=st.text(max_size=200), extension=st.sampled_from([".txt", ".md", ".TXT", ".txt. "]))
def test_a_name_is_safe_whatever_it_was_and_checking_it_again_changes_nothing(stem: str, extension: str) -> None:
    library = Library(Articles(ignore=(".*",)), Path("/nowhere"))
    kept = library.check(stem + extension, None)
    assert library.check(kept, None) == kept
    assert 0 < len(kept.encode()) <= NAME_BYTES
    assert kept[0] not in ".-~ "
    assert not set('/\\<>:"|?*') & set(kept)
    assert kept.isprintable()
    assert unicodedata.is_normalized("NFC", kept)
    assert Path(kept).suffix in READERS


@pytest.mark.parametrize("name", ["bai.png", "bai.DOC", "bai.txt.exe", "bai.ｔｘｔ"])
def test_a_format_that_is_not_read_is_refused_and_the_ones_that_are_named(library: Library, name: str) -> None:
    with pytest.raises(LibraryError, match=r"the format \.\w+ is not read\. Send one of: \.txt, \.md, \.html, "):
        library.check(name, 10)


@pytest.mark.parametrize("name", ["bai", "", ".", "..", "/", "txt", "bai.txt/", "bai.txt/.."])
def test_a_name_without_extension_is_refused(library: Library, name: str) -> None:
    with pytest.raises(LibraryError, match="without extension is not read"):
        library.check(name, 10)


def test_what_is_too_large_is_refused_before_it_is_fetched(home: Path, trash: Path) -> None:
    library = Library(Articles(source=(home,), max_megabytes=0.001), trash)
    assert library.check("bai.txt", 1000) == "bai.txt"
    with pytest.raises(LibraryError, match=r"more than articles\.max_megabytes = 0\.001\. Send it in parts"):
        library.check("bai.txt", 1001)
    with pytest.raises(LibraryError, match="more than"):
        library.add("bai.txt", b"a" * 1001)
    assert names(home) == []


@pytest.mark.parametrize(("name", "pattern"), [("readme.md", "README*"), ("nháp 1.txt", "NHÁP*")])
def test_what_the_reader_would_pass_over_is_refused(home: Path, name: str, pattern: str) -> None:
    library = Library(Articles(source=(home,), ignore=(".*", "README*", "NHÁP*")), home)
    with pytest.raises(LibraryError, match=re.escape(f"files called {pattern} are passed over (articles.ignore)")):
        library.check(name, 1)


# --- adding ---


def test_a_document_becomes_an_article(library: Library, home: Path) -> None:
    path = library.add("../Hải Hậu.txt", TEXT)
    assert path == home / "Hải Hậu.txt"
    assert path.read_bytes() == TEXT
    assert [(article.path, article.text) for article in articles(home)] == [(shown(path), TEXT.decode())]
    assert names(home) == ["Hải Hậu.txt"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o700 == 0o600


def test_another_document_of_the_same_name_gets_a_number_and_the_same_one_lies_there_already(
    library: Library, home: Path
) -> None:
    (home / "bai.txt").mkdir()
    (home / "bai (2).txt").symlink_to(home / "bai (3).txt")
    assert library.add("bai.txt", TEXT).name == "bai (3).txt"
    assert library.add("bai.txt", TEXT + b"1").name == "bai (4).txt"
    assert library.add("bai.txt", TEXT).name == "bai (3).txt"
    assert library.add("bai.txt", TEXT + b"1").name == "bai (4).txt"
    assert names(home) == ["bai (2).txt", "bai (3).txt", "bai (4).txt", "bai.txt"]


def test_a_numbered_name_is_no_longer_than_another(library: Library) -> None:
    sent = "ư" * 200 + ".txt"
    first, second = library.add(sent, TEXT), library.add(sent, TEXT + b"1")
    assert second.name.endswith("ư (2).txt")
    assert max(len(path.name.encode()) for path in (first, second)) <= NAME_BYTES


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("bai.txt", b"", "bai.txt cannot be read: empty."),
        ("bai.txt", b"\n \n", "empty"),
        ("bai.txt", bytes(range(256)), "binary"),
        ("bai.txt", b"B\xb5i", r"not UTF-8 \(byte 1\)"),
        ("bai.md", b"---\ntitle: [\n---\nx\n", "front matter is not valid YAML"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    library: Library, home: Path, name: str, data: bytes, reason: str
) -> None:
    with pytest.raises(LibraryError, match=reason):
        library.add(name, data)
    assert names(home) == []


def test_what_a_killed_process_left_is_hidden_from_the_reader_and_swept_away(library: Library, home: Path) -> None:
    old, fresh, foreign = f".{'0' * 16}.part", f".{'1' * 16}.part", ".mine.part"
    for name in (old, fresh, foreign):
        (home / name).write_bytes(TEXT[:50])
    for name in (old, foreign):
        os.utime(home / name, (time.time() - 7200,) * 2)
    library.add("bai.txt", TEXT)
    assert names(home) == [fresh, foreign, "bai.txt"]
    assert [article.path for article in articles(home)] == [shown(home / "bai.txt")]
    files, _ = find_files(Articles(source=(home,), ignore=()))  # not even where hidden files are read
    assert [file.name for file in files] == ["bai.txt"]


def run(code: str, *arguments: object) -> str:
    """What a process of its own prints that may write files of at most 100 kB."""
    start = (
        "import resource, sys\nfrom pathlib import Path\nfrom embeddings.settings import Articles\n"
        "from qa_bot.errors import LibraryError\nfrom qa_bot.telegram.library import Library\n"
        "home, trash = map(Path, sys.argv[1:3])\nlibrary = Library(Articles(source=(home,)), trash)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    )
    command = [sys.executable, "-c", start + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True, cwd=ROOT).stdout


def test_a_full_disk_leaves_nothing_half_written(home: Path, trash: Path) -> None:
    code = (
        "try:\n    library.add('bai.txt', b'a' * 200_000)\n"
        "except LibraryError as error:\n    print(error)\n"
        "library.add('nho.txt', b'a b c')\n"
    )
    told = run(code, home, trash)
    assert re.search(r"there is no room in .*articles \(.+\)\. Free some space\.", told)
    assert names(home) == ["nho.txt"]


def test_a_folder_that_cannot_be_written_is_told(trash: Path) -> None:
    home = Path("/proc/self/fdinfo")  # a folder in which even root makes no file
    with pytest.raises(LibraryError, match=r"fdinfo cannot be changed \(.+\)\. Check that it is a folder"):
        Library(Articles(source=(home,)), trash).add("bai.txt", TEXT)


def test_a_file_system_without_links_serves_as_well(
    library: Library, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)  # as on FAT
    assert library.add("bai.txt", TEXT).name == "bai.txt"
    assert library.add("bai.txt", TEXT + b"1").name == "bai (2).txt"
    pairs = library.remove([shown(home / "bai.txt")])
    library.add("bai.txt", TEXT + b"2")
    assert [path.name for path in library.restore(pairs)] == ["bai (3).txt"]
    assert [(home / name).read_bytes()[len(TEXT) :] for name in names(home)] == [b"1", b"", b"2"]


# --- links ---


def test_a_link_becomes_an_article_that_knows_its_address(library: Library, home: Path) -> None:
    path = library.add_link("https://bit.example/x", fetched())
    assert path == home / "hai-hau.md"
    (article,) = articles(home)
    assert article.url == ADDRESS
    assert article.title == "Huyện Hải Hậu trồng cây"
    assert article.text.endswith("---\n" + TEXT.decode())
    assert library.add_link("https://bit.example/x", fetched()) == path


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://bai.example/", "bai.example.md"),
        ("https://bai.example", "bai.example.md"),
        ("https://bai.example/tin/", "tin.md"),
        ("https://bai.example/tin.html?id=1", "tin.md"),
        ("https://bai.example/a/H%E1%BA%A3i%20H%E1%BA%ADu.TXT", "Hải Hậu.md"),
        ("https://bai.example/..%2f..%2fetc%2fpasswd", "passwd.md"),
        ("https://bai.example/%00%1b%e2%80%ae", "bai.example.md"),
        ("https://bai.example/%ff.txt", "\ufffd.md"),
        ("https://bai.example/a/README.md", "bai.example README.md"),
        ("https://bai.example/.env", "env.md"),
        ("http://[2606:2800::1]/", "260628001.md"),
    ],
)
def test_a_link_is_named_after_its_last_part_or_its_host(library: Library, address: str, name: str) -> None:
    assert library.add_link(address, fetched(address=address)).name == name


@pytest.mark.parametrize("media_type", ["image/png", "application/octet-stream", "x/\x1b[2J"])
def test_what_is_no_text_is_not_taken_from_a_link(library: Library, home: Path, media_type: str) -> None:
    with pytest.raises(
        LibraryError, match=r"not read from links \(known: text/plain, text/markdown, text/html"
    ) as caught:
        library.add_link(ADDRESS, fetched(media_type=media_type))
    assert str(caught.value).isprintable()
    assert names(home) == []


def test_markdown_keeps_what_its_front_matter_says_but_for_the_address(library: Library, home: Path) -> None:
    body = "# Trồng cây\r\n\r\n---\r\n\r\n" + PARAGRAPH
    front = '---\r\nURL: /tuong-doi\r\ntitle: "Tin: \\"mới\\""\r\ntags: [a, b]\r\ndate: 2021-06-12\r\n---\r\n'
    for media_type, address in (("text/markdown", ADDRESS), ("text/plain", "https://bai.example/tin.md")):
        library.add_link(address, fetched((front + body).encode("utf-8-sig"), media_type, address))
    first, second = articles(home)
    assert {first.url, second.url} == {ADDRESS, "https://bai.example/tin.md"}
    for article in (first, second):
        assert article.title == 'Tin: "mới"'
        assert str(article.published) == "2021-06-12"
        assert article.text.endswith("---\n" + body.replace("\r\n", "\n"))
        assert article.text.count("tuong-doi") == 0


pieces = st.sampled_from([
    "---\n", "--- \n", "title: x\n", "\n", " ", "\ufeff", "# Đầu\n", "o\u0302\u0301", "\r\n", "*", "\t", "x", "...\n",
])  # fmt: skip
texts = st.lists(pieces, max_size=12).map("".join)
values = st.text(max_size=100).map(lambda text: unicodedata.normalize("NFC", text).strip())


@given(body=texts, path=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20))
def test_plain_text_stays_exact_under_the_front_matter(body: str, path: str) -> None:
    body, _, _ = reading_of(".txt", ("x" + body).encode())
    for text in (body, body[1:]):
        address = f"https://bai.example/{path}"
        whole, front_matter, start = reading_of(".md", with_address(text, {}, address).encode())
        assert front_matter == {"url": address}
        assert whole[start:] == text.removeprefix("\ufeff")


@given(stated=st.dictionaries(values, values, max_size=4), body=texts)
def test_front_matter_stays_what_it_says_when_it_is_written_anew(stated: dict[str, str], body: str) -> None:
    body, _, _ = reading_of(".txt", ("x" + body).encode())
    whole, front_matter, start = reading_of(".md", with_address(body, stated, ADDRESS).encode())
    assert front_matter == {name: value for name, value in stated.items() if name.casefold() != "url"} | {
        "url": ADDRESS
    }
    assert whole[start:] == body


@pytest.mark.parametrize(
    ("charset", "data"),
    [
        ("utf-8", TEXT),
        ("iso-8859-1", TEXT),
        ("windows-1258", TEXT),
        ("", TEXT),
        ("utf-16", TEXT.decode().encode("utf-16")),
        ("utf-16le", TEXT.decode().encode("utf-16-le")),
        ("windows-1258", _in_1258(TEXT.decode())),
    ],
)
def test_the_charset_that_a_server_names_is_believed_where_the_bytes_are_not_utf8(
    library: Library, home: Path, charset: str, data: bytes
) -> None:
    library.add_link(ADDRESS, fetched(data, charset=charset))
    (article,) = articles(home)
    assert article.text.endswith("---\n" + TEXT.decode())


@pytest.mark.parametrize("charset", ["", "iso-8859-1", "tcvn3", "x\x00y", "rot13", "utf-16"])
def test_what_is_in_no_known_charset_is_refused_rather_than_garbled(library: Library, home: Path, charset: str) -> None:
    with pytest.raises(LibraryError, match=r"https://bai\.example/tin/hai-hau\.txt cannot be read: not UTF-8"):
        library.add_link(ADDRESS, fetched(b"\xa7\xb6ng b\xe9", charset=charset))
    assert names(home) == []


def test_an_empty_page_is_refused(library: Library) -> None:
    with pytest.raises(LibraryError, match="cannot be read: empty"):
        library.add_link(ADDRESS, fetched(b"\n"))


# --- removing and bringing back ---


def test_a_removed_article_is_gone_and_comes_back_as_it_was(library: Library, home: Path, trash: Path) -> None:
    path = library.add("bai.txt", TEXT)
    os.utime(path, (1_600_000_000,) * 2)
    (article,) = articles(home)
    pairs = library.remove([article.path])
    assert articles(home) == []
    ((was, kept),) = pairs
    assert was == article.path
    assert Path(kept).is_absolute()
    assert names(trash) == [Path(kept).name]
    assert library.restore(pairs) == [path]
    assert articles(home) == [article]
    assert path.stat().st_mtime == 1_600_000_000
    assert names(trash) == []


def test_all_files_of_an_article_go_together(library: Library, home: Path, trash: Path) -> None:
    (home / "trong").mkdir()
    paths = [home / "bai.txt", home / "trong" / "bai.txt"]
    for path in paths:
        path.write_bytes(TEXT)
    (home / "lien-ket.txt").symlink_to("trong/bai.txt")
    paths.append(home / "lien-ket.txt")
    pairs = library.remove([*map(shown, paths), str(paths[0].absolute())])
    assert articles(home) == []
    assert len({kept for _, kept in pairs}) == 3
    assert library.restore(pairs) == [Path(shown(path)) for path in paths]
    assert (home / "lien-ket.txt").read_bytes() == TEXT
    assert len(articles(home)) == 3


def test_a_trash_inside_the_articles_holds_no_articles(home: Path) -> None:
    library = Library(Articles(source=(home,), ignore=()), home / "trash")
    library.remove([shown(library.add("bai.txt", TEXT))])
    assert find_files(Articles(source=(home,), ignore=()))[0] == []


def test_nothing_but_articles_can_be_removed(home: Path, trash: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    single = tmp_path / "single.txt"
    for path in (outside, single, home / "bai.txt", home / "anh.jpg", home / ".env.txt"):
        path.write_bytes(TEXT)
    (home / "ra.txt").symlink_to(outside)
    (home / "ngoai").symlink_to(tmp_path)
    (home / "thu-muc.txt").mkdir()
    os.mkfifo(home / "ong.txt")
    library = Library(Articles(source=(home, single)), trash)
    before = names(home)
    for bad in (
        outside, home / "ra.txt", home / "ngoai" / "outside.txt", home / ".." / "outside.txt", home, "", "a\0b",
        home / "thu-muc.txt", home / "ong.txt", home / "anh.jpg", home / ".env.txt", home / "none.txt", "/etc/passwd",
    ):  # fmt: skip
        with pytest.raises(LibraryError, match="is not among the articles any more"):
            library.remove([shown(home / "bai.txt"), str(bad)])
    with pytest.raises(LibraryError, match=r"single\.txt is itself named in articles\.source\. Take it out there"):
        library.remove([shown(home / "bai.txt"), shown(single)])
    assert names(home) == before
    assert outside.exists()
    assert not trash.exists()


def test_removing_nothing_is_nothing(library: Library) -> None:
    assert library.remove([]) == []
    assert library.restore([]) == []


def test_a_source_that_is_gone_is_told(tmp_path: Path, trash: Path) -> None:
    with pytest.raises(LibraryError, match="does not exist"):
        Library(Articles(source=(tmp_path / "none",)), trash).remove(["bai.txt"])


@pytest.mark.parametrize("name", [b"hai\ndong.txt", b"x\xff\xfe.txt", b"'\"; DROP.txt", "ư".encode() * 80 + b".txt"])
def test_files_with_strange_names_can_be_removed_and_come_back(library: Library, home: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(home) + b"/" + name))
    path.write_bytes(TEXT)
    pairs = library.remove([shown(path)])
    assert names(home) == []
    assert [text.encode() for pair in pairs for text in pair]  # can be kept in a database
    (back,) = library.restore(pairs)
    assert shown(back) == shown(path)
    assert back.read_bytes() == TEXT


def test_what_has_taken_the_place_meanwhile_stays(library: Library, home: Path) -> None:
    pairs = library.remove([shown(library.add("bai.txt", TEXT))])
    library.add("bai.txt", TEXT + b"new")
    assert [path.name for path in library.restore(pairs)] == ["bai (2).txt"]
    assert (home / "bai.txt").read_bytes() == TEXT + b"new"
    assert (home / "bai (2).txt").read_bytes() == TEXT


def test_bringing_back_twice_is_an_error_that_changes_nothing(library: Library, home: Path) -> None:
    pairs = library.remove([shown(library.add("bai.txt", TEXT))])
    library.restore(pairs)
    for _ in range(2):
        with pytest.raises(LibraryError, match=r"bai\.txt is not in the trash any more"):
            library.restore(pairs)
    assert names(home) == ["bai.txt"]


def test_a_folder_that_went_meanwhile_is_made_again(library: Library, home: Path) -> None:
    (home / "sau" / "hon").mkdir(parents=True)
    path = home / "sau" / "hon" / "bai.txt"
    path.write_bytes(TEXT)
    pairs = library.remove([shown(path)])
    shutil.rmtree(home / "sau")
    assert library.restore(pairs) == [path]
    assert path.read_bytes() == TEXT


def test_bringing_back_stays_inside_the_sources_and_the_trash(library: Library, home: Path, tmp_path: Path) -> None:
    (pair,) = library.remove([shown(library.add("bai.txt", TEXT))])
    (home / "ngoai").symlink_to(tmp_path)
    for was in (tmp_path / "bai.txt", home / ".." / "bai.txt", home / "ngoai" / "bai.txt"):
        with pytest.raises(LibraryError, match=r"articles\.source does not name any more"):
            library.restore([(str(was), pair[1])])
    (tmp_path / "other.txt").write_bytes(TEXT)
    with pytest.raises(LibraryError, match="not in the trash"):
        library.restore([(pair[0], str(tmp_path / "other.txt"))])
    with pytest.raises(LibraryError, match="not in the trash"):
        library.restore([pair, (pair[0], pair[1] + "x")])
    assert names(home) == ["ngoai"]
    assert Path(pair[1]).exists()


def test_a_trash_on_another_file_system_holds_files_and_links(home: Path, elsewhere: Path) -> None:
    assert home.stat().st_dev != elsewhere.stat().st_dev
    library = Library(Articles(source=(home,)), elsewhere / "trash")
    path = library.add("bai.txt", TEXT)
    os.utime(path, (1_600_000_000,) * 2)
    (home / "lien-ket.txt").symlink_to("bai.txt")
    pairs = library.remove([shown(path), shown(home / "lien-ket.txt")])
    assert names(home) == []
    assert len(names(elsewhere / "trash")) == 2
    assert library.restore(pairs) == [path, home / "lien-ket.txt"]
    assert (home / "lien-ket.txt").readlink() == Path("bai.txt")
    assert path.read_bytes() == TEXT
    assert path.stat().st_mtime == 1_600_000_000
    assert names(elsewhere / "trash") == []


def test_where_one_file_cannot_be_moved_all_stay(home: Path, elsewhere: Path) -> None:
    (home / "nho.txt").write_bytes(TEXT)
    (home / "to.txt").write_bytes(b"a" * 200_000)
    code = (
        "try:\n    library.remove([str(home / 'nho.txt'), str(home / 'to.txt')])\n"
        "except LibraryError as error:\n    print(error)\n"
    )
    assert "there is no room in" in run(code, home, elsewhere)
    assert names(home) == ["nho.txt", "to.txt"]
    assert names(elsewhere) == []
    assert (home / "nho.txt").read_bytes() == TEXT


def test_where_one_file_cannot_come_back_all_stay_in_the_trash(home: Path, elsewhere: Path) -> None:
    (home / "nho.txt").write_bytes(TEXT)
    (home / "to.txt").write_bytes(b"a" * 200_000)
    pairs = Library(Articles(source=(home,)), elsewhere).remove([str(home / "nho.txt"), str(home / "to.txt")])
    kept = names(elsewhere)
    code = f"try:\n    library.restore({pairs!r})\nexcept LibraryError as error:\n    print(error)\n"
    assert "there is no room in" in run(code, home, elsewhere)
    assert names(home) == []
    assert len(names(elsewhere)) == len(kept) == 2


def test_a_trash_that_cannot_be_made_is_told(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    library = Library(Articles(source=(home,)), tmp_path / "file" / "trash")
    path = library.add("bai.txt", TEXT)
    with pytest.raises(LibraryError, match=r"trash cannot be changed \(.+\)\. Check that it is a folder"):
        library.remove([shown(path)])
    assert path.exists()
