"""Figures over gold questions: what counts as right, and what a gold file may look like."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from qa_bot.errors import BatchError
from qa_bot.evaluation import Figures, Gold, Tally, evaluate, figures, holds_answer, read_gold, summary, table
from qa_bot.settings import Answering

if TYPE_CHECKING:
    from pathlib import Path

    from tests.test_answering import MakeBot

from tests.test_answering import make_bot  # noqa: F401 - a fixture


@pytest.mark.parametrize(
    ("text", "accept", "right"),
    [
        ("Đại hội lần thứ XVIII.", "XVIII", True),
        ("Đại hội lần thứ XXVIII.", "XVIII", False),
        ("Có 12.400 đảng viên.", "2.400", False),
        ("Có 2.400 đảng viên.", "2.400", True),
        ("Giai đoạn 2020 – 2025", "2020-2025", True),
        ("“Gần dân, sát cơ sở”", "gần dân, sát cơ sở", True),
        ("Ðảng bộ huyện", "đảng bộ", True),
    ],
)
def test_an_answer_counts_only_at_its_own_boundaries(text: str, accept: str, right: bool) -> None:
    assert holds_answer(text, Gold(question="?", accept=[accept])) is right


def test_all_key_points_count_as_an_answer_and_some_do_not() -> None:
    row = Gold(question="?", key_points=["mục tiêu", "nhiệm vụ"])
    assert holds_answer("mục tiêu và nhiệm vụ", row)
    assert not holds_answer("mục tiêu", row)


def test_figures_tell_answerable_from_unanswerable(make_bot: MakeBot) -> None:  # noqa: F811
    rows = [
        Gold(
            question="Huyện Mèo Vạc trồng bao nhiêu cây xanh?", article=["bai-1.txt"], accept=["14.500"], kind="factoid"
        ),
        Gold(question="Giá vàng hôm nay?"),
    ]
    kinds = evaluate(make_bot(), rows).kinds
    assert kinds.keys() == {"factoid", "answerable", "unanswerable"}
    assert (kinds["factoid"].n, kinds["factoid"].recall_1, kinds["factoid"].ndcg) == (1, 1, 1)
    assert kinds["unanswerable"].refused == 1


def test_a_row_that_accepts_no_text_is_judged_by_its_article_and_evidence(make_bot: MakeBot) -> None:  # noqa: F811
    question = "Huyện Mèo Vạc trồng bao nhiêu cây xanh?"
    rows = [
        Gold(question=question, article=["bai-1.txt"], evidence=["Mèo Vạc trồng thêm 14.500 cây xanh"], kind="liked"),
        Gold(question=question, article=["bai-1.txt"], evidence=["Mèo Vạc trồng thêm 3 cây xanh"], kind="changed"),
        Gold(question=question, article=["bai-2.txt"], kind="moved"),
    ]
    kinds = evaluate(make_bot(Answering(min_confidence=0)), rows).kinds
    assert [(kind, kinds[kind].answer) for kind in ("liked", "changed", "moved")] == [
        ("liked", 1),
        ("changed", 0),
        ("moved", 0),
    ]


def test_what_readers_disliked_counts_where_it_is_still_given_and_nowhere_else(make_bot: MakeBot) -> None:  # noqa: F811
    question = "Huyện Mèo Vạc trồng bao nhiêu cây xanh?"
    rows = [
        Gold(question=question, article=["bai-1.txt"], evidence=["14.500 cây xanh"], kind="disliked", vote=-1),
        Gold(question=question, article=["bai-2.txt"], evidence=["3 cây"], kind="disliked", vote=-2),
        Gold(question=question, kind="disliked_refusal", vote=-1),
    ]
    bot = make_bot(Answering(min_confidence=0))
    kinds = evaluate(bot, rows).kinds
    assert kinds.keys() == {"disliked"}
    tally = kinds["disliked"]
    assert (tally.n, tally.cited, tally.evidence) == (2, 1, 1)
    assert (tally.recall_1, tally.recall_10, tally.answer) == (0, 0, 0)
    assert evaluate(bot, rows[2:]).kinds == {}


def test_liked_refusals_are_unanswerable(make_bot: MakeBot) -> None:  # noqa: F811
    kinds = evaluate(make_bot(), [Gold(question="Giá vàng hôm nay?", kind="liked", vote=3)]).kinds
    assert kinds.keys() == {"unanswerable"}


def test_gold_rows_take_one_article_several_or_none(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    rows = [
        {"question": "a", "article": "x.txt"},
        {"question": "b", "article": ["x", "y"]},
        {"question": "c", "article": None},
    ]
    file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert [row.article for row in read_gold(file)] == [["x.txt"], ["x", "y"], []]


@pytest.mark.parametrize(
    ("content", "reason"), [("{}", "line 1"), ('{"question": "a"}\n[', "line 2"), ("", "holds no question")]
)
def test_a_gold_file_that_cannot_be_used_says_where(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(content, "utf-8")
    with pytest.raises(BatchError, match=reason):
        read_gold(file)


def _shown(kinds: dict[str, Tally], width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(table(_figures(kinds)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _figures(kinds: dict[str, Tally]) -> Figures:
    return figures([]).model_copy(update={"kinds": kinds})


def test_the_table_shows_shares_for_answerable_kinds_and_refusals_for_all() -> None:
    kinds = {
        "factoid": Tally(
            n=4, recall_1=3, recall_10=3.5, reciprocal_ranks=3, ndcg=3.2, answer=2, refused=1, characters=300
        ),
        "unanswerable": Tally(n=2, refused=1),
    }  # fmt: skip
    shown = _shown(kinds)
    rows = [" ".join(line.split()) for line in shown.splitlines() if "factoid" in line or "unans" in line]
    assert rows[0] == "factoid 4 0.750 0.875 0.750 0.800 0.000 0.000 0.500 0.250 100 0.0"
    assert rows[1] == "unanswerable 2 - - - - - - - 0.500 - 0.0"
    assert "disliked" not in shown


def test_the_table_shows_of_what_was_disliked_only_how_often_it_is_still_given() -> None:
    shown = _shown({"disliked": Tally(n=4, cited=3, evidence=2, refused=1, characters=300)})
    (row,) = [line.split() for line in shown.splitlines() if line.startswith("disliked ")]
    assert row == ["disliked", "4", "-", "-", "-", "-", "0.750", "0.500", "-", "0.250", "100", "0.0"]
    assert "voted down and that are still given; the less, the better" in " ".join(shown.split())


def test_the_table_fits_into_120_columns_with_the_longest_numbers() -> None:
    full = Tally(n=99999, recall_1=99999, recall_10=99999, characters=99999 * 9999, milliseconds=99999 * 99999.0)
    lines = _shown({"typo_or_casual": full, "unanswerable": full}, width=300).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 120
    assert not any("…" in line for line in _shown({"typo_or_casual": full}).splitlines())


def test_the_summary_has_a_dash_for_what_is_not_defined() -> None:
    console = Console(file=io.StringIO(), width=120)
    console.print(summary(figures([])))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "precision -  recall -  F1 -  AUROC of the confidence -" in shown
    assert "calibration error -  Brier -  n 0" in shown


def test_a_gold_row_takes_an_id_and_a_note_of_any_kind(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text('{"question": "a", "id": 7, "note": null, "answer": ["x"]}', "utf-8")
    (row,) = read_gold(file)
    assert (row.id, row.note) == ("7", "")


def test_a_question_that_cannot_be_asked_is_named(make_bot: MakeBot) -> None:  # noqa: F811
    with pytest.raises(BatchError, match=r"gold question 'q9' cannot be asked\. The question is empty"):
        evaluate(make_bot(), [Gold(question="?!", id="q9")])
