"""What is made of a page, wherever it is made: the same, and the same again after a way through JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.articles import File, survey
from embeddings.errands import Candidate, Runner, batches, found_in, handfuls, of_file, of_page, outfit
from embeddings.preparing import Prepared, as_json, from_json, prepare, restored, stated, title_of
from embeddings.readers import Hints
from embeddings.reading import InProcess, Unread
from embeddings.reading_ahead import ReadAhead, candidates, read_here, worthwhile
from embeddings.records import Kind, Page, Region
from embeddings.settings import Articles, Chunking, IndexSettings
from tests.fakes import PARAGRAPH, SEEDS, WORDS, page_of, pages, write_articles

SETTINGS = IndexSettings()
TITLED = f"Huyện Hải Hậu trồng cây\n\n{PARAGRAPH}\n"


def same(one: Prepared | None, other: Prepared | None) -> bool:
    if one is None or other is None:
        return one is other
    sketches = (one.sketch, other.sketch)
    return (
        np.array_equal(sketches[0].signature, sketches[1].signature)
        and sketches[0].shingles == sketches[1].shingles
        and replace(one, sketch=other.sketch) == other
        and [list(getattr(one.counts, part)) for part in ("forms", "pairs", "names")]
        == [list(getattr(other.counts, part)) for part in ("forms", "pairs", "names")]  # their order too
    )


@given(text=pages)
def test_an_article_survives_json(text: str) -> None:
    prepared = prepare(page_of(text), Chunking(), WORDS)
    if prepared is not None:
        assert same(restored(from_json(as_json(stated(prepared)))), prepared)


def test_the_articles_that_ship_survive_json() -> None:
    for file in SEEDS.glob("*.txt"):
        prepared = prepare(page_of(file.read_text("utf-8")), Chunking(), WORDS)
        assert prepared is not None
        assert same(restored(from_json(as_json(stated(prepared)))), prepared)


def test_all_that_a_file_says_of_an_article_survives_json() -> None:
    stated_there = {"title": "Trồng cây", "date": "2021-03-04", "author": "Lê Thị Ngân", "source": "Báo Nam Định",
                    "section": "Nông thôn", "url": "https://bao.example/cay"}  # fmt: skip
    page = replace(page_of(TITLED, stated_there), pages=(0, 30), path="kho.jsonl#3")
    prepared = prepare(page, Chunking(), WORDS)
    assert prepared is not None
    assert prepared.article.published == prepared.context.published == date(2021, 3, 4)
    assert same(restored(from_json(as_json(stated(prepared)))), prepared)


@given(text=st.text(st.characters(exclude_categories=()), max_size=40))
def test_half_characters_survive_json(text: str) -> None:
    assert from_json(as_json([text])) == [text]


def test_a_page_without_an_article_gives_none() -> None:
    assert prepare(page_of("Thống kê truy cập\n"), Chunking(), WORDS) is None


def test_passages_are_slices_of_their_article() -> None:
    prepared = prepare(page_of(TITLED), Chunking(), WORDS)
    assert prepared is not None
    assert prepared.passages
    assert all(prepared.article.text[p.start : p.end] == p.text for p in prepared.passages)
    assert prepared.article.title == title_of(page_of(TITLED), WORDS) == "Huyện Hải Hậu trồng cây"


# --- errands ---


@pytest.fixture
def runner() -> Iterator[Runner]:
    with Runner(outfit(SETTINGS, WORDS)) as made:
        yield made


def test_a_runner_finds_in_bytes_what_is_found_here(runner: Runner) -> None:
    (found,) = found_in(runner.run(of_file("tin/bai.txt", TITLED.encode(), Hints(".txt"))))
    assert isinstance(found, Candidate)
    here = prepare(page_of(TITLED, path="tin/bai.txt"), SETTINGS.chunking, WORDS)
    assert (found.path, found.sha256) == ("tin/bai.txt", hashlib.sha256(TITLED.encode()).hexdigest())
    assert found.title() == "Huyện Hải Hậu trồng cây"
    assert same(found.prepared(), here)


def test_a_runner_prepares_pages_with_their_regions(runner: Runner) -> None:
    regions = (Region(Kind.TITLE, 0, 23), Region(Kind.BODY, 25, len(TITLED) - 1))
    page = replace(page_of(TITLED), regions=regions, pages=(0, 40))
    (found,) = found_in(runner.run(of_page(page)))
    assert isinstance(found, Candidate)
    assert same(found.prepared(), prepare(page, SETTINGS.chunking, WORDS))


def test_formats_of_strangers_are_read_in_a_child_of_the_runner(runner: Runner) -> None:
    html = f"<html><title>Trồng cây</title><body><h1>Trồng cây</h1><p>{PARAGRAPH}</p></body></html>".encode()
    (found,) = found_in(runner.run(of_file("bai.html", html, Hints(".html"))))
    assert isinstance(found, Candidate)
    assert found.title() == "Trồng cây"
    assert found_in(runner.run(of_file("a.pdf", b"%PDF-1.7 none", Hints(".pdf")))) == [
        Unread("", "not a PDF that can be read")
    ]


@pytest.mark.parametrize("request_", [b"", b"\0" * 8, b"\0" * 7 + b"\2{}"])
def test_a_broken_request_is_told_and_ends_nothing(runner: Runner, request_: bytes) -> None:
    (found,) = found_in(runner.run(request_))
    assert isinstance(found, Unread)
    assert not found.lasting


@given(sizes=st.lists(st.integers(0, 30), max_size=40), most=st.integers(1, 6), room=st.integers(1, 50))
def test_batches_are_all_in_order_and_small_enough(sizes: list[int], most: int, room: int) -> None:
    made = list(batches(sizes, int, most, room))
    assert [size for batch in made for size in batch] == sizes
    assert all(len(batch) <= most and (sum(batch) <= room or len(batch) == 1) for batch in made)
    assert all(made)


def test_batches_take_no_more_than_they_need() -> None:
    taken: list[bytes] = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(b"x")
            yield b"x"

    stream = handfuls(endless())
    assert set(next(stream)) == {b"x"}
    assert len(taken) < 100


# --- reading ahead ---


class Elsewhere:
    """Runners that are this process; `lead` requests are taken before the first reply, as others would."""

    def __init__(self, runner: Runner, lead: int = 3) -> None:
        self._runner = runner
        self._lead = lead

    def run(self, requests: Iterable[bytes]) -> Iterator[bytes | None]:
        waiting: list[bytes] = []
        for request in requests:
            waiting.append(request)
            if len(waiting) > self._lead:
                yield self._reply(waiting.pop(0))
        yield from map(self._reply, waiting)

    def _reply(self, request: bytes) -> bytes:
        return self._runner.run(request) if request else b""


def told(items: Iterable[Candidate | Unread]) -> list[object]:
    """What was found, as records that can be compared."""
    found: list[object] = []
    for item in items:
        if isinstance(item, Unread):
            found.append(item)
        else:
            prepared = item.prepared()
            found.append((item.path, item.sha256, item.title(), prepared and as_json(stated(prepared))))
    return found


@pytest.fixture
def files(tmp_path: Path) -> list[File]:
    folder = write_articles(tmp_path / "articles", 7)
    rows = [
        json.dumps({"title": "Tin một", "content": PARAGRAPH}),
        "{",
        json.dumps({"title": "Tin hai", "content": PARAGRAPH}),
    ]
    (folder / "kho.jsonl").write_text("\n".join(rows), "utf-8")
    (folder / "a-rong.txt").write_text("", "utf-8")
    (folder / "bai-2.html").write_text(f"<h1>Tin</h1><p>{PARAGRAPH}</p>", "utf-8")
    return survey(Articles(source=(folder,)))[0]


@pytest.mark.parametrize("lead", [0, 1, 4, 100])
@pytest.mark.parametrize("held", ["none", "all"])
def test_what_is_read_ahead_is_what_is_read_in_turn(files: list[File], runner: Runner, lead: int, held: str) -> None:
    ahead = ReadAhead(files, Elsewhere(runner, lead), SETTINGS, WORDS, InProcess(), lambda _: held == "all")
    found = [told(ahead.of(file.path)[1]) for file in files]
    assert found == [told(read_here(file, SETTINGS, WORDS, InProcess())) for file in files]


def test_files_and_rests_of_files_may_be_left_out(files: list[File], runner: Runner) -> None:
    ahead = ReadAhead(files, Elsewhere(runner), SETTINGS, WORDS, InProcess(), lambda _: False)
    for file in files[1::2]:
        began, items = ahead.of(file.path)
        assert began > 0
        if not file.path.endswith(".jsonl"):
            assert told(items) == told(read_here(file, SETTINGS, WORDS, InProcess()))


def test_a_file_whose_reader_died_is_told_and_read_again_next_time() -> None:
    (found,) = found_in(None)
    assert isinstance(found, Unread)
    assert "the process that read it died" in found.reason
    assert not found.lasting


def test_few_small_files_are_read_in_this_process() -> None:
    assert not worthwhile([File("a.txt", (5_000, 0, 0, 0))] * 199)
    assert worthwhile([File("a.txt", (5_000, 0, 0, 0))] * 200)
    assert worthwhile([File("a.jsonl", (50_000_000, 0, 0, 0))])


def test_candidates_are_prepared_when_they_are_asked() -> None:
    (found,) = candidates([Page("a.txt", TITLED, "0" * 64, {})], SETTINGS, WORDS)
    assert isinstance(found, Candidate)
    assert same(found.prepared(), prepare(Page("a.txt", TITLED, "0" * 64, {}), Chunking(), WORDS))
