"""`qa-bot articles`: what is listed, shown, taken out and back in; the files are never touched."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import string
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from embeddings import generations, pipeline
from embeddings.console import printable
from embeddings.errors import BotError, IndexBusy, IndexProblem, SourceError, StorageError
from embeddings.index import open_index
from embeddings.lexical import FieldWeights
from embeddings.messages import Language
from embeddings.records import Header
from embeddings.removals import FILE, REASON, Removals
from embeddings.settings import Articles
from embeddings.settings import Index as IndexSection
from qa_bot.articles_command import asking, opened, run
from qa_bot.articles_query import Action, Beside, Sort, Wanted, checked, from_web, identified, outside, reprints, select
from qa_bot.articles_view import Whole, listing, text_of
from qa_bot.articles_words import ARTICLES
from qa_bot.filters import FilterError, passes
from qa_bot.records import EVERYTHING, Filters
from qa_bot.settings import BotSettings
from tests.fakes import HashingEncoder

PLACES = ("Nậm Bùn", "Pha Luông", "Suối Trầu", "Yên Lãng")
THINGS = ("chợ phiên", "cầu treo", "trạm bơm", "đường làng")
SGR = re.compile(r"\x1b\[[0-9;]*m")
WEIGHTS = FieldWeights(1.0, 0.3, 0.3, 0.25)


def text_about(number: int, edition: int = 0) -> str:
    """An article whose mark no other one holds, whatever is edited in it."""
    place, thing = PLACES[number % 4], THINGS[number // 4 % 4]
    return (
        f"Xã {place} mở {thing} số {number}\n\n{number + 1:02}/03/2021\n\n"
        f"Ngày đầu năm, xã {place} mở {thing} mang tên dau{number}hieu cho bà con trong vùng. Xã {place} cho biết "
        f"việc này tốn {number * 7 + 5} triệu đồng, dân góp một nửa số tiền ấy. Đây là lần sửa thứ {edition}.\n\n"
        f"Tác giả: Lò Thị Mẩy\n"
    )


@dataclass
class Desk:
    """A folder of articles, its index, and the command in front of a console."""

    folder: Path
    encoder: HashingEncoder = field(default_factory=HashingEncoder)
    out: io.StringIO = field(default_factory=io.StringIO)
    language: Language = "en"
    answer: bool = True
    asked: list[str] = field(default_factory=list)
    terminal: bool = False
    sources: tuple[Path, ...] = ()

    @property
    def source(self) -> Path:
        return self.folder / "bai"

    @property
    def settings(self) -> BotSettings:
        return BotSettings(
            articles=Articles(source=self.sources or (self.source,)), index=IndexSection(dir=self.folder / "index")
        )

    def write(self, number: int, edition: int = 0, name: str | None = None) -> Path:
        path = self.source / (name or f"bai-{number}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = text_about(number, edition)
        title = text.partition("\n")[0]
        path.write_text(f"---\ntitle: {title}\n---\n{text}" if path.suffix == ".md" else text, "utf-8")
        return path

    def build(self) -> pipeline.Report:
        return pipeline.build(self.settings, self.encoder)

    def run(self, wanted: Wanted, rebuild: Callable[[], pipeline.Report] | None = None) -> int:
        self.out.seek(0)
        self.out.truncate()
        console = Console(file=self.out, width=100, force_terminal=self.terminal)
        return run(wanted, self.settings, rebuild or self.build, self.language, console, self._ask)

    def _ask(self, question: str) -> bool:
        self.asked.append(question)
        return self.answer

    @property
    def told(self) -> str:
        return self.out.getvalue()

    def rows(self, wanted: Wanted) -> list[dict[str, object]]:
        self.run(replace(wanted, json=True))
        return [json.loads(line) for line in self.told.splitlines()]

    def remove(self, *words: str) -> int:
        return self.run(Wanted("remove", words, yes=True))

    def restore(self, *words: str) -> int:
        return self.run(Wanted("restore", words, yes=True))

    def paths(self) -> set[str]:
        """The names of the files that are indexed."""
        return {Path(str(row["path"])).name for row in self.rows(Wanted(limit=0))}

    def contents(self) -> dict[str, tuple[object, ...]]:
        """{path: all that is stored of the article there}"""
        with closing(open_index(self.settings.index.dir, self.encoder.fingerprint)) as index:
            return {
                article.path: (article, [stored.passage for stored in index.passages_of(article.id)])
                for article in index.articles()
            }

    def holds(self, mark: str) -> bool:
        """Whether any passage with `mark` can be found, in either way of searching or by reading all."""
        with closing(open_index(self.settings.index.dir, self.encoder.fingerprint)) as index:
            dense = index.dense_search(self.encoder.encode_queries([mark])[0], index.passage_count)
            rows = {*dense, *index.lexical_search(mark, index.passage_count, WEIGHTS), *range(index.passage_count)}
            return any(mark in stored.article.text for stored in index.passages(sorted(rows)))


def desk_of(folder: Path, count: int = 4) -> Desk:
    desk = Desk(folder)
    for number in range(count):
        desk.write(number)
    desk.build()
    return desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_of(tmp_path)


def snapshot(folder: Path) -> dict[str, tuple[object, ...]]:
    """Every file below `folder` with its bytes and what the file system says of it."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(folder.rglob("*")):
        status = path.stat()
        data = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (data, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_mode)
    return found


