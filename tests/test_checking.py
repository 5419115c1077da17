"""Every fault of a generation is seen and named; what belongs together and is whole is left in peace."""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from embeddings import generations, pipeline
from embeddings.checking import Checked, cure, look_at_all, verify_all
from embeddings.checking_report import VERIFY, report, verify_in_sight
from embeddings.index import open_index
from embeddings.lexical import Lexical, LexicalWriter
from embeddings.messages import Language
from embeddings.progress import Bar
from tests.fakes import HashingEncoder, index_settings, write_articles

FINGERPRINT = HashingEncoder().fingerprint
HEADER = 53  # bytes before the first vector


def build(folder: Path, articles: int, *, full: bool = False) -> Path:
    source = write_articles(folder / "articles", articles)
    pipeline.build(index_settings(source, folder / "index"), HashingEncoder(), full=full)
    return folder / "index"


@pytest.fixture(scope="module")
def two_generations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index whose generation 1 holds two articles and whose generation 2 holds three."""
    folder = tmp_path_factory.mktemp("two")
    build(folder, 2)
    return build(folder, 3)


@pytest.fixture
def index_dir(two_generations: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(two_generations, tmp_path / "index"))


def newest(index_dir: Path) -> Path:
    return generations.folder_of(index_dir, 2)


def reseal(folder: Path) -> None:
    """Write the manifest anew, as a builder would have that wrote just these files."""
    body = json.loads((folder / generations.MANIFEST).read_bytes())["manifest"]
    (folder / generations.MANIFEST).unlink()
    files = generations.seal(folder)
    generations.write_manifest(folder, generations.Manifest(**{**body, "files": files}))


def faults(checked: list[Checked]) -> list[tuple[int, str | None]]:
    return [(item.number, item.fault) for item in checked]


class Counting:
    """Progress that adds up what it is told."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0

    def stage(self, name: str, total: int) -> None:
        assert name == "check"
        self.total += total

    def advance(self, steps: int = 1) -> None:
        self.done += steps


# --- sound ---


def test_sound_generations_come_newest_first_with_what_they_hold(index_dir: Path) -> None:
    checked = verify_all(index_dir)
    assert checked == look_at_all(index_dir)
    assert [(item.number, item.articles, item.problem, item.fault) for item in checked] == [
        (2, 3, None, None),
        (1, 2, None, None),
    ]
    for item in checked:
        files = [path for path in generations.folder_of(index_dir, item.number).rglob("*") if path.is_file()]
        assert item.bytes == sum(path.stat().st_size for path in files)
        assert item.passages >= item.articles
        assert item.created.startswith("20")
    assert cure(checked) is None


def test_checking_changes_nothing_on_disk(index_dir: Path) -> None:
    before = {path: path.read_bytes() for path in index_dir.rglob("*") if path.is_file()}
    verify_all(index_dir)
    assert {path: path.read_bytes() for path in index_dir.rglob("*") if path.is_file()} == before


def test_where_nothing_was_built_there_is_nothing_to_check(tmp_path: Path) -> None:
    assert verify_all(tmp_path) == verify_all(tmp_path / "nowhere") == []
    assert cure([]) == "rebuild-index"


def test_an_index_that_was_built_on_piece_by_piece_is_sound(tmp_path: Path) -> None:
    source = write_articles(tmp_path / "articles", 6)
    settings = index_settings(source, tmp_path / "index")
    for step in range(4):
        pipeline.build(settings, HashingEncoder())
        (source / f"bai-{step}.txt").unlink()
        write_articles(source / "more", step + 1)
    checked = verify_all(tmp_path / "index")
    assert [item.problem for item in checked] == [None] * len(checked)
    assert len(checked) == 2


@pytest.mark.parametrize("damaged", [None, "vectors.faiss", "manifest.json"])
def test_every_step_is_told_once_whatever_is_found(damaged: str | None, index_dir: Path) -> None:
    if damaged is not None:
        (newest(index_dir) / damaged).write_bytes(b"")
    progress = Counting()
    checked = verify_all(index_dir, progress)
    assert progress.done == progress.total == sum(item.passages for item in checked)


