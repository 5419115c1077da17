"""Confidence fitted on one's own index: monotone, never higher, only where chance does not explain it, kept safely."""

from __future__ import annotations

import io
import json
import math
from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from embeddings import pipeline
from embeddings.errors import BotError, StorageError
from embeddings.index import open_index
from qa_bot.calibrating import Asker, Reduced, calibrate, gone, holds, questions, run
from qa_bot.calibration import FILE, VERSION, Calibration, Record, Trial, fit, load, logit, remove, sigmoid, write
from qa_bot.cloze import Place, blanks
from qa_bot.records import Ranked
from qa_bot.settings import BotSettings
from tests.fakes import WORDS, HashingEncoder, index_settings, pages, time_limit, write_articles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embeddings.index import Index

RECORD = Record(VERSION, 0.8, -0.5, 120, 117, "hashing@256", "2024-05-17T08:00:00+00:00")
probabilities = st.floats(0, 1)
calibrations = st.builds(Calibration, st.floats(0.1, 10), st.floats(-20, 0))


@given(calibration=calibrations, p=probabilities, q=probabilities)
def test_a_calibration_keeps_the_order_and_never_raises_a_confidence(
    calibration: Calibration, p: float, q: float
) -> None:
    low, high = sorted((p, q))
    assert 0 <= calibration.apply(low) <= calibration.apply(high) <= 1
    assert calibration.apply(p) <= p
    assert calibration.apply(0) == 0


@given(p=probabilities)
def test_the_neutral_calibration_changes_nothing(p: float) -> None:
    assert Calibration().apply(p) == p


@given(p=st.floats(0.001, 0.999))
def test_the_logit_undoes_the_sigmoid(p: float) -> None:
    assert sigmoid(logit(p)) == pytest.approx(p)


def trials(too_sure: float, count: int = 400) -> list[Trial]:
    """Answers that are right as often as their confidence says, told with `too_sure` added to its logit."""
    generator = np.random.default_rng(3)
    logits = generator.normal(0, 2, count)
    right = generator.random(count) < 1 / (1 + np.exp(-logits))
    return [Trial(sigmoid(x + too_sure), bool(r), bool(r)) for x, r in zip(logits, right, strict=True)]


def test_what_is_too_sure_is_lowered_until_it_is_nearly_right() -> None:
    asked = trials(2)
    learnt = fit(asked)
    assert learnt.shift < -1
    before, after = (np.mean([f(trial.confidence) - trial.right for trial in asked]) for f in (float, learnt.apply))
    assert before > 0.2
    assert abs(after) < 0.15 * before


@pytest.mark.parametrize("too_sure", [0.0, -1.0, -3.0])
def test_what_is_right_or_too_careful_stays_as_it_is(too_sure: float) -> None:
    assert fit(trials(too_sure)) == Calibration()


def test_few_trials_change_less_than_many() -> None:
    few, many = fit(trials(3, 30)), fit(trials(3, 1000))
    assert many.shift < few.shift < 0


def test_no_trials_change_nothing() -> None:
    assert fit([]) == Calibration()


def test_the_fit_is_the_best_of_its_neighbourhood() -> None:
    """Newton's method against the loss written out: log likelihood, and the prior worth 30 questions."""
    asked = trials(2)

    def loss(slope: float, shift: float) -> float:
        p = [sigmoid(slope * logit(t.confidence) + shift) for t in asked]
        likelihood = sum(math.log(q if t.right else 1 - q) for q, t in zip(p, asked, strict=True))
        return 30 * 0.25 / 2 * ((slope - 1) ** 2 + shift**2) - likelihood

    learnt = fit(asked)
    best = loss(learnt.slope, learnt.shift)
    for slope, shift in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)):
        assert loss(learnt.slope + slope, learnt.shift + shift) > best


@given(
    asked=st.lists(st.builds(Trial, probabilities, st.booleans(), st.booleans()), max_size=60),
)
def test_whatever_the_trials_the_fit_is_one_that_can_be_stored(asked: list[Trial]) -> None:
    learnt = fit(asked)
    assert 0.1 <= learnt.slope <= 10
    assert -20 <= learnt.shift <= 0


