"""An index is published whole or not at all; what is damaged never answers."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from embeddings import generations, pipeline
from embeddings.errors import CorruptIndex, IndexBusy, NoIndex, StaleIndex, StorageError
from embeddings.index import Index, open_index
from tests.fakes import HashingEncoder, index_settings, write_articles

FINGERPRINT = HashingEncoder().fingerprint


def build(tmp_path: Path, articles: int, *, full: bool = False) -> Path:
    source = write_articles(tmp_path / "articles", articles)
    pipeline.build(index_settings(source, tmp_path / "index"), HashingEncoder(), full=full)
    return tmp_path / "index"


@pytest.fixture(scope="module")
def two_generations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index whose generation 1 holds two articles and whose generation 2 holds three."""
    folder = tmp_path_factory.mktemp("two")
    build(folder, 2)
    return build(folder, 3)


@pytest.fixture
def index_dir(two_generations: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(two_generations, tmp_path / "index"))


def opened(index_dir: Path) -> tuple[int, str | None]:
    index = open_index(index_dir, FINGERPRINT)
    count, warning = len(index.articles()), index.warning
    index.close()
    return count, warning


def newest_files(index_dir: Path) -> list[Path]:
    return sorted(path for path in generations.folder_of(index_dir, 2).rglob("*") if path.is_file())


def test_the_newest_generation_answers_without_a_warning(index_dir: Path) -> None:
    assert opened(index_dir) == (3, None)


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove"])
def test_damage_to_any_file_is_seen_and_the_generation_before_answers(damage: str, index_dir: Path) -> None:
    files = newest_files(index_dir)
    assert len(files) >= 8
    for file in files:
        whole = file.read_bytes()
        changes = {
            "flip": [
                whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :]
                for at in {0, len(whole) // 2, len(whole) - 1}
                if whole
            ],
            "truncate": [whole[:-1]] if whole else [],
            "empty": [b""] if whole else [],
            "remove": [b""],
        }[damage]
        for changed in changes:
            if damage == "remove":
                file.unlink()
            else:
                file.write_bytes(changed)
            count, warning = opened(index_dir)
            assert count == 2, file
            assert warning is not None
            assert "Generation 2" in warning
            assert "generation 1 answers instead. Repair it: rebuild-index --full" in warning
            file.write_bytes(whole)
    assert opened(index_dir) == (3, None)


def test_every_byte_of_a_manifest_counts(index_dir: Path) -> None:
    file = generations.folder_of(index_dir, 2) / generations.MANIFEST
    whole = file.read_bytes()
    for at in range(0, len(whole), 7):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises((CorruptIndex, StaleIndex), match=r"manifest\.json|format"):
            generations.verify(file.parent)
    file.write_bytes(b"[" * 100_000)
    with pytest.raises(CorruptIndex, match=r"manifest\.json cannot be read"):
        generations.verify(file.parent)


def test_where_all_is_damaged_the_command_that_repairs_is_named(index_dir: Path) -> None:
    for file in index_dir.rglob("passages.sqlite"):
        file.write_bytes(b"")
    with pytest.raises(
        CorruptIndex, match=r"No generation in .*passages\.sqlite is not what was written.*rebuild-index --full"
    ):
        opened(index_dir)


def test_a_damaged_index_is_repaired_by_the_next_build(tmp_path: Path) -> None:
    index_dir = build(tmp_path, 2)
    (generations.folder_of(index_dir, 1) / "vectors.faiss").write_bytes(b"")
    build(tmp_path, 2)
    assert opened(index_dir) == (2, None)
    assert generations.numbers(index_dir)[0] == 2


def rewrite_manifest(folder: Path, **changes: object) -> None:
    document = json.loads((folder / generations.MANIFEST).read_bytes())
    body = {**document["manifest"], **changes}
    files = {name: generations.FileRecord(**record) for name, record in body.pop("files").items()}
    generations.write_manifest(folder, generations.Manifest(**body, files=files))