# --- not what was written ---


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove"])
def test_damage_to_any_file_is_seen_and_the_file_is_named(damage: str, index_dir: Path) -> None:
    files = sorted(path for path in newest(index_dir).rglob("*") if path.is_file())
    assert len(files) >= 8
    for file in files:
        whole = file.read_bytes()
        middle = len(whole) // 2
        changed = {
            "flip": whole[:middle] + bytes([whole[middle] ^ 0x10]) + whole[middle + 1 :] if whole else None,
            "truncate": whole[:-1] if whole else None,
            "empty": b"" if whole else None,
            "remove": b"",
        }[damage]
        if changed is None:
            continue
        if damage == "remove":
            file.unlink()
        else:
            file.write_bytes(changed)
        for checked in (look_at_all(index_dir), verify_all(index_dir)):
            assert faults(checked) == [(2, "damaged"), (1, None)], file
            assert (checked[0].problem or "").startswith(file.relative_to(newest(index_dir)).as_posix())
            assert cure(checked) == "rebuild-index"
        file.write_bytes(whole)
    assert faults(verify_all(index_dir)) == [(2, None), (1, None)]


def test_what_the_cure_says_makes_a_damaged_index_sound(tmp_path: Path) -> None:
    index_dir = build(tmp_path, 2)
    (generations.folder_of(index_dir, 1) / "vectors.faiss").write_bytes(b"")
    assert cure(verify_all(index_dir)) == "rebuild-index"
    build(tmp_path, 2)
    assert faults(verify_all(index_dir)) == [(2, None), (1, "damaged")]


def test_another_format_is_told_from_damage(index_dir: Path) -> None:
    for number in (1, 2):
        folder = generations.folder_of(index_dir, number)
        body = json.loads((folder / generations.MANIFEST).read_bytes())["manifest"]
        files = {name: generations.FileRecord(**record) for name, record in body.pop("files").items()}
        manifest = generations.Manifest(**{**body, "format": 99, "files": files})
        generations.write_manifest(folder, manifest)
    checked = verify_all(index_dir)
    assert faults(checked) == [(2, "stale"), (1, "stale")]
    assert checked[0].problem == f"its format is 99, this program reads {generations.FORMAT}"
    assert cure(checked) == "rebuild-index"


def test_a_file_in_the_place_of_a_generation_is_damage(index_dir: Path) -> None:
    (index_dir / "generations" / "000009").write_bytes(b"x")
    assert faults(verify_all(index_dir)) == [(9, "damaged"), (2, None), (1, None)]


# --- written so, but wrong: each of these files is what its manifest says ---


def changed_rows(statement: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "passages.sqlite")) as connection, connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute(statement)

    return change


