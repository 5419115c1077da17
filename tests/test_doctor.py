"""The doctor names every fault that is made, repairs what it safely can, and finds nothing wrong with what is whole."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from embeddings import bundled_model, generations, leftovers, pipeline, removals
from embeddings.checking import look_at_all
from embeddings.errors import IndexBusy
from embeddings.index import open_index
from embeddings.settings import Articles, Encoder, Index
from embeddings.web_cache import WebCache
from qa_bot import assembly, calibration, doctor
from qa_bot.doctor_words import DOCTOR
from qa_bot.settings import State, Telegram
from qa_bot.telegram.state import open_state
from tests.doctor_home import FINGERPRINT, TOKEN, Home, home, pattern, shown, write_model, wrong
from tests.fakes import ROOT, HashingEncoder

__all__ = ["home", "pattern"]  # fixtures

HOLD = """
import sys
from pathlib import Path
from embeddings import generations

with generations.builder_lock(Path(sys.argv[1])), generations.staging(Path(sys.argv[1])) as folder:
    (folder / "passages.sqlite").write_bytes(b"x" * 1000)
    print("building", flush=True)
    sys.stdin.read()
"""

BOT = """
import os, sys
from pathlib import Path
from qa_bot.telegram.state import open_state

db = open_state(Path(sys.argv[1]))
with db:
    db.execute("INSERT INTO bans VALUES (1013, 0)")
print("running", flush=True)
sys.stdin.read()
"""

_children: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def no_child_stays() -> Iterator[None]:
    yield
    for child in _children:
        child.kill()
        child.communicate()
    _children.clear()


def started(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A process of its own, once it has said that it is there."""
    child = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    _children.append(child)
    assert child.stdout is not None
    assert child.stdout.readline()
    return child