def test_a_generation_of_another_format_is_stale_not_broken(index_dir: Path) -> None:
    rewrite_manifest(generations.folder_of(index_dir, 2), format=99)
    assert opened(index_dir)[0] == 2
    rewrite_manifest(generations.folder_of(index_dir, 1), format=99)
    with pytest.raises(StaleIndex, match=rf"its format is 99, this program reads {generations.FORMAT}.*Rebuild it"):
        opened(index_dir)


def test_parts_of_two_generations_do_not_make_one(index_dir: Path) -> None:
    old, new = generations.folder_of(index_dir, 1), generations.folder_of(index_dir, 2)
    shutil.copyfile(old / "vectors.faiss", new / "vectors.faiss")
    files = {
        **generations.read_manifest(new).files,
        "vectors.faiss": generations.read_manifest(old).files["vectors.faiss"],
    }
    rewrite_manifest(new, files={name: {"size": r.size, "sha256": r.sha256} for name, r in files.items()})
    with pytest.raises(CorruptIndex, match=r"parts do not belong together"):
        opened(index_dir)


class Trap:
    """Leaves a mark when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.mkdir, (str(self.mark), 0o755)


def test_a_planted_pickle_is_never_opened(index_dir: Path, tmp_path: Path) -> None:
    import pickle

    trap = pickle.dumps(Trap(tmp_path / "sprung"))
    pickle.loads(trap)  # noqa: S301 - the trap works
    (tmp_path / "sprung").rmdir()
    for folder in [index_dir, *(path for path in index_dir.rglob("*") if path.is_dir())]:
        for name in ("index.pkl", "docstore.pickle", "data.npy", "manifest.pkl"):
            (folder / name).write_bytes(trap)
    assert opened(index_dir) == (3, None)
    assert not (tmp_path / "sprung").exists()


def test_two_generations_are_kept_and_what_a_reader_holds(tmp_path: Path) -> None:
    reader = open_index(build(tmp_path, 2), FINGERPRINT)
    index_dir = build(tmp_path, 3)
    for _ in range(3):
        build(tmp_path, 3, full=True)
    assert generations.numbers(index_dir) == [5, 4, 1]
    assert len(reader.articles()) == 2
    assert reader.passages([0])[0].passage.text
    reader.close()
    build(tmp_path, 3, full=True)
    assert generations.numbers(index_dir) == [6, 5]
    assert sorted(path.name for path in index_dir.iterdir()) == [
        "files.sqlite",
        "generations",
        "lock",
        "vector-cache.sqlite",
    ]


@pytest.mark.parametrize("damaged", ["manifest.json", "vectors.faiss"])
def test_damaged_generations_do_not_count_as_kept(damaged: str, index_dir: Path) -> None:
    (generations.folder_of(index_dir, 2) / damaged).write_bytes(b"")
    shutil.copytree(generations.folder_of(index_dir, 1), generations.folder_of(index_dir, 3))
    generations.prune(index_dir, 2)
    assert generations.numbers(index_dir) == [3, 2, 1]
    generations.prune(index_dir, 1)
    assert generations.numbers(index_dir) == [3]


def test_the_second_builder_is_told_who_builds(tmp_path: Path) -> None:
    busy = pytest.raises(IndexBusy, match=rf"Another build of .* is running \(process {os.getpid()}\)")
    with generations.builder_lock(tmp_path), busy, generations.builder_lock(tmp_path):
        pass
    with generations.builder_lock(tmp_path):
        assert generations.numbers(tmp_path) == []


def fail_while_building(index_dir: Path) -> None:
    with generations.staging(index_dir) as folder:
        (folder / "x").mkdir()
        raise OSError(28, "No space left on device")


def test_a_build_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"could not be written to .*Free some space; the old index still serves"):
        fail_while_building(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_index_folder_that_is_a_file_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "index").write_bytes(b"")
    with (
        pytest.raises(StorageError, match=r"The index folder .* cannot be written .*Choose another: --index"),
        generations.builder_lock(tmp_path / "index"),
    ):
        pass
    with pytest.raises(NoIndex, match="no index in"):
        generations.open_newest(tmp_path / "index")


def test_a_closed_index_can_be_opened_again(index_dir: Path) -> None:
    held = generations.open_newest(index_dir)
    index = Index(held)
    index.close()
    assert held.hold.closed
    assert opened(index_dir) == (3, None)