def flipped_page(name: str) -> Callable[[Path], None]:
    """Something that SQLite itself calls damage: the count of a table's free bytes."""

    def change(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        with closing(sqlite3.connect(folder / name)) as connection:
            (size,) = connection.execute("PRAGMA page_size").fetchone()
            (page,) = connection.execute("SELECT max(rootpage) FROM sqlite_master").fetchone()
        data[(page - 1) * size + 7] ^= 0x3F
        (folder / name).write_bytes(bytes(data))

    return change


def changed_vector(value: float) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "vectors.faiss"
        data = bytearray(file.read_bytes())
        at = len(data) - 4 * HashingEncoder().dim  # the last one
        data[at : at + 4] = np.float32(value).tobytes()
        file.write_bytes(bytes(data))

    return change


def renumbered_words(folder: Path) -> None:
    """As many documents as passages, one of them of a passage that is not there."""
    shutil.rmtree(folder / "lexical")
    writer = LexicalWriter(folder / "lexical", 15)
    for number in (0, 1, 7):
        writer.add(number, "huyện Hải Hậu", "")
    writer.close()


def shortened_lists(folder: Path) -> None:
    np.save(folder / "passages.npy", np.load(folder / "passages.npy")[:, :2])


def doubled_words(folder: Path) -> None:
    shutil.rmtree(folder / "lexical")
    writer = LexicalWriter(folder / "lexical", 15)
    for number in (0, 1, 1):
        writer.add(number, "huyện Hải Hậu", "")
    writer.close()


WRONG: dict[str, tuple[Callable[[Path], None], str]] = {
    "a passage that ends behind its article": (
        changed_rows('UPDATE passages SET "end" = "end" + 10000'), "passages.sqlite: passage 0 .* not a slice",
    ),
    "a passage that begins before its article": (
        changed_rows("UPDATE passages SET start = -5 WHERE number = 1"), "passage 1 .* not a slice of its article",
    ),
    "a passage of nothing": (changed_rows('UPDATE passages SET "end" = start'), "passage 0 .* not a slice"),
    "a sentence outside its passage": (
        changed_rows("UPDATE passages SET start = start + 3"), "passage 0 .* has a sentence outside itself",
    ),
    "sentences out of order": (
        changed_rows(
            "UPDATE passages SET sentences = (SELECT json_group_array(json(value)) FROM "
            "(SELECT value FROM json_each(sentences) ORDER BY key DESC))"
        ),
        "passage 0 .* has sentences out of order",
    ),
    "a sentence too few": (
        changed_rows("UPDATE passages SET sentences = json_remove(sentences, '$[0]')"),
        r"passage 0 .* has \d+ sentences and counts \d+",
    ),
    "no list of sentences": (
        changed_rows("UPDATE passages SET sentences = '{' WHERE number = 2"), "passages 0 to 2 cannot be read",
    ),
    "an article without a text": (
        changed_rows("DELETE FROM texts WHERE article = 1"), "passages 0 to 2 cannot be read",
    ),
    "a text that is no UTF-8": (
        changed_rows("UPDATE texts SET text = CAST(x'ff41' AS TEXT)"), "passages 0 to 2 cannot be read",
    ),
    "a day that is none": (changed_rows("UPDATE articles SET published = '2021-02-31'"), "cannot be read"),
    "a kind that is none": (changed_rows("UPDATE passages SET kind = 'poem'"), "cannot be read"),
    "a table that is not there": (changed_rows("DROP TABLE texts"), "no such table: texts"),
    "a column that is not there": (
        changed_rows("ALTER TABLE passages RENAME COLUMN sentence_count TO n"), "sentence_count",
    ),
    "a passage less than the manifest says": (
        changed_rows("DELETE FROM passages WHERE number = 2"),
        r"passages\.npy does not list what passages\.sqlite holds",
    ),
    "lists of a passage less": (shortened_lists, "parts do not belong together: 2 passages"),
    "SQLite's own damage in the passages": (flipped_page("passages.sqlite"), r"passages\.sqlite|malformed"),
    "SQLite's own damage in the vocabulary": (flipped_page("vocabulary.sqlite"), r"vocabulary\.sqlite|malformed"),
    "a vector with a hole": (changed_vector(float("nan")), "vectors.faiss: vector 8 has length nan, not 1"),
    "a vector without end": (changed_vector(float("inf")), "vectors.faiss: vector 8 has length inf, not 1"),
    "a vector too long": (changed_vector(1.5), r"vectors.faiss: vector 8 has length 1\.\d+, not 1"),
    "words of a passage that is not there": (renumbered_words, "lexical: not one document for each of passages 0 to 2"),
    "words of one passage twice": (doubled_words, "lexical: not one document for each of passages 0 to 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_was_written_wrong_is_named_and_only_a_full_build_leaves_it_behind(name: str, index_dir: Path) -> None:
    change, said = WRONG[name]
    change(newest(index_dir))
    reseal(newest(index_dir))
    generations.verify(newest(index_dir))  # its files are what its manifest says
    checked = verify_all(index_dir)
    assert faults(checked) == [(2, "wrong"), (1, None)]
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(checked[0].problem)
    assert cure(checked) == "rebuild-index --full"


def test_a_full_build_makes_a_wrong_index_sound(tmp_path: Path) -> None:
    index_dir = build(tmp_path, 3)
    folder = generations.folder_of(index_dir, 1)
    changed_vector(1.5)(folder)
    reseal(folder)
    build(tmp_path, 3)
    assert faults(verify_all(index_dir)) == [(1, "wrong")]  # nothing changed, as a build sees it
    build(tmp_path, 3, full=True)
    assert faults(verify_all(index_dir)) == [(2, None), (1, "wrong")]


@given(at=st.integers(0, 10**9), bit=st.integers(0, 7))
def test_whichever_bit_of_a_generation_is_flipped_it_is_seen(two_generations: Path, at: int, bit: int) -> None:
    """Flipped in place and back, so that many can be tried; the module's other tests use copies."""
    files = sorted(path for path in newest(two_generations).rglob("*") if path.is_file() and path.stat().st_size)
    at %= sum(path.stat().st_size for path in files)
    for file in files:
        if at < file.stat().st_size:
            break
        at -= file.stat().st_size
    whole = file.read_bytes()
    file.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :])
    try:
        assert look_at_all(two_generations)[0].fault in ("damaged", "stale")
    finally:
        file.write_bytes(whole)


# --- while others build ---


def test_what_is_being_checked_is_not_deleted_and_afterwards_it_is(tmp_path: Path) -> None:
    index_dir = build(tmp_path, 2)
    build(tmp_path, 3)
    seen: list[list[int]] = []

    class Building(Counting):
        def stage(self, name: str, total: int) -> None:
            super().stage(name, total)
            for _ in range(3):
                build(tmp_path, 3, full=True)
            seen.append(generations.numbers(index_dir))

    assert faults(verify_all(index_dir, Building())) == [(2, None), (1, None)]
    assert seen == [[5, 4, 2, 1]]
    build(tmp_path, 3, full=True)
    assert generations.numbers(index_dir) == [6, 5]


def test_a_generation_without_a_manifest_that_goes_meanwhile_is_gone_not_damaged(index_dir: Path) -> None:
    (newest(index_dir) / generations.MANIFEST).unlink()

    class Deleting(Counting):
        def stage(self, name: str, total: int) -> None:
            super().stage(name, total)
            shutil.rmtree(newest(index_dir))

    assert faults(verify_all(index_dir, Deleting())) == [(1, None)]


def test_a_check_waits_for_a_deletion_under_way_and_finds_the_generation_gone(index_dir: Path) -> None:
    old = generations.folder_of(index_dir, 1)
    found: list[list[Checked]] = []
    with (old / generations.MANIFEST).open("rb") as deleting:
        fcntl.flock(deleting, fcntl.LOCK_EX)
        checking = threading.Thread(target=lambda: found.append(verify_all(index_dir)))
        checking.start()
        os.rename(old, index_dir / "building-old-000001")
    checking.join()
    assert [faults(checked) for checked in found] == [[(2, None)]]


def test_checks_while_builders_publish_and_prune_find_nothing_wrong(tmp_path: Path) -> None:
    index_dir = build(tmp_path, 3)
    building = threading.Thread(target=lambda: [build(tmp_path, 3, full=True) for _ in range(12)])
    building.start()
    rounds = 0
    while building.is_alive() or not rounds:
        checked = verify_all(index_dir)
        assert checked
        assert {item.fault for item in checked} == {None}, checked
        rounds += 1
    building.join()


def test_a_reader_that_is_open_is_not_disturbed(index_dir: Path) -> None:
    reader = open_index(index_dir, FINGERPRINT)
    verify_all(index_dir)
    assert len(reader.articles()) == 3
    reader.close()


# --- numbers of the lexical index ---


@given(numbers=st.lists(st.integers(0, 60), max_size=12), first=st.integers(0, 60), length=st.integers(0, 60))
def test_numbers_of_documents_are_those_in_the_range(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], first: int, length: int
) -> None:
    folder = tmp_path_factory.mktemp("words")
    writer = LexicalWriter(folder, 15)
    for number in numbers:
        writer.add(number, "cây xanh", "")
    writer.close()
    wanted = sorted(number for number in numbers if first <= number <= first + length)
    found = Lexical(folder).numbers(first, first + length)
    shutil.rmtree(folder)
    most = length + 2  # one more than there may be is enough to see that something is twice there
    assert found == wanted if len(wanted) <= most else len(found) == most


