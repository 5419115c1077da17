"""The list of what stays out of an index: never lost, never half written, and followed through edits and moves."""

from __future__ import annotations

import hashlib
import json
import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings import generations
from embeddings.errors import IndexBusy, StorageError
from embeddings.removals import FILE, Removals, Removed, removed

AT = "2024-05-17T08:00:00+00:00"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
IDS = st.text("0123456789abcdef", min_size=16, max_size=16)
RECORDS = st.builds(
    Removed,
    id=IDS,
    path=ANY_TEXT,
    title=st.none() | ANY_TEXT,
    at=ANY_TEXT,
    ids=st.lists(IDS, max_size=2).map(tuple),
    places=st.lists(ANY_TEXT, max_size=2).map(tuple),
)
LISTS = st.lists(RECORDS, max_size=5, unique_by=lambda record: record.id)
SHA = {letter: letter * 64 for letter in "abcdef"}


def record(letter: str, path: str, title: str | None = None, also_at: tuple[str, ...] = ()) -> Removed:
    return removed(letter * 16, path, title, AT, also_at)


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    return tmp_path / "index"


def list_of(index_dir: Path, *records: Removed) -> Removals:
    removals = Removals(index_dir)
    removals.add(records)
    return removals


# --- the list ---


def test_without_a_list_nothing_is_removed(index_dir: Path) -> None:
    removals = Removals(index_dir)
    assert removals.load() == []
    assert not removals.hides(SHA["a"], "bai/mot.txt")
    assert not index_dir.exists()


@settings(max_examples=50)
@given(records=LISTS)
def test_what_is_put_on_the_list_stands_on_it_as_it_was(
    records: list[Removed], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("index")
    assert Removals(folder).add(records) == records
    assert Removals(folder).load() == records


@settings(max_examples=50)
@given(first=LISTS, second=LISTS)
def test_adding_then_dropping_what_was_added_gives_the_list_before(
    first: list[Removed], second: list[Removed], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("index")
    removals = list_of(folder, *first)
    added = removals.add([*second, *first])
    assert {r.id for r in added} == {r.id for r in second} - {r.id for r in first}
    assert removals.drop(added) == added
    assert removals.load() == first
    assert removals.drop(first) == first
    assert removals.load() == []


def test_an_article_that_is_on_the_list_stays_as_it_stands_there(index_dir: Path) -> None:
    removals = list_of(index_dir, record("a", "bai/mot.txt"))
    assert removals.add([record("a", "bai/khac.txt")]) == []
    assert removals.load() == [record("a", "bai/mot.txt")]


@settings(max_examples=150)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_flipped_bit_changes_the_list_unseen(at: float, bit: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("index")
    records = [record("a", "bai/mot.txt", "Chợ phiên Nậm Bùn"), record("b", "bai/hai.txt")]
    list_of(folder, *records)
    data = bytearray((folder / FILE).read_bytes())
    data[int(at * len(data))] ^= 1 << bit
    (folder / FILE).write_bytes(data)
    try:
        assert Removals(folder).load() == records  # a line break that became another space
    except StorageError as error:
        assert str(folder / FILE) in str(error)  # noqa: PT017 - either is right


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        b"[]",
        b"null",
        b"{}",
        b'"removed"',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"version": 1, "removed": []}',
        b'{"version": 1, "sha256": "", "removed": [{"id": 7}]}',
        b'{"version": 99, "sha256": "", "removed": []}',
    ],
)
def test_a_list_that_cannot_be_read_is_an_error_that_names_it_and_is_left_alone(data: bytes, index_dir: Path) -> None:
    index_dir.mkdir()
    (index_dir / FILE).write_bytes(data)
    removals = Removals(index_dir)
    for act in (
        removals.load,
        lambda: removals.hides(SHA["a"], "bai/mot.txt"),
        lambda: removals.add([record("a", "bai/mot.txt")]),
        lambda: removals.drop([record("a", "bai/mot.txt")]),
    ):
        with pytest.raises(StorageError, match=r"removed\.json cannot be used .*move it away"):
            act()
    assert (index_dir / FILE).read_bytes() == data