# --- laws ---


@settings(max_examples=6)
@given(gone=st.sets(st.integers(0, 4), min_size=1, max_size=4), at_once=st.booleans())
def test_removed_then_restored_gives_the_index_as_before(
    gone: set[int], at_once: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    desk = desk_of(tmp_path_factory.mktemp("desk"), 5)
    before = desk.contents()
    names = [str(desk.source / f"bai-{number}.txt") for number in sorted(gone)]
    for words in [names] if at_once else [[name] for name in names]:
        assert desk.remove(*words) == 0
    assert set(desk.contents()) == set(before) - set(names)
    for words in [[]] if at_once else [[name] for name in names]:
        assert desk.restore(*words) == 0
    assert desk.contents() == before
    assert Removals(desk.settings.index.dir).load() == []


@settings(max_examples=6)
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["remove", "restore", "show", "list"]), st.sampled_from(["bai", "0", "cầu", "zz"])),
        min_size=1,
        max_size=4,
    )
)
def test_no_file_of_the_sources_ever_changes(
    acts: list[tuple[Action, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    desk = desk_of(tmp_path_factory.mktemp("desk"), 3)
    before = snapshot(desk.source)
    for action, word in acts:
        try:
            desk.run(Wanted(action, (word,), yes=True))
        except BotError as error:
            assert "Nothing would be left" in str(error)  # noqa: PT017 - the only reason there is
    assert snapshot(desk.source) == before


steps = st.lists(
    st.tuples(st.sampled_from(["edit", "move", "copy", "touch"]), st.text(string.ascii_lowercase, min_size=2)),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize("kind", [".md", ".txt"])
@settings(max_examples=8)
@given(steps=steps)
@example(steps=[("edit", "aa"), ("move", "bb"), ("edit", "cc"), ("copy", "dd")])
def test_a_removed_article_never_comes_back_whatever_becomes_of_its_file(
    kind: str, steps: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    desk = desk_of(tmp_path_factory.mktemp("desk"), 3)
    desk.source.joinpath("bai-1.txt").unlink()
    path = desk.write(1, name=f"bai-1{kind}")
    desk.build()
    assert desk.holds("dau1hieu")
    desk.remove(str(path))
    for number, (step, name) in enumerate(steps, start=1):
        new = desk.source / name / f"{number}{kind}"
        if step == "edit":
            desk.write(1, number, str(path.relative_to(desk.source)))
        elif step == "touch":
            os.utime(path)
        else:
            new.parent.mkdir(exist_ok=True)
            (shutil.copyfile if step == "copy" else shutil.move)(path, new)
            path = new
        desk.build()
        assert not desk.holds("dau1hieu")
        assert desk.holds("dau0hieu")
        assert desk.holds("dau2hieu")


# --- removing and restoring ---


def test_a_build_says_what_it_leaves_out_and_why(desk: Desk) -> None:
    desk.remove("bai-0.txt")
    desk.write(9)
    for _ in range(2):
        report = desk.build()
        assert [(Path(item.path).name, item.reason) for item in report.skipped] == [("bai-0.txt", REASON)]


def test_one_row_of_an_export_goes_and_the_others_stay(desk: Desk) -> None:
    file = desk.source / "kho.jsonl"

    def export(*numbers: int) -> None:
        rows = ({"title": text_about(n).partition("\n")[0], "content": text_about(n)} for n in numbers)
        file.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
        desk.build()

    export(10, 11, 12)
    assert desk.remove("kho.jsonl#2") == 0
    export(13, 10, 11, 12)
    assert [desk.holds(f"dau{number}hieu") for number in (10, 11, 12, 13)] == [True, False, True, True]


def test_removing_one_article(desk: Desk) -> None:
    assert desk.run(Wanted("remove", ("pha luong",))) == 0
    assert desk.asked == ["Remove 1 article from the index? Its file stays as it is. [y/N]"]
    assert "Xã Pha Luông mở chợ phiên số 1" in desk.told
    assert str(desk.source / "bai-1.txt") in "".join(desk.told.split())
    assert "1 removed; articles that answer now: 3." in desk.told
    assert desk.paths() == {"bai-0.txt", "bai-2.txt", "bai-3.txt"}
    (record,) = Removals(desk.settings.index.dir).load()
    assert (record.path, record.title) == (str(desk.source / "bai-1.txt"), "Xã Pha Luông mở chợ phiên số 1")
    assert record.at.endswith("+00:00")


def test_a_question_answered_no_changes_nothing(desk: Desk) -> None:
    desk.answer = False
    assert desk.run(Wanted("remove", ("pha luong",))) == 1
    assert "Nothing was changed." in desk.told
    assert not (desk.settings.index.dir / FILE).exists()
    assert len(desk.paths()) == 4


def test_several_articles_go_by_their_paths_ids_or_by_what_they_share(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {Path(str(row["path"])).name: str(row["id"]) for row in desk.rows(Wanted())}
    monkeypatch.chdir(desk.folder)
    desk.build()
    assert desk.run(Wanted("remove", ("./bai/bai-0.txt", ids["bai-1.txt"][:6]))) == 0
    assert desk.asked == ["Remove 2 articles from the index? Their files stay as they are. [y/N]"]
    assert desk.paths() == {"bai-2.txt", "bai-3.txt"}
    assert desk.run(Wanted("remove", filters=Filters(first=date(2021, 3, 4)), yes=True)) == 0
    assert desk.paths() == {"bai-2.txt"}
    assert desk.restore("bai/bai-0.txt", ids["bai-1.txt"]) == 0
    assert desk.paths() == {"bai-0.txt", "bai-1.txt", "bai-2.txt"}


def test_removing_needs_to_know_what(desk: Desk) -> None:
    with pytest.raises(BotError, match="--remove needs to know which articles"):
        desk.run(Wanted("remove", yes=True))


def test_not_everything_can_be_removed(desk: Desk) -> None:
    before = desk.contents()
    with pytest.raises(BotError, match="Nothing would be left to answer from, so nothing was removed"):
        desk.remove("bai")
    assert Removals(desk.settings.index.dir).load() == []
    assert desk.contents() == before


def test_articles_of_other_folders_are_not_lost_by_the_build_that_follows(desk: Desk) -> None:
    desk.remove("bai-0.txt")
    before = desk.contents()
    desk.sources = (desk.folder / "khac",)
    for wanted in (Wanted("remove", ("bai-1.txt",), yes=True), Wanted("restore", yes=True)):
        with pytest.raises(BotError, match=r"bai-\d\.txt \(one of \d\) lies in none of articles\.source .*khac"):
            desk.run(wanted)
    assert desk.contents() == before
    assert len(Removals(desk.settings.index.dir).load()) == 1


def test_a_file_that_is_gone_already_does_not_take_others_with_it(desk: Desk) -> None:
    assert desk.remove("bai-0.txt") == 0
    assert desk.remove("bai-0.txt") == 1
    assert desk.told == "No article matches.\n"
    assert len(desk.paths()) == 3


@pytest.mark.parametrize(
    ("sources", "lost"),
    [
        (("bai",), ["kho/b.csv#7"]),
        (("bai", "kho/b.csv"), []),
        (("bai/a.txt", "kho"), []),
        ((".",), []),
        (("ba", "kho/b"), ["bai/a.txt", "kho/b.csv#7"]),
        (("/",), []),
    ],
)
def test_a_build_finds_what_lies_below_its_sources(
    sources: tuple[str, ...], lost: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = ("bai/a.txt", "kho/b.csv#7", "https://bao.example/a")
    headers = [Header(n, f"{n}" * 16, path, None, None, None, None) for n, path in enumerate(paths)]
    assert outside(headers, [Path(source) for source in sources]) == lost
    assert from_web(headers) == ["https://bao.example/a"]


def test_no_list_is_shorter_than_nothing(desk: Desk) -> None:
    with pytest.raises(BotError, match="1 or more, or 0 for all"):
        desk.run(Wanted(limit=-1))


def interrupted() -> pipeline.Report:
    raise KeyboardInterrupt


def failing() -> pipeline.Report:
    raise SourceError("The articles folder 'x' does not exist.")


@pytest.mark.parametrize(("rebuild", "error"), [(interrupted, KeyboardInterrupt), (failing, SourceError)])
def test_where_no_index_comes_of_it_the_list_is_as_before(
    rebuild: Callable[[], pipeline.Report], error: type[BaseException], desk: Desk
) -> None:
    desk.remove("bai-0.txt")
    list_before, before = Removals(desk.settings.index.dir).load(), desk.contents()
    for wanted in (Wanted("remove", ("bai-1.txt",), yes=True), Wanted("restore", yes=True)):
        with pytest.raises(error, match=r"^$|does not exist"):
            desk.run(wanted, rebuild)
        assert Removals(desk.settings.index.dir).load() == list_before
        assert desk.contents() == before


def test_a_build_that_runs_is_waited_for_and_not_surprised(desk: Desk) -> None:
    with generations.builder_lock(desk.settings.index.dir), pytest.raises(IndexBusy, match="Another build"):
        desk.remove("bai-0.txt")
    assert not (desk.settings.index.dir / FILE).exists()


def test_where_another_build_comes_between_the_next_one_follows_the_list(desk: Desk) -> None:
    with ExitStack() as held:

        def rebuild() -> pipeline.Report:
            held.enter_context(generations.builder_lock(desk.settings.index.dir))
            return desk.build()

        with pytest.raises(BotError, match=r"but the index has not yet .*The next build follows the list"):
            desk.run(Wanted("remove", ("bai-0.txt",), yes=True), rebuild)
    desk.build()
    assert "bai-0.txt" not in desk.paths()


def test_a_damaged_list_stops_removing_and_restoring_and_stays(desk: Desk) -> None:
    desk.remove("bai-0.txt")
    (desk.settings.index.dir / FILE).write_bytes(b"{")
    for wanted in (Wanted("remove", ("bai-1.txt",), yes=True), Wanted("restore", yes=True)):
        with pytest.raises(StorageError, match=r"removed\.json cannot be used"):
            desk.run(wanted)
    assert (desk.settings.index.dir / FILE).read_bytes() == b"{"


def test_a_copy_goes_with_the_article_and_is_found_by_its_own_path(desk: Desk) -> None:
    desk.write(1, name="chep/y-nguyen.txt")
    desk.build()
    (row,) = desk.rows(Wanted("list", ("chep/y-nguyen.txt",)))
    (other,) = row["also_at"] if isinstance(row["also_at"], list) else []
    assert {Path(str(path)).name for path in (row["path"], other)} == {"bai-1.txt", "y-nguyen.txt"}
    assert desk.remove(str(desk.source / "chep" / "y-nguyen.txt")) == 0
    desk.write(1, 7, "chep/y-nguyen.txt")
    desk.build()
    assert not desk.holds("dau1hieu")


def test_restoring_without_words_lists_what_is_removed_and_asks(desk: Desk) -> None:
    desk.remove("bai-0.txt")
    desk.remove("bai-1.txt")
    assert desk.run(Wanted("restore")) == 0
    assert "Xã Nậm Bùn mở chợ phiên số 0" in desk.told
    assert "Xã Pha Luông mở chợ phiên số 1" in desk.told
    assert "2 taken back; articles that answer now: 4." in desk.told
    assert desk.asked == ["Take 2 articles back into the index? [y/N]"]


def test_restoring_by_words_takes_only_these_and_does_not_ask(desk: Desk) -> None:
    desk.remove("bai-0.txt")
    desk.remove("bai-1.txt")
    assert desk.run(Wanted("restore", ("nam", "bun"))) == 0
    assert desk.asked == []
    assert desk.paths() == {"bai-0.txt", "bai-2.txt", "bai-3.txt"}


def test_where_nothing_is_removed_there_is_nothing_to_restore(desk: Desk) -> None:
    assert desk.run(Wanted("restore")) == 1
    assert desk.told == "No article has been removed.\n"
    desk.remove("bai-0.txt")
    assert desk.run(Wanted("restore", ("pha luong",))) == 1
    assert desk.told == "No article matches.\n"
    with pytest.raises(BotError, match="--restore goes by ids, paths and words of titles"):
        desk.run(Wanted("restore", filters=Filters(first=date(2020, 1, 1))))


def test_without_a_terminal_there_is_nobody_to_ask() -> None:
    with pytest.raises(BotError, match=r"no terminal to ask at\. If you are sure, add --yes"):
        asking("en", io.StringIO("y\n"))("Remove it?")


@pytest.mark.parametrize(
    ("typed", "sure"), [("y", True), ("Có", True), ("YES ", True), ("", False), ("n", False), ("không", False)]
)
def test_only_yes_is_yes(typed: str, sure: bool) -> None:
    ours, theirs = os.openpty()
    told = io.StringIO()
    with os.fdopen(theirs, encoding="utf-8") as terminal:
        os.write(ours, f"{typed}\n".encode())
        assert asking("vi", terminal, told)("Bỏ 1 bài?") is sure
    os.close(ours)
    assert told.getvalue() == "Bỏ 1 bài? "


# --- the list ---


def test_the_list_says_what_there_is_newest_first(desk: Desk) -> None:
    assert desk.run(Wanted()) == 0
    assert re.findall(r"số (\d)", desk.told) == ["3", "2", "1", "0"]
    assert "04/03/2021" in desk.told
    assert "Lò Thị Mẩy" in desk.told
    assert desk.told.endswith("4 articles\n")
    desk.run(Wanted(limit=1))
    assert "… and 3 more (--limit 0: all)" in desk.told
    desk.run(Wanted(words=("pha", "lu")))
    assert desk.told.endswith("1 of 4 articles\n")


def test_the_order_can_be_another(desk: Desk) -> None:
    orders: dict[Sort, list[int]] = {"newest": [3, 2, 1, 0], "title": [0, 1, 2, 3], "path": [0, 1, 2, 3]}
    for sort, numbers in orders.items():
        rows = desk.rows(Wanted(sort=sort))
        assert [Path(str(row["path"])).name for row in rows] == [f"bai-{number}.txt" for number in numbers]


def test_articles_are_found_by_author_and_by_place(desk: Desk) -> None:
    desk.source.joinpath("la.md").write_text(
        "---\nauthor: Hạng A Páo\n---\n# Mùa gặt sớm\n\n"
        "Huyện Tà Xùa gặt sớm năm nay, và huyện Tà Xùa đã phơi xong lúa.\n",
        "utf-8",
    )
    desk.build()
    for wanted in (Wanted(author="a pao"), Wanted(words=("ta xua",)), Wanted(words=("hang a",))):
        assert [row["title"] for row in desk.rows(wanted)] == ["Mùa gặt sớm"]
    assert desk.rows(Wanted(author="pao lo")) == []


def test_json_has_one_line_an_article(desk: Desk) -> None:
    rows = desk.rows(Wanted(limit=0))
    assert [set(row) for row in rows] == [
        {"id", "path", "also_at", "url", "title", "published", "author", "source", "section", "story", "passages",
         "characters", "pages"}
    ] * 4  # fmt: skip
    for row in rows:
        path = Path(str(row["path"]))
        assert row["id"] == hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        assert row["characters"] == len(path.read_text("utf-8"))
        assert row["passages"]
    assert len(desk.rows(Wanted(limit=2))) == 2


def test_programs_read_nothing_but_rows(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.rows(Wanted(words=("zzz",))) == []
    assert capsys.readouterr().err == "qa-bot: No article matches.\n"
    assert desk.rows(Wanted("show", ("xa",))) == []
    assert "4 articles match; be more exact" in capsys.readouterr().err
    removed = desk.rows(Wanted("remove", ("bai-0.txt",), yes=True))
    assert [set(row) for row in removed] == [{"id", "path", "title", "at"}]
    assert desk.rows(Wanted("restore", yes=True)) == removed
    desk.answer = False
    assert desk.rows(Wanted("remove", ("bai-0.txt",))) == []
    assert capsys.readouterr().err == "qa-bot: Nothing was changed.\n"


def test_where_nothing_matches_it_says_so(desk: Desk) -> None:
    desk.language = "vi"
    actions: tuple[Action, ...] = ("list", "show", "remove")
    for action in actions:
        assert desk.run(Wanted(action, ("zzz",), yes=True)) == 1
        assert desk.told == "Không bài nào hợp.\n"


def test_without_an_index_there_is_nothing_to_list(tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match="There is no index"):
        Desk(tmp_path).run(Wanted())


def test_the_index_can_be_deleted_once_it_was_listed(desk: Desk) -> None:
    desk.run(Wanted())
    for number in range(4, 8):
        desk.write(number)
        desk.build()
    assert len(generations.numbers(desk.settings.index.dir)) == desk.settings.index.keep_generations


def test_a_damaged_generation_is_told_of(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write(9)
    desk.build()
    (newest, *_) = generations.numbers(desk.settings.index.dir)
    (generations.folder_of(desk.settings.index.dir, newest) / "vectors.faiss").write_bytes(b"x")
    assert len(desk.rows(Wanted())) == 4
    assert "is damaged" in capsys.readouterr().err


# --- one article ---


def test_one_article_is_shown_whole_under_what_is_known_of_it(desk: Desk) -> None:
    assert desk.run(Wanted("show", ("pha luong",))) == 0
    whole = desk.source / "bai-1.txt"
    sha256 = hashlib.sha256(whole.read_bytes()).hexdigest()
    assert whole.read_text("utf-8") in desk.told
    for fact in ("Published: 02/03/2021", "Author: Lò Thị Mẩy", "Place: Pha Luông", f"Id: {sha256[:16]}", "passages,"):
        assert fact in desk.told
    (row,) = desk.rows(Wanted("show", (sha256[:8],)))
    assert row["text"] == whole.read_text("utf-8")


def test_showing_needs_to_know_which_one(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BotError, match="--show needs to know which article"):
        desk.run(Wanted("show"))
    assert desk.run(Wanted("show", ("xa",))) == 1
    assert "số 3" in desk.told
    assert capsys.readouterr().err == "qa-bot: 4 articles match; be more exact, with an id or a path.\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_in_an_article_steers_the_terminal(terminal: bool, desk: Desk) -> None:
    desk.source.joinpath("xau.md").write_text(
        '---\ntitle: "Chợ\\e]52;c;cm0=\\a phiên \\u202eđảo [bold red]đỏ[/] :smile:"\n---\n'
        "Chợ họp \x1b[2Jsáng \x9b31mchủ nhật, bán [link=http://x]rau[/link] và cá cho bà con ở các xã trong vùng.\n",
        "utf-8",
    )
    desk.build()
    desk.terminal = terminal
    for wanted in (Wanted(limit=0), Wanted("show", ("xau.md",)), Wanted("remove", ("xau.md",), yes=True)):
        assert desk.run(wanted) == 0
        plain = SGR.sub("", desk.told)
        assert plain == printable(plain)
        assert "đảo [bold red]đỏ[/] :smile:" in plain
    desk.run(Wanted("restore"))
    assert SGR.sub("", desk.told) == printable(SGR.sub("", desk.told))


def test_what_answers_nothing_is_dimmed(desk: Desk) -> None:
    with opened(desk.settings.index) as index:
        for header in index.headers():
            (article,) = index.articles_at([header.row])
            passages = index.passages_of(header.id)
            text = text_of(Whole(article, passages[:-1], None, ()))
            inside = {n for stored in passages[:-1] for n in range(stored.passage.start, stored.passage.end)}
            dimmed = {n for span in text.spans for n in range(span.start, span.end)}
            assert text.plain == printable(article.text)
            assert dimmed == set(range(len(article.text))) - inside
            assert dimmed


# --- which are meant ---

TITLES = st.lists(st.sampled_from(["Xã", "Nậm", "Bùn", "chợ", "phiên", "14.500", "-", "ĐƯỜNG"]), max_size=5).map(
    " ".join
)
HEADERS = st.lists(
    st.builds(
        Header,
        row=st.just(0),
        id=st.text("0123456789abcdef", min_size=16, max_size=16),
        path=st.text(string.ascii_lowercase, min_size=1, max_size=5).map("bai/{}.txt".format),
        title=st.none() | TITLES,
        published=st.none() | st.dates(date(2019, 1, 1), date(2021, 12, 31)),
        author=st.none() | TITLES,
        source=st.none() | TITLES,
        story=st.none() | st.integers(0, 3),
    ),
    max_size=8,
).map(lambda found: [replace(header, row=row) for row, header in enumerate(found)])
TYPED = st.lists(st.sampled_from(["nam", "bun", "CHỢ", "phi", "14500", "đ", "xa"]), max_size=3).map(tuple)


@given(headers=HEADERS, words=TYPED, first=st.none() | st.dates(date(2019, 1, 1), date(2021, 12, 31)))
def test_whatever_passes_the_filter_of_titles_is_meant_by_the_same_words(
    headers: list[Header], words: tuple[str, ...], first: date | None
) -> None:
    found = select(headers, Wanted(words=words, filters=Filters(first)))
    assert [h for h in headers if passes(h, Filters(first, title=" ".join(words)))] == [
        h for h in found if passes(h, Filters(title=" ".join(words)))
    ]
    bare = [replace(header, author=None, source=None) for header in headers]
    assert select(bare, Wanted(words=words)) == [h for h in bare if passes(h, Filters(title=" ".join(words)))]


@given(headers=HEADERS, sort=st.sampled_from(["newest", "title", "path"]))
def test_sorting_loses_no_article(headers: list[Header], sort: Sort) -> None:
    assert sorted(select(headers, Wanted(sort=sort)), key=lambda h: h.row) == headers


@given(headers=HEADERS, words=TYPED, others=TYPED)
def test_outlet_and_author_narrow(headers: list[Header], words: tuple[str, ...], others: tuple[str, ...]) -> None:
    by_both = select(headers, Wanted(source=" ".join(words), author=" ".join(others)))
    by_one = select(headers, Wanted(source=" ".join(words)))
    assert by_both == [h for h in by_one if h in select(headers, Wanted(author=" ".join(others)))]


@given(headers=HEADERS, data=st.data())
def test_ids_and_paths_mean_just_these_articles(headers: list[Header], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(headers), min_size=1)) if headers else []
    names = tuple(data.draw(st.sampled_from([h.id, h.id[:8], h.path])) for h in chosen)
    found = select(headers, Wanted(words=names))
    if names:
        assert found == identified(headers, names)
        assert set(found) >= set(chosen)
        assert all(h.path in names or any(h.id.startswith(name) for name in names) for h in found)


def test_places_and_copies_count_where_they_are_known() -> None:
    header = Header(0, "a" * 16, "bai/mot.txt", "Mùa gặt", None, None, None)
    known = {0: Beside("Tà Xùa", ("kho/hai.txt",))}
    for words in (("ta", "xu"), ("gat", "ta"), ("kho/hai.txt",)):
        assert select([header], Wanted(words=words)) == []
        assert select([header], Wanted(words=words), known) == [header]


@pytest.mark.parametrize("wanted", [Wanted(words=("…",)), Wanted(source=""), Wanted(author='""'), Wanted(words=("",))])
def test_words_that_are_none_select_nothing(wanted: Wanted) -> None:
    with pytest.raises(FilterError, match="holds no word"):
        checked(wanted)


def test_paths_are_read_as_the_index_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("./bai/a.txt", str(tmp_path / "b.csv#7"), "26/11/2020", "https://bao.example/a", "/khac/c.txt", "sông")
    assert checked(Wanted(words=words)).words == (
        "bai/a.txt", "b.csv#7", "26/11/2020", "https://bao.example/a", "/khac/c.txt", "sông",
    )  # fmt: skip


# --- reprints ---


@given(headers=HEADERS)
def test_reprints_are_the_others_of_the_same_story(headers: list[Header]) -> None:
    for row, others in reprints(headers).items():
        assert others
        assert others == [h for h in headers if h.story == headers[row].story and h.row != row]
    alone = [h for h in headers if h.row not in reprints(headers)]
    assert all(h.story is None or sum(o.story == h.story for o in headers) == 1 for h in alone)


def test_reprints_are_named_beside_each_article() -> None:
    headers = [Header(n, f"{n}" * 16, f"bai/{n}.txt", "Mùa gặt", None, None, None, 7) for n in range(6)]
    console = Console(file=io.StringIO(), width=120)
    console.print(listing(headers[:1], 6, reprints(headers), 50, "en"))
    assert isinstance(console.file, io.StringIO)
    assert "also printed as bai/1.txt, bai/2.txt, bai/3.txt and 2 more" in console.file.getvalue()
    assert "1 of 6 articles" in console.file.getvalue()


def test_both_languages_say_the_same_things() -> None:
    for name, wordings in ARTICLES.items():
        assert set(wordings) == {"vi", "en"}, name
        placeholders = [set(re.findall(r"\{(\w+)\}", text)) for text in wordings.values()]
        assert placeholders[0] == placeholders[1], name


def test_nothing_is_asked_for_by_default() -> None:
    assert Wanted().filters == EVERYTHING