# --- what people see ---


def printed(checked: list[Checked], folder: str, language: Language, width: int = 200) -> str:
    out = io.StringIO()
    Console(file=out, width=width, no_color=True).print(report(checked, folder, language))
    return out.getvalue()


def test_the_report_names_the_damage_the_generation_that_answers_and_the_cure(index_dir: Path) -> None:
    (newest(index_dir) / "vectors.faiss").write_bytes(b"")
    checked = verify_all(index_dir)
    assert "damaged: vectors.faiss is not what was written" in printed(checked, "index", "en")
    assert printed(checked, "index", "en").endswith(
        "The newest generation cannot be used; generation 1 answers instead. Build the index anew: rebuild-index\n"
    )
    assert printed(checked, "index", "vi").endswith(
        "Bản mới nhất không dùng được; bản số 1 đang trả lời thay. Lập lại chỉ mục: rebuild-index\n"
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([None, "damaged"], "The newest generation is sound"),
        (["damaged", "stale"], "No generation can be used. Build the index anew from the articles: rebuild-index"),
        (["wrong", None], "do not rely on its answers. Build the index anew: rebuild-index --full"),
        (["stale", "damaged", None], "generation 0 answers instead. Build the index anew: rebuild-index"),
        ([], "There is no index in index yet. Build it: rebuild-index"),
    ],
)
def test_the_last_line_says_in_words_whether_all_is_well(found: list[str | None], said: str) -> None:
    checked = [
        Checked(len(found) - 1 - at, "2026-01-05T08:00:00+00:00", 1, 1, 1, fault and "x", fault)  # type: ignore[arg-type]
        for at, fault in enumerate(found)
    ]
    assert said in printed(checked, "index", "en").splitlines()[-1]
    assert ("--full" in said) == ("--full" in printed(checked, "index", "vi"))