def killed(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.communicate()


def values(found: list[doctor.Finding], name: str) -> list[dict[str, object]]:
    return [dict(finding.what.values) for finding in found if finding.what.name == name]


def repaired_names(repaired: list[doctor.Repaired]) -> list[tuple[bool, str]]:
    return [(item.done, item.said.name) for item in repaired]


# --- healthy ---


def test_a_healthy_installation_is_good_throughout(home: Home) -> None:
    found = home.look()
    assert wrong(found) == []
    assert {finding.area for finding in found} == {
        "settings", "articles", "index", "caches", "model", "temporary", "telegram",
    }  # fmt: skip
    assert [finding for finding in found if finding.cure or finding.repair] == []
    assert shown(found, [], "en").splitlines()[-1] == "All is well."
    assert shown(found, [], "vi").splitlines()[-1] == "Mọi thứ đều ổn."


def test_looking_changes_nothing_and_repairing_what_is_whole_does_nothing(home: Home) -> None:
    open_state(home.database.parent).close()
    before, names = home.files(), sorted(home.folder.rglob("*"))
    home.look()
    assert home.repair() == []
    assert home.files() == before
    assert sorted(home.folder.rglob("*")) == names


def test_the_numbers_are_those_of_the_index(home: Home) -> None:
    (sound,) = values(home.look(), "doctor.index.sound")
    assert (sound["number"], sound["articles"], sound["sound"], sound["count"]) == (2, 3, 2, 2)


def test_the_real_model_is_whole(home: Home, model_cache: Path) -> None:
    found = home.look(encoder=Encoder(cache_dir=model_cache))
    assert [finding.state for finding in found if finding.what.name == "doctor.model.good"] == ["good"]


# --- articles and settings ---


def test_a_source_that_does_not_exist_is_named(home: Home) -> None:
    found = home.look(articles=Articles(source=(home.folder / "articles", home.folder / "gone")))
    assert wrong(found) == [("bad", "doctor.said")]
    assert "gone" in shown(found, [], "en")


def test_files_that_are_read_and_passed_over_are_counted(home: Home) -> None:
    (home.folder / "articles" / "anh.png").write_bytes(b"\x89PNG")
    found = home.look()
    assert wrong(found) == []  # a picture among articles is no fault
    (counts,) = values(found, "doctor.articles.some")
    assert (counts["files"], counts["skipped"]) == (3, 1)
    assert "anh.png: format .png is not read" in str(counts["first"])


def test_what_cannot_be_read_among_articles_is_a_notice(home: Home) -> None:
    (home.folder / "articles" / "mat.txt").symlink_to(home.folder / "nowhere.txt")
    os.mkfifo(home.folder / "articles" / "ong.txt")
    found = home.look()
    assert wrong(found) == [("notice", "doctor.articles.closed")]
    assert values(found, "doctor.articles.closed")[0]["count"] == 2


def test_a_folder_without_articles_is_a_notice(home: Home) -> None:
    (home.folder / "empty").mkdir()
    found = home.look(articles=Articles(source=(home.folder / "articles", home.folder / "empty")))
    assert wrong(found) == [("notice", "doctor.articles.none")]


def test_word_lists_that_cannot_be_used_are_named(home: Home) -> None:
    (home.folder / "words.toml").write_text("[pages", "utf-8")
    source = home.settings.articles.source
    found = home.look(articles=Articles(source=source, word_lists=home.folder / "words.toml"))
    assert ("bad", "doctor.said") in wrong(found)
    assert "cannot be used as word lists" in shown(found, [], "en")


def test_a_settings_file_with_a_token_that_everybody_can_read_is_a_notice(home: Home) -> None:
    file = home.folder / "qa-bot.toml"
    file.write_text(f'[telegram]\ntoken = "{TOKEN}"\n', "utf-8")

    def look() -> list[doctor.Finding]:
        return doctor.examine(home.settings, FINGERPRINT, config=file, environment={})

    file.chmod(0o644)
    found = look()
    assert wrong(found) == [("notice", "doctor.settings.public")]
    assert f"chmod 600 {file}" in shown(found, [], "en")
    file.chmod(0o640)
    assert wrong(look()) == []
    file.write_text("[telegram]\nadmins = 7\n", "utf-8")
    file.chmod(0o644)
    assert wrong(look()) == []  # the token is set elsewhere


def test_settings_in_the_environment_are_named_without_their_values(home: Home) -> None:
    found = doctor.examine(home.settings, FINGERPRINT, environment={"QA_BOT_TELEGRAM_TOKEN": TOKEN, "PATH": "x"})
    assert values(found, "doctor.settings.environment") == [{"names": "QA_BOT_TELEGRAM_TOKEN"}]
    assert TOKEN not in repr([(finding.what, finding.cure) for finding in found])


# --- the index folder ---


def test_without_an_index_the_command_that_builds_one_is_named(home: Home) -> None:
    shutil.rmtree(home.index)
    found = home.look()
    assert wrong(found) == [("bad", "doctor.index.none")]
    assert "rebuild-index" in shown(found, [], "vi")
    assert home.repair() == []
    assert not home.index.exists()
    home.index.mkdir()
    assert wrong(home.look()) == [("bad", "doctor.index.none")]


def test_an_index_folder_that_is_a_file_is_named(home: Home) -> None:
    shutil.rmtree(home.index)
    home.index.write_bytes(b"")
    assert wrong(home.look()) == [("bad", "doctor.index.unusable")]


def test_a_disk_that_is_too_small_for_another_generation_is_a_notice(home: Home) -> None:
    with (home.generation(2) / "stray.bin").open("wb") as file:
        file.truncate(1 << 42)  # a hole: its size counts, its place on disk does not
    found = home.look()
    assert wrong(found) == [("notice", "doctor.index.no_space")]
    assert values(found, "doctor.index.no_space")[0]["needed"] == "8796.2 GB"


# --- generations ---


def damaged(file: Path, how: str) -> None:
    whole = file.read_bytes()
    middle = len(whole) // 2
    if how == "remove":
        file.unlink()
    elif whole:
        file.write_bytes({
            "flip": whole[:middle] + bytes([whole[middle] ^ 4]) + whole[middle + 1 :], "truncate": whole[:-1],
        }[how])  # fmt: skip


@pytest.mark.parametrize("how", ["flip", "truncate", "remove"])
def test_each_damaged_file_of_the_newest_generation_is_named_and_a_build_and_a_repair_make_all_well(
    how: str, pattern: Path, home: Home
) -> None:
    names = sorted(path.relative_to(home.generation(2)) for path in home.generation(2).rglob("*") if path.is_file())
    assert len(names) >= 8
    for name in names:
        before = (home.generation(2) / name).read_bytes()
        if not before and how != "remove":
            continue
        damaged(home.generation(2) / name, how)
        found = home.look()
        assert wrong(found) == [("bad", "doctor.index.newest_damaged")], name
        (told,) = values(found, "doctor.index.newest_damaged")
        assert str(told["problem"]).startswith(name.as_posix())
        assert (told["number"], told["serving"]) == (2, 1)
        assert "→ rebuild-index" in shown(found, [], "en")
        (home.generation(2) / name).write_bytes(before)
    damaged(home.generation(2) / "vectors.faiss", how)
    assert home.repair() == []  # the newest stays until a newer one is sound
    assert generations.numbers(home.index) == [2, 1]
    home.build()
    assert wrong(home.look()) == [("notice", "doctor.index.older")]
    assert repaired_names(home.repair()) == [(True, "doctor.done.generation")]
    assert wrong(home.look()) == []
    assert generations.numbers(home.index) == [3, 1]


def test_an_older_damaged_generation_is_removed_and_the_sound_one_still_answers(home: Home) -> None:
    damaged(home.generation(1) / "passages.sqlite", "flip")
    found = home.look()
    assert wrong(found) == [("notice", "doctor.index.older")]
    assert "passages.sqlite is not what was written" in shown(found, [], "en")
    reader = open_index(home.index, FINGERPRINT)
    home.repair()
    assert wrong(home.look()) == []
    assert [(item.number, item.fault) for item in look_at_all(home.index)] == [(2, None)]
    assert sorted(path.name for path in home.index.iterdir()) == [
        "files.sqlite", "generations", "lock", "vector-cache.sqlite",
    ]  # fmt: skip
    assert len(reader.articles()) == 3
    reader.close()


@pytest.mark.parametrize("name", ["manifest.json", "vectors.faiss"])
def test_where_no_generation_is_sound_nothing_is_removed_and_a_build_is_advised(name: str, home: Home) -> None:
    for number in (1, 2):
        (home.generation(number) / name).write_bytes(b"")
    before = home.files()
    found = home.look()
    assert wrong(found) == [("bad", "doctor.index.no_sound"), ("bad", "doctor.index.older")]
    assert "rebuild-index" in shown(found, [], "en")
    assert home.repair() == []
    assert home.files() == before


def test_a_generation_that_somebody_reads_is_not_removed(home: Home) -> None:
    damaged(home.generation(1) / "vectors.faiss", "flip")
    with (home.generation(1) / "manifest.json").open("rb") as reading:
        fcntl.flock(reading, fcntl.LOCK_SH)
        (repaired,) = home.repair()
        assert not repaired.done
        assert "open in another program" in str(repaired.said.values["text"])
        assert generations.numbers(home.index) == [2, 1]
    assert repaired_names(home.repair()) == [(True, "doctor.done.generation")]


def test_a_repair_looks_again_before_it_removes_anything(home: Home) -> None:
    """Between finding and repairing the disk may have come back, or the sound generation may have gone."""
    file = home.generation(1) / "vectors.faiss"
    whole = file.read_bytes()
    file.write_bytes(b"")
    found = home.look()
    file.write_bytes(whole)
    assert repaired_names(doctor.repair_all(found)) == [(True, "doctor.done.nothing")]
    file.write_bytes(b"")
    found = home.look()
    (home.generation(2) / "vectors.faiss").write_bytes(b"")
    assert [item.done for item in doctor.repair_all(found)] == [False]
    assert generations.numbers(home.index) == [2, 1]


def rewritten(folder: Path, **changes: object) -> None:
    body = {**json.loads((folder / generations.MANIFEST).read_bytes())["manifest"], **changes}
    files = {name: generations.FileRecord(**record) for name, record in body.pop("files").items()}
    generations.write_manifest(folder, generations.Manifest(**body, files=files))


def test_another_format_model_or_recipe_is_told_apart(home: Home) -> None:
    rewritten(home.generation(2), recipe="0" * 64)
    assert wrong(home.look()) == [("notice", "doctor.index.other_recipe")]
    rewritten(home.generation(2), fingerprint="another@64")
    assert wrong(home.look()) == [("bad", "doctor.index.other_model")]
    (told,) = values(home.look(), "doctor.index.other_model")
    assert (told["built"], told["configured"]) == ("another@64", FINGERPRINT)
    rewritten(home.generation(2), format=2)
    assert wrong(home.look()) == [("bad", "doctor.index.newest_stale")]


def test_what_was_written_wrong_takes_a_full_build(home: Home) -> None:
    rewritten(home.generation(2), passages=99)
    found = home.look()
    assert wrong(found) == [("bad", "doctor.index.newest_wrong")]
    assert "→ rebuild-index --full" in shown(found, [], "en")


def test_a_model_whose_fingerprint_is_not_known_says_why_and_the_rest_is_looked_at(home: Home) -> None:
    found = doctor.examine(home.settings, None, problem="The model 'xa/la' is not here.", environment={})
    assert wrong(found) == [("bad", "doctor.said")]
    assert "The model 'xa/la' is not here." in shown(found, [], "en")
    assert values(found, "doctor.index.sound")


# --- builds under way, and what they left ---


def test_a_build_under_way_is_no_fault_and_repairs_wait_for_it(home: Home) -> None:
    (home.generation(1) / "vectors.faiss").write_bytes(b"")
    child = started(HOLD, home.index)
    found = home.look()
    assert values(found, "doctor.index.building") == [{"process": f"{child.pid}"}]
    assert wrong(found) == [("notice", "doctor.index.older")]  # and not what it is writing
    (repaired,) = home.repair()
    assert not repaired.done
    assert f"Another build of {home.index} is running (process {child.pid})" in str(repaired.said.values["text"])
    child.communicate("")
    assert repaired_names(home.repair()) == [(True, "doctor.done.generation")]


def test_while_builders_publish_and_prune_nothing_is_wrong(home: Home) -> None:
    def build() -> None:
        done = 0
        while done < 10:
            with suppress(IndexBusy):  # it began in the very moment in which the doctor tried the lock
                home.build(full=True)
                done += 1

    building = threading.Thread(target=build)
    building.start()
    looked = 0
    while building.is_alive() or not looked:
        assert wrong(home.look()) == []
        looked += 1
    building.join()


def test_what_a_killed_build_left_is_named_and_removed(home: Home) -> None:
    killed(started(HOLD, home.index))
    found = home.look()
    assert wrong(found) == [("notice", "doctor.index.unfinished")]
    assert values(found, "doctor.index.unfinished")[0]["count"] == 1
    assert repaired_names(home.repair()) == [(True, "doctor.done.unfinished")]
    assert wrong(home.look()) == []
    assert not list(home.index.glob("building-*"))


def test_a_lock_whose_process_does_not_live_here_is_a_notice(home: Home) -> None:
    child = started("print('here', flush=True)")
    child.communicate()
    (home.index / "building-elsewhere").mkdir()
    for content in (f"{child.pid}\n", "", "no number\n"):
        (home.index / "lock").write_text(content, "utf-8")
        with (home.index / "lock").open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert wrong(home.look()) == [("notice", "doctor.index.held")]
    assert wrong(home.look()) == [("notice", "doctor.index.unfinished")]  # nobody holds it any more


def test_a_lock_that_nobody_holds_says_nothing_whoever_it_names(home: Home) -> None:
    for content in (f"{os.getpid()}\n", "1\n", "99999999999999999999\n", "x" * 100, ""):
        (home.index / "lock").write_text(content, "utf-8")
        assert wrong(home.look()) == []


def test_a_calibration_that_was_killed_while_it_wrote_is_swept_up(home: Home) -> None:
    left = home.index / "calibration.json-abc123"
    left.write_bytes(b"{")
    assert wrong(home.look()) == []  # it may be writing now
    os.utime(left, (time.time() - 7200, time.time() - 7200))
    assert wrong(home.look()) == [("notice", "doctor.index.unfinished_file")]
    home.repair()
    assert not left.exists()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, []),
        (calibration.Record(1, 1.0, -0.5, 200, 150, FINGERPRINT, "2026-01-05"), []),
        (calibration.Record(1, 1.0, -0.5, 200, 150, "another", "2026-01-05"), [("notice", "doctor.said")]),
        (b"{", [("notice", "doctor.said")]),
        (b"\xff", [("notice", "doctor.said")]),
    ],
)
def test_a_calibration_that_is_not_used_is_a_notice(
    content: calibration.Record | bytes | None, found: list[tuple[str, str]], home: Home
) -> None:
    if isinstance(content, bytes):
        (home.index / calibration.FILE).write_bytes(content)
    elif content is not None:
        calibration.write(home.index, content)
    assert wrong(home.look()) == found
    assert home.repair() == []