def test_what_is_written_is_read_again_and_leaves_no_other_file(tmp_path: Path) -> None:
    write(tmp_path, replace(RECORD, shift=-0.1))
    write(tmp_path, RECORD)
    assert load(tmp_path, RECORD.fingerprint) == Calibration(0.8, -0.5)
    assert load(tmp_path, RECORD.fingerprint).warning is None
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_where_nothing_was_fitted_nothing_changes_and_nothing_is_said(tmp_path: Path) -> None:
    assert load(tmp_path, "any") == Calibration()
    assert load(tmp_path, "any").warning is None
    assert not remove(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "3", '{"slope": 1}', "[" * 100_000, "\ud800",
        json.dumps({**RECORD.__class__.__annotations__}),
        *(json.dumps({**dict.fromkeys(Record.__dataclass_fields__, 1), "fingerprint": "hashing@256", key: value})
          for key, value in (("slope", 0), ("slope", float("nan")), ("shift", 3), ("shift", "a"), ("version", 9))),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_told_and_not_used(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogatepass"))
    found = load(tmp_path, RECORD.fingerprint)
    assert found == Calibration()
    assert "qa-bot calibrate" in (found.warning or "")


def test_a_calibration_for_another_model_is_told_and_not_used(tmp_path: Path) -> None:
    write(tmp_path, RECORD)
    found = load(tmp_path, "another")
    assert found == Calibration()
    assert "another model" in (found.warning or "")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        write(tmp_path / "none", RECORD)


@pytest.mark.parametrize(
    ("sentence", "question", "taken"),
    [
        ("Huyện Hải Hậu có trên 14.500 đảng viên.", "Huyện Hải Hậu có trên bao nhiêu đảng viên?", "14.500"),
        ("Nhà máy Hòa Bình được khởi công vào năm 1979.", "Nhà máy Hòa Bình được khởi công vào năm nào?", "1979"),
        ("Nhà máy Hòa Bình khởi công ngày 6/11/1979.", "Nhà máy Hòa Bình khởi công ngày nào?", "6/11/1979"),
        ("Cuốn sách được viết bởi Nguyễn Trãi ở Côn Sơn", "Cuốn sách được viết bởi ai ở Côn Sơn?", "Nguyễn Trãi"),
        ("Bảo tàng Hồ Chí Minh đặt tại Hà Nội.", "Bảo tàng Hồ Chí Minh đặt ở đâu?", "Hà Nội"),
        ("Tỷ lệ hộ nghèo của Hải Hậu còn 2,5%.", "Tỷ lệ hộ nghèo của Hải Hậu còn bao nhiêu phần trăm?", "2,5%"),
    ],
)
def test_a_sentence_asks_for_what_is_taken_out(sentence: str, question: str, taken: str) -> None:
    assert (question, taken) in [(blank.question, blank.taken) for blank in blanks(sentence)]


def test_a_sentence_that_names_nobody_asks_about_the_articles_place() -> None:
    sentence = "Thu nhập bình quân đầu người đạt 53 triệu đồng mỗi năm."
    assert list(blanks(sentence)) == []
    (blank,) = blanks(sentence, Place("Hải Hậu", "huyện"))
    assert blank.question.startswith("Ở Hải Hậu, thu nhập bình quân đầu người đạt bao nhiêu triệu đồng")


@pytest.mark.parametrize(
    "sentence",
    [
        "Nghị quyết số 16 của Hải Hậu đã đi vào cuộc sống.",
        "Huyện này của Hải Hậu có 12 trường học lớn.",
        "Có 3 cây.",
        "",
    ],
)
def test_what_nobody_could_answer_is_not_asked(sentence: str) -> None:
    assert list(blanks(sentence)) == []


@given(text=pages)
def test_whatever_the_text_a_blank_was_in_it(text: str) -> None:
    for blank in blanks(text, Place("Hải Hậu")):
        assert blank.taken in " ".join(text.split())
        assert blank.question.endswith("?")


def test_a_line_of_a_million_words_takes_no_time() -> None:
    with time_limit(2):
        for text in ("12 " * 1_000_000, "A " * 1_000_000, "năm 2020 " * 300_000, "ở " * 1_000_000):
            assert len(list(blanks(text))) < 100


@pytest.mark.parametrize(
    ("text", "taken", "held"),
    [
        ("có 14.500 cây", "14.500", True),
        ("có 14.500.", "14.500", True),
        ("có 14.500,5 ha", "14.500", False),
        ("có 114.500 cây", "14.500", False),
        ("ở hải hậu", "Hải Hậu", True),
        ("ở Hải Hậuu", "Hải Hậu", False),
        ("", "3", False),
        ("34, rồi 3", "3", True),
    ],
)
def test_only_whole_words_and_numbers_count(text: str, taken: str, held: bool) -> None:
    assert holds(text, taken) is held


NAMES = (
    "Sông Lô",
    "Mèo Vạc",
    "Bình Liêu",
    "Bảo Thắng",
    "Gia Lâm",
    "Hải Hậu",
    "Vân Đồn",
    "Cô Tô",
    "Ba Chẽ",
    "Tiên Yên",
)
KINDS = ("cây quế ven đồi", "trạm bơm mới tinh", "lớp học xóa mù")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten articles on look-alike subjects, three numbers each, and a reprint of the first."""
    base = tmp_path_factory.mktemp("calibration")
    (base / "articles").mkdir()
    for number, name in enumerate((*NAMES, NAMES[0])):
        counted = number % len(NAMES)
        sentences = [
            f"Trong năm qua huyện {name} đã làm thêm {100 * kind + 11 + counted} {what}."
            for kind, what in enumerate(KINDS)
        ]
        again = " Bài đăng lại." if number == len(NAMES) else ""
        (base / "articles" / f"{number:02}.txt").write_text(
            f"Chuyện huyện {name}\n\n{' '.join(sentences)} Bà con phấn khởi.{again}\n", "utf-8"
        )
    pipeline.build(index_settings(base / "articles", base / "index"), HashingEncoder())
    return base


@pytest.fixture
def index(folder: Path) -> Iterator[Index]:
    with closing(open_index(folder / "index", HashingEncoder().fingerprint)) as opened:
        yield opened


def settings_of(folder: Path) -> BotSettings:
    section = index_settings(folder / "articles", folder / "index")
    return BotSettings(articles=section.articles, index=section.index)


def test_questions_are_the_same_each_time_and_spread_over_the_articles(index: Index) -> None:
    made = questions(index, 10)
    assert made == questions(index, 10)
    assert len(made) == len({one.blank.question for one in made}) == 10
    assert len({one.source.article.id for one in made}) >= 9
    assert all(one.blank.taken in one.source.passage.text for one in made)
    assert len(questions(index)) == 3 * len(NAMES)  # the reprint's are the same


def test_an_index_with_nothing_taken_away_is_the_whole_one(index: Index) -> None:
    vector = HashingEncoder().encode_queries(["huyện Hải Hậu"])[0]
    assert Reduced(index, ()).dense_search(vector, 5) == index.dense_search(vector, 5)


@given(taken=st.sets(st.integers(0, 10)), limit=st.integers(1, 20))
def test_what_is_taken_away_is_never_found(folder: Path, taken: set[int], limit: int) -> None:
    vector = HashingEncoder().encode_queries(["huyện Hải Hậu làm thêm cây quế"])[0]
    with closing(open_index(folder / "index", HashingEncoder().fingerprint)) as whole:
        left = set(range(whole.passage_count)) - taken
        found = Reduced(whole, taken).dense_search(vector, limit)
        assert taken.isdisjoint(found)
        assert len(found) >= min(limit, len(left))
        assert {p.row for a in whole.articles() for p in Reduced(whole, taken).passages_of(a.id)} == left


def test_with_the_passage_go_its_reprint_and_what_holds_the_answer_and_nothing_else(index: Index) -> None:
    made = next(one for one in questions(index) if one.blank.taken == "11")
    everything = [Ranked(stored, 0.5, 0.5, 1.0) for stored in index.passages(range(index.passage_count))]
    rows = gone(made, everything)
    assert made.source.row in rows
    assert {item.stored.row for item in everything if NAMES[0] in item.stored.passage.text} == rows


def test_each_question_is_tried_with_its_passage_and_without(folder: Path, index: Index) -> None:
    made = questions(index)
    steps: list[None] = []
    asked = Asker(index, HashingEncoder(), settings_of(folder), WORDS, date(2024, 5, 17)).trials(
        made, lambda: steps.append(None)
    )
    assert len(steps) == len(made)
    assert [trial.present for trial in asked] == [True, False] * len(made)
    assert not any(trial.right for trial in asked if not trial.present)
    there = [trial for trial in asked if trial.present]
    assert sum(trial.right for trial in there) > 0.8 * len(there)
    means = [np.mean([trial.confidence for trial in asked if trial.present is present]) for present in (True, False)]
    assert means[0] > means[1]


def test_calibrate_writes_what_it_tells_and_undo_takes_it_away(folder: Path) -> None:
    settings, encoder = settings_of(folder), HashingEncoder()
    out = Console(file=io.StringIO(), width=120)
    out.print(calibrate(settings, encoder, 200, "en", Console(file=io.StringIO())))
    shown = out.file.getvalue() if isinstance(out.file, io.StringIO) else ""
    record = json.loads((folder / "index" / FILE).read_text("utf-8"))
    assert record["questions"] == 3 * len(NAMES)
    assert record["fingerprint"] == encoder.fingerprint
    assert load(folder / "index", encoder.fingerprint) == Calibration(record["slope"], record["shift"])
    for words in ("Questions", "30", "Mean confidence, before", "Refused, after", "calibration.json"):
        assert words in shown
    assert "is gone" in str(run(settings, "en", undo=True))
    assert not (folder / "index" / FILE).exists()
    assert "There is no" in str(run(settings, "en", undo=True))


def test_too_few_questions_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    section = index_settings(write_articles(tmp_path / "articles", 2), tmp_path / "index")
    pipeline.build(section, HashingEncoder())
    settings = BotSettings(articles=section.articles, index=section.index)
    with pytest.raises(BotError, match=r"^Only \d questions .* 20 are needed\. Nothing was changed"):
        calibrate(settings, HashingEncoder(), 5, "vi", Console(file=io.StringIO()))
    assert not (tmp_path / "index" / FILE).exists()