@pytest.mark.parametrize("body", [{}, {"id": "a"}, "removed", [1], [{"id": "a"}], [{"id": 7, "ids": [], "places": []}]])
def test_something_else_with_a_sound_checksum_is_no_list(body: object, index_dir: Path) -> None:
    sha256 = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    index_dir.mkdir()
    (index_dir / FILE).write_text(json.dumps({"version": 1, "sha256": sha256, "removed": body}), "utf-8")
    with pytest.raises(StorageError, match="it is damaged"):
        Removals(index_dir).load()


def test_a_list_of_a_later_version_says_so(index_dir: Path) -> None:
    index_dir.mkdir()
    (index_dir / FILE).write_text('{"version": 2, "sha256": "", "removed": []}', "utf-8")
    with pytest.raises(StorageError, match="its version is 2, this program reads 1"):
        Removals(index_dir).load()


def test_a_folder_in_the_place_of_the_list_is_an_error(index_dir: Path) -> None:
    (index_dir / FILE).mkdir(parents=True)
    with pytest.raises(StorageError, match=r"removed\.json cannot be read"):
        Removals(index_dir).load()


def test_what_a_killed_writer_left_is_no_list(index_dir: Path) -> None:
    removals = list_of(index_dir, record("a", "bai/mot.txt"))
    (index_dir / f"{FILE}.part").write_bytes(b'{"version": 1, "rem')
    assert removals.load() == [record("a", "bai/mot.txt")]
    removals.add([record("b", "bai/hai.txt")])
    assert [item.id[0] for item in removals.load()] == ["a", "b"]


def test_a_disk_that_refuses_leaves_the_list_as_it_was(index_dir: Path) -> None:
    removals = list_of(index_dir, record("a", "bai/mot.txt"))
    (index_dir / f"{FILE}.part").mkdir()
    with pytest.raises(StorageError, match=r"removed\.json cannot be written .*the list stays as it was"):
        removals.add([record("b", "bai/hai.txt")])
    assert removals.load() == [record("a", "bai/mot.txt")]


def test_while_a_build_runs_the_list_does_not_change(index_dir: Path) -> None:
    removals = list_of(index_dir, record("a", "bai/mot.txt"))
    with generations.builder_lock(index_dir):
        with pytest.raises(IndexBusy, match="Another build"):
            removals.add([record("b", "bai/hai.txt")])
        with pytest.raises(IndexBusy, match="Another build"):
            removals.drop([record("a", "bai/mot.txt")])
        assert removals.load() == [record("a", "bai/mot.txt")]


# --- what it hides ---


def test_an_article_stays_out_by_content_and_by_place(index_dir: Path) -> None:
    removals = list_of(index_dir, record("a", "bai/mot.txt", also_at=("bai/chep.txt",)))
    assert removals.hides(SHA["a"], "bai/mot.txt")
    assert removals.hides(SHA["a"][:16], "bai/khac.txt"), "by its id, and moved"
    assert removals.hides(SHA["b"], "bai/mot.txt"), "edited"
    assert removals.hides(SHA["b"], "bai/chep.txt"), "a copy of it, edited"
    assert not removals.hides(SHA["b"], "bai/hai.txt")
    assert not removals.hides(SHA["b"], "mot.txt")


def test_an_article_of_an_export_stays_out_while_its_neighbours_stay(index_dir: Path) -> None:
    removals = list_of(index_dir, record("a", "bai.csv#cho-phien"))
    assert removals.hides(SHA["b"], "bai.csv#cho-phien")
    assert not removals.hides(SHA["b"], "bai.csv#cho")
    assert not removals.hides(SHA["b"], "bai.csv")


@pytest.mark.parametrize("path", ["bai.csv#12", "bai.csv#12-40"])
def test_a_row_that_goes_by_its_number_stays_out_only_while_it_is_called_the_same(path: str, index_dir: Path) -> None:
    removals = list_of(index_dir, record("a", path, "Chợ phiên Nậm Bùn"))
    assert removals.hides(SHA["a"], path)
    assert not removals.hides(SHA["b"], path), "rows were inserted above"
    assert not removals.hides(SHA["b"], path, lambda: "Cầu mới ở Pha Luông")
    assert not removals.hides(SHA["b"], path, lambda: None)
    assert removals.hides(SHA["c"], path, lambda: "CHỢ PHIÊN NẬM BÙN"), "edited in its place"


