"""What a newcomer does, with the real model and the articles that ship, through the installed commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import SEEDS

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Path:
    """A folder with the articles that ship and an index of them."""
    folder = tmp_path_factory.mktemp("newcomer")
    (folder / "seeds").mkdir()
    for file in SEEDS.iterdir():
        (folder / "seeds" / file.name).write_bytes(file.read_bytes())
    built = run_in(folder, model_cache)("rebuild-index")
    assert built.returncode == 0, built.stderr
    return folder


def run_in(folder: Path, model_cache: Path) -> Run:
    def run(*command: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "LANG", "LC_ALL")}
        variables = {**inherited, "QA_BOT_ENCODER_CACHE_DIR": str(model_cache), "COLUMNS": "100", **environment}
        return subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=folder, env=variables, input=stdin, capture_output=True, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def run(home: Path, model_cache: Path) -> Run:
    return run_in(home, model_cache)


def rows(*questions: str) -> str:
    return "".join(json.dumps({"id": n, "question": q}, ensure_ascii=False) + "\n" for n, q in enumerate(questions))


def answers(run: Run, *questions: str) -> list[dict[str, Any]]:
    result = run("qa-bot", "ask", "--batch", "-", stdin=rows(*questions))
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_first_questions_are_answered_with_and_without_diacritics(run: Run) -> None:
    asked = {
        "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?": "14.500",
        "dang bo huyen hai hau co bao nhieu dang vien": "14.500",
        "Thu nhập bình quân đầu người ở Hải Hậu là bao nhiêu?": "53 triệu",
        "Ai viết bài về Sông Lô?": "Hồng Chiến",
        "bai ve dang bo huyen binh lieu dang ngay nao": "12/06/2021",
        "Bí thư Huyện ủy Mèo Vạc là ai?": "Hầu Minh Lợi",
    }
    found = answers(run, *asked)
    assert [a["id"] for a in found] == list(range(len(asked)))
    for answer, expected in zip(found, asked.values(), strict=True):
        assert answer["status"] == "answered", answer["question"]
        assert expected in answer["answer"], answer["question"]
        assert "[1]" in answer["answer"]
        assert set(answer["timings_ms"]) == {"understand", "encode", "retrieve", "answer", "total"}


def test_what_the_articles_do_not_say_is_refused_and_the_nearest_offered(run: Run) -> None:
    for answer in answers(run, "Thời tiết Hà Nội hôm nay?", "Giá vàng hôm nay bao nhiêu một lượng?"):
        assert (answer["status"], answer["answer"], answer["citations"]) == ("not_found", "", [])
        assert answer["nearest"]
    shown = run("qa-bot", "ask", "Thời tiết Hà Nội hôm nay?")
    assert "các bài viết không nói tới điều này" in shown.stdout


def test_every_quote_stands_in_its_file_at_the_offsets_given(run: Run, home: Path) -> None:
    for answer in answers(run, "Phương châm 3 rõ ở Bình Liêu gồm những gì?", "Bảo Thắng tổ chức mấy cuộc hội thảo?"):
        for citation in answer["citations"]:
            text = (home / citation["path"]).read_text("utf-8")
            assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_history_completes_a_question_that_points_back(run: Run) -> None:
    asked = ("qa-bot", "ask", "Người này giữ chức vụ gì?", "--history", "Ai viết bài về Mèo Vạc?", "--json")
    answer = json.loads(run(*asked).stdout)
    assert "Bí thư Huyện ủy Mèo Vạc" in answer["answer"]
    assert answer["question"] == "Người này giữ chức vụ gì?"
    assert answer["understood_as"] != answer["question"]


def test_passages_come_ranked_and_scored(run: Run) -> None:
    found = json.loads(run("qa-bot", "search", "bảo hiểm y tế Hải Hậu", "--top", "3", "--json").stdout)
    assert [p["rank"] for p in found["passages"]] == [1, 2, 3]
    assert "96,46%" in found["passages"][0]["text"]
    assert found["passages"][0]["path"] == "seeds/hai-hau.txt"
    assert {"article_id", "start", "end", "score", "dense", "lexical"} <= found["passages"][0].keys()


def test_a_bad_row_spoils_neither_the_others_nor_their_order(run: Run) -> None:
    lines = (
        rows("Ai viết bài về Sông Lô?") + "{oops\n" + '{"id": 2, "question": " "}\n' + rows("Ai viết bài về Bình Liêu?")
    )
    result = run("qa-bot", "ask", "--batch", "-", stdin=lines)
    assert result.returncode == 1
    assert [json.loads(line)["question"] for line in result.stdout.splitlines()] == [
        "Ai viết bài về Sông Lô?",
        "Ai viết bài về Bình Liêu?",
    ]
    assert [line.split(":")[1].strip() for line in result.stderr.splitlines()] == ["- line 2", "- line 3"]


def test_an_article_that_is_added_is_found_after_a_rebuild(home: Path, model_cache: Path) -> None:
    run = run_in(home, model_cache)
    file = home / "seeds" / "cho-phien.txt"
    file.write_text(
        "Chợ phiên Đồng Văn\n\nChợ phiên Đồng Văn họp vào sáng chủ nhật hằng tuần, bán rau, vải lanh và lợn.\n",
        "utf-8",
    )
    try:
        assert run("rebuild-index").returncode == 0
        answer = json.loads(run("qa-bot", "ask", "cho phien dong van hop ngay nao", "--json").stdout)
        assert "chủ nhật" in answer["answer"]
    finally:
        file.unlink()
        run("rebuild-index")


def test_status_and_eval_show_what_is_there(run: Run, home: Path) -> None:
    status = run("qa-bot", "status", QA_BOT_TERMINAL_LANGUAGE="en")
    assert status.returncode == 0
    assert "multilingual-e5-small" in status.stdout
    gold = home / "gold.jsonl"
    gold.write_text(
        '{"question": "Ai viết bài về Sông Lô?", "article": "song-lo.txt", "accept": ["Hồng Chiến"], "kind": "who"}\n',
        "utf-8",
    )
    assert json.loads(run("qa-bot", "eval", str(gold), "--json").stdout)["kinds"]["who"]["answer"] == 1


def test_commands_speak_english_where_the_locale_does_and_vietnamese_elsewhere(run: Run) -> None:
    assert "Articles" in run("qa-bot", "status", LANG="en_US.UTF-8").stdout
    assert "Bài viết" in run("qa-bot", "status", LANG="C.UTF-8").stdout
    assert "Bài viết" in run("qa-bot", "status", LANG="en_US.UTF-8", QA_BOT_TERMINAL_LANGUAGE="vi").stdout


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (["qa-bot", "ask", ""], "The question is empty"),
        (["qa-bot", "ask"], "Nothing was asked"),
        (["qa-bot", "ask", "a " * 3000], "more than 4000"),
        (["qa-bot", "ask", "x", "--index", "nowhere"], "no index in nowhere yet"),
        (["qa-bot", "ask", "x", "--batch", "rows.jsonl"], "not both"),
        (["qa-bot", "ask", "--batch", "rows.jsonl"], "cannot be read"),
        (["qa-bot", "chat", "--index", "nowhere"], "no index in nowhere yet"),
        (["qa-bot", "status", "--index", "nowhere"], "no index in nowhere yet"),
        (["qa-bot", "eval", "none.jsonl"], "cannot be read"),
        (["qa-bot", "ask", "x", "--config", "none.toml"], "none.toml cannot be read"),
    ],
)
def test_what_a_user_can_put_right_is_one_line_and_no_traceback(run: Run, command: list[str], line: str) -> None:
    result = run(*command)
    assert result.returncode == 1
    assert line in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_index_of_another_model_is_refused_with_both_names(run: Run) -> None:
    result = run("qa-bot", "ask", "x", QA_BOT_ENCODER_QUERY_PREFIX="hỏi: ")
    assert result.returncode == 1
    assert "'query: '" in result.stderr
    assert "'hỏi: '" in result.stderr
    assert "rebuild-index" in result.stderr


def test_an_unknown_setting_names_the_nearest(run: Run, home: Path) -> None:
    config = home / "mine.toml"
    config.write_text("[answering]\nmin_confidense = 0.3\n", "utf-8")
    result = run("qa-bot", "status", "--config", str(config))
    assert "answering.min_confidense" in result.stderr
    assert "'min_confidence'" in result.stderr


def test_control_characters_in_an_article_never_reach_the_terminal(tmp_path: Path, model_cache: Path) -> None:
    (tmp_path / "seeds").mkdir()
    hostile = (
        "Chợ phiên\x1b[2J Đồng Văn \x9b31m họp \x1b]52;c;eA==\x07 vào sáng chủ nhật \u202ehằng tuần\u202c, "
        "bán rau và vải lanh ở huyện."
    )
    (tmp_path / "seeds" / "x.txt").write_text(hostile, "utf-8")
    run = run_in(tmp_path, model_cache)
    assert run("rebuild-index").returncode == 0
    shown = run("qa-bot", "ask", "Chợ phiên Đồng Văn họp vào sáng nào?").stdout
    assert "chủ nhật" in shown
    assert not any(c in shown for c in "\x1b\x9b\x07\u202e")


def test_whoever_stops_reading_gets_no_traceback(run: Run, home: Path) -> None:
    command = f"'{BIN / 'qa-bot'}' search 'đảng viên' --top 50 | head -n 1"
    result = subprocess.run(
        ["sh", "-c", command], cwd=home, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert "Traceback" not in result.stderr
