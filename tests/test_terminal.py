"""The conversation as a person has it, in a real pseudo-terminal or through a pipe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.history import InMemoryHistory

from qa_bot.commands import COMMANDS
from qa_bot.messages import say
from qa_bot.terminal import encodable, joined_lines, open_history
from tests.pseudo_terminal import PseudoTerminal

HERE = Path(__file__).parent
CHILD = HERE / "repl_child.py"
QUESTION = "Sông Lô trồng bao nhiêu cây?"
ANSWER = "Huyện đã trồng 14.500 cây xanh dọc bờ sông [1]."
CTRL_C, CTRL_D, TAB, ENTER = b"\x03", b"\x04", b"\t", b"\r"


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    return {**kept, "TERM": "xterm-256color", "PYTHONPATH": str(HERE.parent), "LC_ALL": "C.UTF-8", **more}


class Repl(PseudoTerminal):
    """The REPL in a window of its own. Nothing is typed before a prompt asks for it."""

    def __init__(self, history_file: Path, columns: int = 100, **more: str) -> None:
        super().__init__([sys.executable, str(CHILD), str(history_file)], environment(**more), columns)
        self._prompts = 0

    def type(self, text: str) -> None:
        self.at_prompt()
        self.send(text.encode() + ENTER)

    def at_prompt(self) -> None:
        """Wait for the next prompt, in either language."""
        self._prompts += 1
        self.wait_for("> ", self._prompts)

    def text(self) -> str:
        return super().text() + " "


@pytest.fixture
def history_file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history"


def test_a_question_is_answered_with_its_source(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type(QUESTION)
        repl.wait_for(ANSWER)
        repl.wait_for("[1] Sông Lô thêm cây xanh · 26/11/2020 · Hà Trần · Báo Vĩnh Phúc · seeds/song-lo.txt")


def test_ctrl_d_ends_the_conversation_with_0(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.at_prompt()
        repl.send(CTRL_D)
        assert repl.exit_code() == 0


def test_quit_ends_the_conversation_with_0(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type(":q")
        assert repl.exit_code() == 0


def test_the_last_answer_can_be_opened_and_explained(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type(QUESTION)
        repl.type(":open 1")
        repl.wait_for("Nhiều xã ven sông bị sạt lở nặng")
        repl.wait_for("Năm sau, huyện sẽ trồng thêm")
        repl.type(":why")
        repl.wait_for("Độ tin cậy: 93%")
        repl.type(":sources")
        repl.wait_for("[1] Sông Lô thêm cây xanh ·", times=2)


def test_what_is_nearest_can_be_opened_after_a_refusal(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type("Giá vàng hôm nay?")
        repl.wait_for("các bài viết không nói tới điều này")
        repl.type(":open 2")
        repl.wait_for("Người dân mong cây sớm khép tán.")
        repl.type(":open 3")
        repl.wait_for("chỉ có từ 1 đến 2")


def test_the_language_can_be_changed(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type(":lang en")
        repl.wait_for("I speak English from now on.")
        repl.type("giá vàng")
        repl.wait_for("the articles don't say anything about this")
        repl.wait_for("Ask> ", times=2)


def test_ctrl_c_drops_the_line_that_is_being_typed(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.at_prompt()
        repl.send(b"Gia vang")
        repl.wait_for("Gia vang")
        repl.send(CTRL_C)
        repl.type(QUESTION)
        repl.wait_for(ANSWER)


def test_ctrl_c_stops_a_running_question_and_the_next_one_is_answered(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type("Chờ mãi mãi")
        repl.wait_for("Đang tìm…")
        repl.send(CTRL_C)
        repl.wait_for("Đã dừng.")
        repl.type(QUESTION)
        repl.wait_for(ANSWER)
        repl.at_prompt()
        repl.send(CTRL_D)
        assert repl.exit_code() == 0


def test_a_pasted_text_of_several_lines_is_one_question(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.at_prompt()
        repl.send("\x1b[200~Giá vàng\r\nở chợ\n\nhôm nay\x1b[201~".encode())
        repl.wait_for("Hỏi> Giá vàng ở chợ hôm nay")
        assert "các bài viết không nói" not in repl.text()
        repl.send(ENTER)
        repl.wait_for("các bài viết không nói tới điều này")
        repl.at_prompt()
        assert repl.text().count("không nói tới") == 1
    assert history_file.read_text("utf-8").count("+") == 1


def test_questions_refer_to_the_ones_before(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type(QUESTION)
        repl.type("còn năm ngoái?")
        repl.wait_for(f"Hiểu là: {QUESTION} còn năm ngoái?")


def test_filters_narrow_what_answers_until_they_are_lifted(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type(":from 2021")
        repl.wait_for("Không bài nào trong 2 bài hợp với bộ lọc: từ 01/01/2021")
        repl.type(QUESTION)
        repl.wait_for("Không bài nào trong 2 bài hợp với bộ lọc: từ 01/01/2021", times=2)
        repl.wait_for("các bài viết không nói tới điều này")
        repl.type(":from 2020")
        repl.wait_for("Chỉ tìm trong 1/2 bài: từ 01/01/2020")
        repl.type(":to 6/2019")
        repl.wait_for("Từ 01/01/2020 mà chỉ đến 30/06/2019 thì không bài nào hợp.")
        repl.type(':in "song lo"')
        repl.wait_for("Chỉ tìm trong 1/2 bài: từ 01/01/2020 · tiêu đề có “song lo”")
        repl.type(QUESTION)
        repl.wait_for(ANSWER)
        repl.type(":from")
        repl.type(":in")
        repl.wait_for("Không lọc: tìm trong cả 2 bài.")


def test_a_question_that_points_at_nothing_is_asked_back(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type("Ở đó có bao nhiêu người?")
        repl.wait_for("Bạn đang nói đến ai hoặc điều gì?")
        repl.type(":open 1")
        repl.wait_for("Câu trả lời này không có nguồn nào.")


def test_an_error_is_one_line_and_the_conversation_goes_on(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type("gây lỗi")
        repl.wait_for("The question\ufffd[2J cannot be asked.")
        repl.type(QUESTION)
        repl.wait_for(ANSWER)


def test_an_unknown_command_names_the_nearest(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type(":artciles")
        repl.wait_for("Ý bạn là :articles?")
        repl.type(":lang fr")
        repl.wait_for("Cách gõ: :lang vi|en")


def test_help_lists_every_command(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type(":help")
        for command in COMMANDS:
            repl.wait_for(f"{command.usage('vi')} ")
            repl.wait_for(say("vi", f"help.{command.name}"))


def test_articles_are_listed_by_a_word_of_their_title_without_diacritics(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type(":articles song lo")
        repl.wait_for("seeds/song-lo.txt")
        repl.type(":articles khongco")
        repl.wait_for("“khongco”")
        assert "cho-phien" not in repl.text()


def test_after_a_rebuild_the_new_generation_answers(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type(QUESTION)
        repl.type(":rebuild")
        repl.wait_for("rebuilt after 1 in vi")
        repl.type(":open 1")
        repl.wait_for("Bạn chưa hỏi câu nào.")
        repl.type(":rebuild")
        repl.wait_for("rebuilt after 2 in vi")


def test_tab_completes_commands_and_what_they_take(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.at_prompt()
        repl.send(b":art" + TAB)
        repl.wait_for(":articles")
        repl.send(b" thong" + CTRL_C)
        repl.at_prompt()
        repl.send(b":open them cay" + TAB)
        repl.wait_for("Hỏi> :open Sông Lô thêm cây xanh")
        repl.send(ENTER)
        repl.wait_for("Tệp: seeds/song-lo.txt")


def test_the_damage_of_an_index_is_told_at_the_start(history_file: Path) -> None:
    with Repl(history_file, FAKE_WARNING="Generation 4 is damaged") as repl:
        repl.wait_for("Generation 4 is damaged")


def test_the_history_lasts_from_one_conversation_to_the_next(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.type(QUESTION)
        repl.wait_for(ANSWER)
    with Repl(history_file) as repl:
        repl.at_prompt()
        repl.send(b"\x1b[A")
        repl.wait_for(f"Hỏi> {QUESTION}")


def test_a_history_that_cannot_be_written_costs_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Repl(tmp_path / "file" / "history") as repl:
        repl.wait_for("Không ghi được lịch sử")
        repl.type(QUESTION)
        repl.wait_for(ANSWER)


def test_bytes_that_are_not_utf_8_do_not_end_the_conversation(history_file: Path) -> None:
    with Repl(history_file) as repl:
        repl.at_prompt()
        repl.send(b"gi\xe1 v\xe0ng" + ENTER)
        repl.wait_for("các bài viết không nói tới điều này")


def test_articles_cannot_steer_the_terminal(history_file: Path) -> None:
    with Repl(history_file) as repl:
        for line in ("giá vàng", ":open 1", ":why", ":articles", ":sources"):
            repl.type(line)
        repl.at_prompt()
        output = repl.output.decode("utf-8")
        assert "]52;" in output
        assert "[2J" in output
        assert not re.search("\x1b\\]52|\x1b\\[2J|[\x9b\x07\u202e\u2066]", output)


def test_a_terminal_of_40_columns_is_enough(history_file: Path) -> None:
    with Repl(history_file, columns=40) as repl:
        for line in (QUESTION, ":why", ":open 1", ":help", ":articles"):
            repl.type(line)
        repl.at_prompt()
        repl.wait_for("Huyện đã trồng 14.500 cây xanh dọc bờ sông [1].")
        assert "Huyện đã trồng 14.500 cây xanh dọc bờ" in repl.lines()
        assert "[1] Sông Lô thêm cây xanh · 26/11/2020 ·" in repl.lines()


def colours(output: bytes) -> set[int]:
    """The SGR parameters that choose a colour."""
    numbers = {int(n) for sgr in re.findall(rb"\x1b\[([\d;]+)m", output) for n in sgr.split(b";")}
    return {n for n in numbers if 30 <= n <= 49 or 90 <= n <= 107}


@pytest.mark.parametrize("no_color", [False, True])
def test_no_color_is_respected(history_file: Path, *, no_color: bool) -> None:
    with Repl(history_file, NO_COLOR="1" if no_color else "") as repl:
        repl.type(QUESTION)
        repl.type(":open 1")
        repl.at_prompt()
        repl.wait_for("Năm sau, huyện sẽ trồng thêm")
        assert bool(colours(repl.output)) is not no_color


def test_a_dumb_terminal_gets_plain_text(history_file: Path) -> None:
    with Repl(history_file, TERM="dumb") as repl:
        repl.type(QUESTION)
        repl.wait_for(ANSWER)
        repl.at_prompt()
        repl.send(CTRL_D)
        assert repl.exit_code() == 0
        assert b"\x1b" not in repl.output


def piped(text: bytes, history_file: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, str(CHILD), str(history_file)]
    return subprocess.run(command, input=text, env=environment(), capture_output=True, timeout=60, check=False)


def test_a_pipe_is_answered_line_by_line_without_prompt_or_colour(history_file: Path) -> None:
    done = piped(f"{QUESTION}\n:open 1\n\nbad \xff gi\xe1\nlỗi\ngiá vàng\n:q\n{QUESTION}".encode(), history_file)
    output = done.stdout.decode("utf-8")
    assert done.returncode == 0
    assert output.count(ANSWER) == 1
    assert output.count("các bài viết không nói tới điều này") == 2
    assert done.stderr.decode("utf-8") == "The question\ufffd[2J cannot be asked.\n"
    assert "Hỏi>" not in output
    assert "\x1b" not in output
    assert not history_file.exists()


def test_bytes_in_a_pipe_that_are_not_utf_8_are_no_reason_to_stop(history_file: Path) -> None:
    done = piped(b"gi\xe1 v\xe0ng\n" + QUESTION.encode(), history_file)
    assert (done.returncode, done.stderr) == (0, b"")
    assert ANSWER in done.stdout.decode("utf-8")


@given(text=st.text(st.characters(exclude_categories=())))
def test_a_paste_is_one_line_and_keeps_its_words(text: str) -> None:
    assert "\n" not in joined_lines(text)
    assert "\r" not in joined_lines(text)
    assert joined_lines(text).split() == text.split()
    assert encodable(text).encode("utf-8").decode("utf-8") == encodable(text)


def test_a_history_without_a_folder_to_be_in_is_kept_in_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert isinstance(open_history(tmp_path / "file" / "history", "en"), InMemoryHistory)
    assert capsys.readouterr().err.count("\n") == 1
