"""How much of an article is shown around a passage."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qa_bot.surroundings import goes_on, lines_after, lines_before


@given(data=st.data(), text=st.text(st.sampled_from("ab  \n.é"), max_size=900))
def test_the_lines_around_a_passage_are_few_and_end_between_words(data: st.DataObject, text: str) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    before, after = lines_before(text, start), lines_after(text, end)
    assert 0 <= start - before <= 300
    assert 0 <= after - end <= 300
    assert before in (0, start) or text[before - 1].isspace()
    assert after in (end, len(text)) or text[after].isspace()
    assert len([line for line in text[before:start].split("\n") if line.strip()]) <= 4
    assert len([line for line in text[end:after].split("\n") if line.strip()]) <= 4


def test_short_lines_are_shown_whole() -> None:
    text = "một\nhai\nba\nbốn\n\nĐÂY\n\nnăm\nsáu\nbảy\ntám"
    start = text.index("ĐÂY")
    assert text[lines_before(text, start) : start].split() == ["hai", "ba", "bốn"]
    assert text[start + 3 : lines_after(text, start + 3)].split() == ["năm", "sáu", "bảy"]


def test_a_line_goes_on_until_its_break() -> None:
    assert goes_on(" thêm nữa")
    assert not goes_on(" \n thêm")
    assert not goes_on("")