def test_a_list_of_removed_articles_that_cannot_be_used_is_named(home: Home) -> None:
    list_ = removals.Removals(home.index)
    list_.add([removals.removed("0123456789abcdef", "articles/bai-0.txt", "Bài thử", "2026-01-05T08:00:00+00:00")])
    found = home.look()
    assert wrong(found) == []
    assert values(found, "doctor.index.removed") == [{"count": 1}]
    damaged(home.index / removals.FILE, "flip")
    found = home.look()
    assert wrong(found) == [("bad", "doctor.said")]
    assert "The list of removed articles" in shown(found, [], "en")
    assert home.repair() == []  # only a person knows what was on it


# --- caches ---


def foreign(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE recipes (name TEXT)")


def torn(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        (size,) = db.execute("PRAGMA page_size").fetchone()
        (page,) = db.execute("SELECT max(rootpage) FROM sqlite_master").fetchone()
    data = bytearray(file.read_bytes())
    data[(page - 1) * size : page * size] = b"\x55" * size
    file.write_bytes(bytes(data))


def text_instead(file: Path) -> None:
    file.write_bytes(b"this is no database, however long it may be\n" * 200)


@pytest.mark.parametrize("name", ["vector-cache.sqlite", "files.sqlite"])
@pytest.mark.parametrize("damage", [foreign, torn, text_instead, lambda file: os.truncate(file, 5000)])
def test_a_damaged_or_foreign_cache_is_dropped_and_made_anew(
    name: str, damage: Callable[[Path], None], home: Home
) -> None:
    damage(home.index / name)
    found = home.look()
    assert wrong(found) == [("notice", "doctor.caches.damaged")]
    assert name in shown(found, [], "en")
    assert repaired_names(home.repair()) == [(True, "doctor.done.cache")]
    assert not (home.index / name).exists()
    assert wrong(home.look()) == []
    home.build(full=True)
    assert (home.index / name).exists()
    assert wrong(home.look()) == []


def test_damaged_copies_of_web_pages_are_put_aside_and_not_deleted(home: Home) -> None:
    file = home.index / pipeline.WEB_FILE
    WebCache(file).close()
    assert wrong(home.look()) == []
    text_instead(file)
    before = file.read_bytes()
    assert wrong(home.look()) == [("notice", "doctor.caches.damaged")]
    assert repaired_names(home.repair()) == [(True, "doctor.done.aside")]
    assert file.with_name(f"{file.name}.damaged").read_bytes() == before
    assert not file.exists()
    assert wrong(home.look()) == []


def test_a_cache_that_is_missing_or_empty_is_no_fault(home: Home) -> None:
    (home.index / "files.sqlite").unlink()
    (home.index / "vector-cache.sqlite").write_bytes(b"")
    assert wrong(home.look()) == []


def test_a_cache_in_use_is_read_with_what_stands_in_its_log(home: Home) -> None:
    with closing(sqlite3.connect(home.index / "vector-cache.sqlite")) as db:
        with db:
            db.execute("INSERT INTO vectors VALUES (x'00', 0, x'00')")
        names = sorted(home.index.iterdir())
        assert wrong(home.look()) == []
        assert sorted(home.index.iterdir()) == names


def test_a_cache_much_larger_than_the_index_needs_is_dropped(home: Home) -> None:
    file = home.index / "vector-cache.sqlite"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("INSERT INTO vectors VALUES (x'00', 0, zeroblob(110000000))")
    assert wrong(home.look()) == [("notice", "doctor.caches.large")]
    home.repair()
    assert not file.exists()


def test_a_folder_in_the_place_of_a_cache_is_named_and_left(home: Home) -> None:
    (home.index / "files.sqlite").unlink()
    (home.index / "files.sqlite").mkdir()
    assert wrong(home.look()) == [("notice", "doctor.caches.unreadable")]
    assert home.repair() == []


# --- the model ---


@pytest.mark.parametrize("how", ["flip", "truncate", "remove"])
@pytest.mark.parametrize("name", ["model.safetensors", "1_Pooling/config.json", "conversion.json"])
def test_a_damaged_model_is_named_and_removed_so_that_it_is_unpacked_again(how: str, name: str, home: Home) -> None:
    damaged(home.model / name, how)
    found = home.look()
    assert wrong(found) == [("bad", "doctor.model.damaged")]
    problem = values(found, "doctor.model.damaged")[0]["problem"]
    assert name in str(problem) or name == "conversion.json"  # a changed record is another's word against the files
    assert repaired_names(home.repair()) == [(True, "doctor.done.model")]
    assert list(home.model.parent.iterdir()) == []
    assert wrong(home.look()) == []


def test_half_made_models_are_swept_up_once_they_are_nobodys(home: Home) -> None:
    half = home.model.parent / f".{bundled_model.identity()}.x1y2z3"
    (half / "whole").mkdir(parents=True)
    assert wrong(home.look()) == []  # it may be under way
    os.utime(half, (0, 0))
    assert wrong(home.look()) == [("notice", "doctor.model.half_made")]
    home.repair()
    assert not half.exists()


def test_a_model_of_another_version_is_named_and_left(home: Home) -> None:
    other = write_model(home.model.with_name(f"{bundled_model.NAME}@0123456789ab.1"))
    assert wrong(home.look()) == [("notice", "doctor.model.old")]
    assert home.repair() == []
    assert other.exists()


def test_a_place_where_no_model_can_be_unpacked_is_named(home: Home) -> None:
    (home.folder / "file").write_bytes(b"")
    assert wrong(home.look(encoder=Encoder(cache_dir=home.folder / "file" / "models"))) == [
        ("bad", "doctor.model.no_folder")
    ]
    assert wrong(home.look(encoder=Encoder(cache_dir=home.folder / "new" / "models"))) == []
    assert not (home.folder / "new").exists()


# --- the temporary folder ---


def test_links_that_a_killed_reader_left_are_swept_away(home: Home) -> None:
    child = started(
        "import sys\nfrom pathlib import Path\nfrom embeddings.lexical import Lexical\n"
        "index = Lexical(Path(sys.argv[1]))\nprint('open', flush=True)\nsys.stdin.read()",
        home.generation(2) / "lexical",
    )
    assert wrong(home.look()) == []
    killed(child)
    found = home.look()
    assert wrong(found) == [("notice", "doctor.temporary.links")]
    assert repaired_names(home.repair()) == [(True, "doctor.done.links")]
    assert leftovers.abandoned() == []
    assert wrong(home.look()) == []


# --- the Telegram bot ---


def with_database(home: Home) -> Path:
    with closing(open_state(home.database.parent)) as db:
        for number in range(200):
            with db:
                db.execute("INSERT INTO bans VALUES (?, 0)", [number])
                db.execute("INSERT INTO notes VALUES (?, ?)", [f"note-{number}", "x" * 200])
    return home.database


def test_a_running_bots_database_is_looked_at_and_not_disturbed(home: Home) -> None:
    child = started(BOT, home.database.parent)
    before, names = home.files(), sorted(home.folder.rglob("*"))
    assert wrong(home.look()) == []
    after = home.files()
    after.pop("state/telegram.sqlite-shm"), before.pop("state/telegram.sqlite-shm")  # where readers leave their marks
    assert after == before
    assert sorted(home.folder.rglob("*")) == names
    killed(child)
    assert wrong(home.look()) == []
    with closing(open_state(home.database.parent)) as db:
        assert db.execute("SELECT id FROM bans").fetchall() == [(1013,)]


@pytest.mark.parametrize("damage", [torn, text_instead, lambda file: os.truncate(file, 20000)])
def test_a_damaged_database_is_put_aside_whole_and_the_bot_begins_anew(
    damage: Callable[[Path], None], home: Home
) -> None:
    file = with_database(home)
    damage(file)
    bytes_then = file.read_bytes()
    found = home.look()
    assert wrong(found) == [("bad", "doctor.telegram.damaged")]
    assert "who is banned" in shown(found, [], "en")
    assert "người bị chặn" in shown(found, [], "vi")
    assert repaired_names(home.repair()) == [(True, "doctor.done.database")]
    (aside,) = file.parent.glob("telegram.sqlite.damaged-*")
    assert re.fullmatch(r"telegram\.sqlite\.damaged-\d{8}T\d{6}Z", aside.name)
    assert aside.read_bytes() == bytes_then
    assert not file.exists()
    assert wrong(home.look()) == []
    with closing(open_state(file.parent)) as db:
        assert db.execute("SELECT count(*) FROM bans").fetchone() == (0,)
    assert wrong(home.look()) == []


def test_the_log_of_a_damaged_database_goes_with_it(home: Home) -> None:
    with_database(home)
    killed(started(BOT, home.database.parent))
    log = home.database.with_name("telegram.sqlite-wal")
    log_then = log.read_bytes()
    assert log_then
    text_instead(home.database)
    assert wrong(home.look()) == [("bad", "doctor.telegram.damaged")]
    home.repair()
    (aside,) = home.database.parent.glob("telegram.sqlite.damaged-*-wal")
    assert aside.read_bytes() == log_then
    assert not log.exists()
    open_state(home.database.parent).close()
    assert wrong(home.look()) == []


def test_a_running_bots_database_is_never_put_aside(home: Home) -> None:
    with_database(home)
    child = started(BOT, home.database.parent)
    text_instead(home.database)
    before = home.database.read_bytes()
    (repaired,) = home.repair()
    assert not repaired.done
    assert "A bot is running" in str(repaired.said.values["text"])
    assert home.database.read_bytes() == before
    child.kill()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("PRAGMA application_id = 1", "doctor.telegram.foreign"),
        ("PRAGMA user_version = 99", "doctor.telegram.newer"),
    ],
)
def test_anothers_database_and_a_newer_one_are_left_alone(statement: str, said: str, home: Home) -> None:
    file = with_database(home)
    with closing(sqlite3.connect(file)) as db:
        db.execute(statement)
    before = file.read_bytes()
    assert wrong(home.look()) == [("bad", said)]
    assert home.repair() == []
    assert file.read_bytes() == before