def test_what_a_report_shows_steers_no_terminal(index_dir: Path) -> None:
    checked = [Checked(1, "\x1b[2J", 0, 0, 0, "bad \x1b]52;c;x\x07\r\u202e name", "damaged")]
    for language in ("vi", "en"):
        assert not {"\x1b", "\x07", "\r", "\u202e"} & set(printed(checked, "in\x1b[31mdex", language))


def test_the_words_are_there_in_both_languages() -> None:
    for name, words in VERIFY.items():
        assert set(words) == {"vi", "en"}, name
        fields = [sorted(part.split("}")[0] for part in text.split("{")[1:]) for text in words.values()]
        assert fields[0] == fields[1], name


def test_the_command_ends_with_0_for_a_sound_index_and_1_for_another(
    index_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def ran(folder: Path) -> tuple[int, str]:
        code = verify_in_sight(folder, Bar(Console(stderr=True), "en"), "en")
        return code, " ".join(capsys.readouterr().out.split())

    assert ran(index_dir)[0] == 0
    (generations.folder_of(index_dir, 1) / "vectors.faiss").write_bytes(b"")
    assert ran(index_dir)[0] == 0  # an older one that is damaged serves nobody
    (newest(index_dir) / "vectors.faiss").write_bytes(b"")
    code, out = ran(index_dir)
    assert (code, "No generation can be used" in out) == (1, True)
    assert ran(tmp_path / "nowhere")[0] == 1
