"""The command's options for filters: what cannot be used is one line, before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_bot.cli import main


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--from", "hôm nay"], "“hôm nay” is no day. Write a year, a month or a day"),
        (["--to", "31/2/2021"], "“31/2/2021” is no day"),
        (["--from", "2021", "--to", "2020"], "From 01/01/2021 to 31/12/2020 no article can lie"),
        (["--in", '""'], "holds no word"),
    ],
)
def test_a_filter_that_cannot_be_used_is_one_line(
    command: str, options: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for asked in (["Ai?"], ["--batch", "-"]):
        assert main([command, *asked, *options, "--index", str(tmp_path)]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("qa-bot: ")
        assert line in told.err
        assert told.err.count("\n") == 1


@pytest.mark.parametrize("command", ["ask", "search"])
def test_help_names_the_filters(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--from DAY", "--to DAY", "--in WORDS"))