def test_rows_that_move_are_followed_and_leave_their_numbers_to_others(index_dir: Path) -> None:
    removals = list_of(index_dir, record("a", "bai.csv#1", "Chợ phiên Nậm Bùn"))
    for number in range(2, 50):
        assert removals.hides(SHA["a"], f"bai.csv#{number}")
    removals.keep()
    (kept,) = Removals(index_dir).load()
    assert [Path(place).name for place in kept.places] == ["bai.csv#49"]
    for number in range(1, 50):
        assert not removals.hides(SHA["b"], f"bai.csv#{number}", lambda: "Cầu mới ở Pha Luông")
    assert Removals(index_dir).hides(SHA["c"], "bai.csv#49", lambda: "Chợ phiên Nậm Bùn"), "edited there"


def test_what_was_moved_stays_out_when_it_is_edited_there(index_dir: Path) -> None:
    first = list_of(index_dir, record("a", "bai/mot.txt"))
    assert first.hides(SHA["a"], "kho/mot.txt")
    first.keep()
    assert Removals(index_dir).hides(SHA["b"], "kho/mot.txt")


def test_what_was_edited_stays_out_when_it_moves_then(index_dir: Path) -> None:
    first = list_of(index_dir, record("a", "bai/mot.txt", "Chợ phiên Nậm Bùn"))
    assert first.hides(SHA["b"], "bai/mot.txt", lambda: "Chợ phiên Nậm Bùn")
    first.keep()
    assert Removals(index_dir).hides(SHA["b"], "kho/mot.txt")


def test_another_article_in_its_place_is_not_followed(index_dir: Path) -> None:
    first = list_of(index_dir, record("a", "moi-nhat.txt", "Chợ phiên Nậm Bùn"))
    assert first.hides(SHA["b"], "moi-nhat.txt", lambda: "Cầu mới ở Pha Luông")
    assert not first.hides(SHA["b"], "kho/cau-moi.txt")
    first.keep()
    assert not Removals(index_dir).hides(SHA["b"], "kho/cau-moi.txt")


def test_the_title_is_asked_for_only_where_it_matters(index_dir: Path) -> None:
    def never() -> str:
        raise AssertionError

    removals = list_of(index_dir, record("a", "bai/mot.txt", "Chợ phiên"))
    assert removals.hides(SHA["a"], "bai/mot.txt", never)
    assert not removals.hides(SHA["b"], "bai/hai.txt", never)


def test_nothing_is_written_where_nothing_was_learnt(index_dir: Path) -> None:
    removals = list_of(index_dir, record("a", "bai/mot.txt"))
    before = (index_dir / FILE).stat().st_ino
    assert removals.hides(SHA["a"], "bai/mot.txt")
    removals.keep()
    assert (index_dir / FILE).stat().st_ino == before


def test_the_working_folder_does_not_matter(index_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("lam-viec", "noi-khac"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "lam-viec")
    list_of(index_dir, record("a", "bai/mot.txt"), record("c", "https://bao.example/mot"))
    monkeypatch.chdir(tmp_path / "noi-khac")
    removals = Removals(index_dir)
    assert removals.hides(SHA["b"], str(tmp_path / "lam-viec" / "bai" / "mot.txt"))
    assert removals.hides(SHA["b"], "bai/mot.txt"), "as it was shown: a project that moved as a whole"
    assert removals.hides(SHA["d"], "https://bao.example/mot")


@settings(max_examples=50)
@given(
    records=LISTS,
    sha=st.text("0123456789abcdef", min_size=64, max_size=64),
    name=st.text(string.ascii_lowercase, min_size=1),
)
def test_only_what_is_on_the_list_is_hidden(
    records: list[Removed], sha: str, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("index")
    known = [replace(item, places=(*item.places, f"/bai/{n}.txt")) for n, item in enumerate(records)]
    removals = list_of(folder, *known)
    for item in known:
        assert removals.hides(item.id + "0" * 48, f"/khac/{name}.txt")
    removals = Removals(folder)
    for item in known:
        assert removals.hides(sha, item.places[-1])
    removals = Removals(folder)
    ids = {id_ for item in known for id_ in (item.id, *item.ids)}
    assert removals.hides(sha, f"/khac/{name}.txt") == (sha[:16] in ids)
