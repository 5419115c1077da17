"""Files come, change and go, and the index and those who answer from it keep up."""

from __future__ import annotations

import io
import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from embeddings import generations, lexicon, pipeline
from embeddings.errors import BotError, IndexBusy, SourceError
from embeddings.pipeline import Report
from embeddings.settings import IndexSettings
from embeddings.watching import follow
from qa_bot.answering import Answerer
from qa_bot.bot import Bot
from qa_bot.commands import handle
from qa_bot.conversation import Conversation
from qa_bot.settings import BotSettings
from tests.fakes import PARAGRAPH, HashingEncoder, index_settings, write_articles

_PATIENCE = 60.0  # seconds; nothing here takes long, whatever else the machine does


class Watched:
    """A folder that is followed; what the follower tells comes out of `next`."""

    def __init__(self, settings: IndexSettings) -> None:
        self.settings = settings
        self.told: queue.Queue[Report | BotError] = queue.Queue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        encoder = HashingEncoder()
        follow(self.settings, lambda: pipeline.build(self.settings, encoder), self.told.put, self._stop)

    def next(self) -> Report | BotError:
        return self.told.get(timeout=_PATIENCE)

    def until(self, wanted: Callable[[Report], bool]) -> Report:
        """The first report that is as wanted; changes may come in several builds."""
        while True:
            told = self.next()
            if isinstance(told, Report) and wanted(told):
                return told

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(_PATIENCE)
        assert not self._thread.is_alive()


def any_report(_: Report) -> bool:
    return True


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles")


@pytest.fixture
def watched(source: Path, tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(index_settings(source, tmp_path / "index"))
    yield watched
    watched.stop()


def test_the_first_build_is_told_and_one_that_finds_nothing_new_is_not(watched: Watched) -> None:
    assert watched.until(any_report).articles == 3
    with pytest.raises(queue.Empty):
        watched.told.get(timeout=2.5)


def test_a_file_that_comes_changes_moves_and_goes_is_followed(watched: Watched, source: Path) -> None:
    watched.until(lambda report: report.articles == 3)
    (source / "sau").mkdir()
    (source / "sau" / "moi.txt").write_text(PARAGRAPH.replace("Hải Hậu", "Ba Chẽ"), "utf-8")
    watched.until(lambda report: report.articles == 4)
    (source / "sau" / "moi.txt").write_text(PARAGRAPH.replace("Hải Hậu", "Nho Quan"), "utf-8")
    watched.until(lambda report: report.encoded > 0)
    (source / "sau" / "moi.txt").rename(source / "khac.txt")
    assert watched.until(lambda report: report.encoded == 0).articles == 4
    (source / "khac.txt").unlink()
    watched.until(lambda report: report.articles == 3)


def test_a_burst_of_files_is_few_builds(watched: Watched, source: Path) -> None:
    watched.until(any_report)
    for number in range(40):
        (source / f"nhieu-{number}.txt").write_text(PARAGRAPH.replace("2021", str(1900 + number)), "utf-8")
    last = watched.until(lambda report: report.articles == 43)
    assert last.generation < 12


def test_what_is_passed_over_leads_to_no_build(watched: Watched, source: Path) -> None:
    watched.until(any_report)
    (source / ".tam").write_text("x", "utf-8")
    (source / "README.md").write_text("x", "utf-8")
    with pytest.raises(queue.Empty):
        watched.told.get(timeout=2.5)


def test_an_empty_folder_is_told_and_filled_again_it_is_read(watched: Watched, source: Path) -> None:
    watched.until(any_report)
    for file in source.iterdir():
        file.unlink()
    told = watched.next()
    while not isinstance(told, SourceError):
        told = watched.next()
    assert "There is no article in" in str(told)
    (source / "moi.txt").write_text(PARAGRAPH.replace("Hải Hậu", "Ba Chẽ"), "utf-8")
    watched.until(lambda report: report.articles == 1)


def test_a_folder_that_is_replaced_by_another_is_followed_on(watched: Watched, source: Path) -> None:
    watched.until(any_report)
    shutil.rmtree(source)
    assert isinstance(watched.next(), SourceError)
    write_articles(source)
    (source / "them.txt").write_text(PARAGRAPH.replace("Hải Hậu", "Ba Chẽ"), "utf-8")
    watched.until(lambda report: report.articles == 4)
    (source / "nua.txt").write_text(PARAGRAPH.replace("Hải Hậu", "Cô Tô"), "utf-8")
    watched.until(lambda report: report.articles == 5)


def test_a_file_named_as_a_source_is_followed_even_when_it_is_replaced(tmp_path: Path) -> None:
    file = write_articles(tmp_path / "articles") / "bai-1.txt"
    watched = Watched(index_settings(file, tmp_path / "index"))
    try:
        assert watched.until(any_report).articles == 1
        other = tmp_path / "articles" / ".moi"
        other.write_text(PARAGRAPH.replace("Hải Hậu", "Ba Chẽ"), "utf-8")
        other.replace(file)
        watched.until(lambda report: report.encoded > 0)
    finally:
        watched.stop()


def test_a_build_that_another_one_keeps_out_is_made_up_for(source: Path, tmp_path: Path) -> None:
    with generations.builder_lock(tmp_path / "index"):
        watched = Watched(index_settings(source, tmp_path / "index"))
        told = watched.next()
    try:
        assert isinstance(told, IndexBusy)
        watched.until(lambda report: report.articles == 3)
    finally:
        watched.stop()


def test_a_conversation_answers_from_what_was_built_since(source: Path, tmp_path: Path) -> None:
    settings = BotSettings.model_validate(index_settings(source, tmp_path / "index").model_dump())
    encoder = HashingEncoder()
    pipeline.build(settings, encoder)
    console = Console(file=io.StringIO(), width=100)
    bot = Bot(settings, encoder, Answerer(settings.answering), lexicon.load())
    talk = Conversation(bot, lambda _: None, "vi", console)
    handle(talk, "Huyện Ba Chẽ trồng bao nhiêu cây xanh?")
    (source / "moi.txt").write_text(PARAGRAPH.replace("Hải Hậu", "Ba Chẽ").replace("14.500", "20.700"), "utf-8")
    pipeline.build(settings, encoder)
    handle(talk, "Huyện Ba Chẽ trồng bao nhiêu cây xanh?")
    shown = console.file.getvalue()  # type: ignore[attr-defined] # it is a StringIO
    first, second = shown.split("Có chỉ mục mới, 4 bài viết")
    assert "20.700" not in first
    assert "20.700" in second
    bot.close()


def test_a_newer_generation_that_is_damaged_is_told_once_and_the_old_one_answers(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = BotSettings.model_validate(index_settings(source, tmp_path / "index").model_dump())
    encoder = HashingEncoder()
    pipeline.build(settings, encoder)
    bot = Bot(settings, encoder, Answerer(settings.answering), lexicon.load())
    talk = Conversation(bot, lambda _: None, "vi", Console(file=io.StringIO(), width=100))
    pipeline.build(settings, encoder, full=True)
    (generations.folder_of(settings.index.dir, 2) / "vectors.faiss").write_bytes(b"")
    for _ in range(3):
        handle(talk, "Huyện Hải Hậu trồng bao nhiêu cây xanh?")
    assert capsys.readouterr().err.count("Generation 2 of") == 1
    assert bot.index.manifest.number == 1
    bot.close()