def test_a_token_is_told_of_and_never_shown(home: Home) -> None:
    def look(**telegram: object) -> list[tuple[str, str]]:
        return wrong(home.look(telegram=Telegram.model_validate(telegram)))

    assert look() == []  # whoever does not use Telegram misses nothing
    assert look(token=TOKEN) == [("bad", "doctor.telegram.nobody")]
    assert look(token=TOKEN, access="open") == []
    assert look(token=TOKEN[:12], admins=(7,)) == [("bad", "doctor.telegram.odd_token")]
    found = home.look(telegram=Telegram(token=SecretStr("geheim:geheim"), admins=(7,)))
    assert "geheim" not in shown(found, [], "en")


def test_a_place_where_no_database_can_be_made_is_named(home: Home) -> None:
    (home.folder / "file").write_bytes(b"")
    assert wrong(home.look(state=State(dir=home.folder / "file"))) == [("bad", "doctor.telegram.closed")]
    assert wrong(home.look(state=State(dir=home.folder / "file" / "state"))) == [("bad", "doctor.telegram.closed")]
    assert wrong(home.look(state=State(dir=home.folder / "new" / "state"))) == []
    assert not (home.folder / "new").exists()


# --- without permission ---

AS_ANOTHER = """
import os, sys
from pathlib import Path
from tests.doctor_home import Home, wrong

home = Home(Path(sys.argv[1]))
home.look()  # whatever Python loads late, it loads now
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
print(wrong(home.look()))
"""


def test_a_user_who_may_only_read_is_told_what_that_means(home: Home) -> None:
    open_state(home.database.parent).close()
    for parent in home.folder.parents:
        if parent.stat().st_uid == os.getuid() and len(parent.parts) > 2:
            parent.chmod(parent.stat().st_mode | 0o055)
    closed = [home.index, home.index / "generations", home.folder / "models", home.folder]
    for path in closed:
        path.chmod(0o555)
    home.temporary.chmod(0o777)
    (home.folder / "articles" / "bai-0.txt").chmod(0)
    (home.folder / "state").chmod(0)
    child = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER, str(home.folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    for path in [*closed, home.folder / "state"]:
        path.chmod(0o755)
    (home.folder / "articles" / "bai-0.txt").chmod(0o644)
    assert child.stderr == ""
    wanted = [
        ("notice", "doctor.articles.closed"),
        ("notice", "doctor.index.read_only"),
        ("bad", "doctor.telegram.closed"),
    ]
    assert child.stdout == f"{wanted}\n"


# --- the command ---


class Named(HashingEncoder):
    """Builds an index that says it is of the configured model."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__()
        self._said = fingerprint

    @property
    def fingerprint(self) -> str:
        return self._said


def ran(home: Home, *, repair: bool = False, **changes: object) -> tuple[str, int]:
    renderable, code = doctor.run(home.settings.model_copy(update=changes), "en", repair=repair)
    console = Console(width=200, no_color=True)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get(), code


def test_the_command_ends_with_0_where_nothing_is_bad_else_with_1(home: Home) -> None:
    text, code = ran(home)
    assert (code, "was made by another model (hashing@256)" in text) == (1, True)
    pipeline.build(home.settings, Named(assembly.make_encoder(home.settings).fingerprint))
    text, code = ran(home)
    assert (code, text.splitlines()[-1]) == (0, "All is well.")
    killed(started(HOLD, home.index))
    text, code = ran(home)
    assert code == 0
    assert text.splitlines()[-1] == (
        "The bot works; to be looked at (!): 1. Can be repaired by itself: 1 (qa-bot doctor --repair)."
    )
    text, code = ran(home, repair=True)
    assert code == 0
    assert text.splitlines()[0] == "Repaired: 1 unfinished builds are gone"
    assert text.splitlines()[-1] == "All is well."


def test_a_model_that_is_not_here_is_not_fetched(home: Home) -> None:
    text, code = ran(home, encoder=Encoder(model="xa-la/mo-hinh", cache_dir=home.folder / "models"))
    assert code == 1
    assert "The embedding model 'xa-la/mo-hinh' is neither a folder nor in" in text


def test_a_repair_that_fails_is_told_and_the_others_go_on(home: Home) -> None:
    text_instead(with_database(home))
    (home.generation(1) / "vectors.faiss").write_bytes(b"")
    child = started(HOLD, home.index)
    text, code = ran(home, repair=True)
    assert code == 1
    assert text.startswith(f"Not repaired: Another build of {home.index} is running (process {child.pid}).")
    assert "\nRepaired: " in text
    assert not home.database.exists()


# --- words ---


def test_names_that_steer_a_terminal_are_shown_as_text(home: Home) -> None:
    hostile = home.folder / "articles" / "\x1b[2J\x1b]52;c;eA==\x07\u202e\n.txt"
    hostile.symlink_to(home.folder / "gone")
    os.symlink(b"gone", os.fsencode(home.folder / "articles") + b"/b\xe0i.txt")
    source = home.folder / "a\x1b[31m\rb"
    found = home.look(articles=Articles(source=(home.folder / "articles", source)))
    assert wrong(found) == [("notice", "doctor.articles.closed"), ("bad", "doctor.said")]
    index = home.folder / "i\x1b[0m\nx"
    assert ("bad", "doctor.index.none") in wrong(home.look(index=Index(dir=index)))


def test_every_message_is_there_in_both_languages_and_is_used() -> None:
    for name, words in DOCTOR.items():
        assert set(words) == {"vi", "en"}, name
        fields = [set(re.findall(r"{(\w+)}", text)) for text in words.values()]
        assert fields[0] == fields[1], name
    code = "".join(path.read_text("utf-8") for path in sorted((ROOT / "qa_bot" / "doctor").glob("*.py")))
    used = set(re.findall(r'"(doctor\.[a-z_.]+)"', code))
    composed = {name for name in DOCTOR if re.match(r"doctor\.(area|all|index\.newest_)", name)}
    assert used <= set(DOCTOR)
    assert set(DOCTOR) == used | composed
