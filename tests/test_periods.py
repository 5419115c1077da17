"""What a question says of time is found as it was meant, typed with diacritics or without, and nothing else is."""

from __future__ import annotations

import time
import tomllib
import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.lexicon import shipped_file
from embeddings.vietnamese import fold
from qa_bot.records import Period
from qa_bot.understanding.periods import PeriodWords, find_period

TABLE = tomllib.loads(shipped_file().read_text("utf-8"))["periods"]
WORDS = PeriodWords.of(TABLE)
TODAY = date(2026, 11, 22)  # a Sunday

SAID = [
    ("Năm 2021 huyện có bao nhiêu xã?", "2021-01-01", "2021-12-31"),
    ("tháng 6/2021 có gì", "2021-06-01", "2021-06-30"),
    ("tháng 6 năm 2021", "2021-06-01", "2021-06-30"),
    ("6/2021 có gì", "2021-06-01", "2021-06-30"),
    ("tháng năm năm 2021", "2021-05-01", "2021-05-31"),
    ("tháng 2 năm 2020", "2020-02-01", "2020-02-29"),
    ("ngày 5/5/2021", "2021-05-05", "2021-05-05"),
    ("5-5-2021 họp gì", "2021-05-05", "2021-05-05"),
    ("2021-05-05 họp gì", "2021-05-05", "2021-05-05"),
    ("ngày 5 tháng 5 năm 2021", "2021-05-05", "2021-05-05"),
    ("từ 2018 đến 2020", "2018-01-01", "2020-12-31"),
    ("giai đoạn 2015-2020", "2015-01-01", "2020-12-31"),
    ("giai đoạn 2015 – 2020 ra sao", "2015-01-01", "2020-12-31"),
    ("kế hoạch 2021-2025", "2021-01-01", "2025-12-31"),
    ("từ tháng 3 đến tháng 6 năm 2021", "2021-03-01", "2021-06-30"),
    ("từ tháng 11 đến tháng 2 năm 2021", "2020-11-01", "2021-02-28"),
    ("từ ngày 5 đến ngày 10/5/2021", "2021-05-05", "2021-05-10"),
    ("từ 5 đến 10 tháng 5 năm 2021", "2021-05-05", "2021-05-10"),
    ("trước 2019", None, "2018-12-31"),
    ("trước ngày 5/5/2021", None, "2021-05-04"),
    ("sau 2020", "2021-01-01", None),
    ("sau tháng 6/2021", "2021-07-01", None),
    ("từ 2020", "2020-01-01", None),
    ("từ năm 2018 đến nay", "2018-01-01", None),
    ("2018-nay có gì", "2018-01-01", None),
    ("năm ngoái", "2025-01-01", "2025-12-31"),
    ("năm nay", "2026-01-01", "2026-12-31"),
    ("tháng 6 năm ngoái", "2025-06-01", "2025-06-30"),
    ("tháng trước", "2026-10-01", "2026-10-31"),
    ("tuần này", "2026-11-16", "2026-11-22"),
    ("tuần trước", "2026-11-09", "2026-11-15"),
    ("giá vàng hôm nay", "2026-11-22", "2026-11-22"),
    ("hôm qua", "2026-11-21", "2026-11-21"),
    ("quý I/2021", "2021-01-01", "2021-03-31"),
    ("quý 4 năm 2020", "2020-10-01", "2020-12-31"),
    ("đầu năm 2021", "2021-01-01", "2021-04-30"),
    ("cuối năm 2021", "2021-09-01", "2021-12-31"),
    ("cuối tháng 2/2021", "2021-02-21", "2021-02-28"),
    ("6 tháng đầu năm 2021", "2021-01-01", "2021-06-30"),
    ("6 tháng cuối năm 2021", "2021-07-01", "2021-12-31"),
    ("thập niên 2010", "2010-01-01", "2019-12-31"),
    ("những năm 90", "1990-01-01", "1999-12-31"),
    ("năm 2019 và năm 2020 nơi nào nhiều hơn", "2019-01-01", "2020-12-31"),
    ("dân số Hải Hậu 2021?", "2021-01-01", "2021-12-31"),
    ("Nghị quyết 03-NQ/HU ngày 5/5/2021 nói gì", "2021-05-05", "2021-05-05"),
    ("what happened in 2021?", "2021-01-01", "2021-12-31"),
    ("June 2021", "2021-06-01", "2021-06-30"),
    ("on May 5, 2021", "2021-05-05", "2021-05-05"),
    ("on the 5th of May 2021", "2021-05-05", "2021-05-05"),
    ("from 2018 to 2020", "2018-01-01", "2020-12-31"),
    ("between 2018 and 2020", "2018-01-01", "2020-12-31"),
    ("last year", "2025-01-01", "2025-12-31"),
    ("since 2020", "2020-01-01", None),
    ("before 2019", None, "2018-12-31"),
    ("the 2010s", "2010-01-01", "2019-12-31"),
    ("in mid-2021", "2021-05-01", "2021-08-31"),
]

NOT_SAID = [
    "nhiệm kỳ 2015-2020", "nhiệm kỳ 2020 - 2025 ở Bảo Thắng", "nhiệm kì 2015 đến 2020 ra bao nhiêu công văn",
    "Đại hội lần thứ XVIII nhiệm kỳ 2020-2025", "Nghị quyết khóa XII", "22-NQ/TW", "03/2021/QĐ-TTg",
    "Nghị định 15/2020 nói gì",
    "lúc 15/7 giờ", "gọi 024 3821 2021", "gọi 0912.345.678", "2.021 đảng viên", "2021 cây", "trồng 2021 cây",
    "sau 2021 cây",
    "bao giờ", "năm nào", "tháng mấy", "tháng năm nào", "tháng 6 năm nào", "từ năm nào đến năm nào", "năm xã",
    "31/2/2021",
    "ngày 31 tháng 2 năm 2021", "tháng 13", "tháng 13/2021", "5 năm trước", "những năm trước", "mỗi năm 2021 cây",
    "lương tháng 6 triệu", "Việt Nam này", "miền nam nay ra sao", "34/34 xã", "covid-19", "từ 2020 đến 2018",
    "có phải là 2021?",
    "Hải Hậu có bao nhiêu đảng viên?", "", "?!",
]  # fmt: skip


def day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


@pytest.mark.parametrize(("text", "first", "last"), SAID)
def test_a_time_is_found_however_it_is_typed(text: str, first: str | None, last: str | None) -> None:
    for typed in (text, fold(text), text.upper(), unicodedata.normalize("NFD", text), f"cho hỏi {text} 🙂"):
        found = find_period(typed, TODAY, WORDS)
        if "🙂" in typed and text.endswith("2021?"):
            continue  # what ends there no longer ends the question
        assert found is not None, typed
        assert found.period == Period(day(first), day(last), published=False), typed


@pytest.mark.parametrize("text", NOT_SAID)
def test_a_number_that_is_no_time_is_none(text: str) -> None:
    assert find_period(text, TODAY, WORDS) is None
    if "Nam này" not in text and "đảng" not in text:
        assert find_period(fold(text), TODAY, WORDS) is None


def test_a_month_without_its_year_is_the_latest_that_has_begun() -> None:
    for text, year in (("tháng 11", 2026), ("tháng 12", 2025)):
        found = find_period(text, TODAY, WORDS)
        assert found is not None
        assert found.period is not None
        assert found.period.first is not None
        assert found.period.first.year == year


@pytest.mark.parametrize("text", ["bài mới nhất", "gần đây có gì", "mới đây", "latest news", "recent articles"])
def test_a_wish_for_the_latest_is_no_period(text: str) -> None:
    for typed in (text, fold(text)):
        found = find_period(typed, TODAY, WORDS)
        assert found is not None
        assert (found.period, found.newest) == (None, True)


def test_the_latest_of_a_year_is_both() -> None:
    found = find_period("tin mới nhất năm 2021", TODAY, WORDS)
    assert found is not None
    assert found.newest
    assert found.period is not None


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("Bài viết đăng năm 2021 nói gì?", True), ("Bài nào đăng trên báo Nhân Dân năm 2021?", True),
        ("tin tháng 6/2021", True),
        ("Các bài từ 2018 đến 2020", True), ("tin tuần này", True), ("Tháng 6/2021 có bài nào về Hải Hậu?", True),
        ("articles published in 2021", True), ("news this week", True), ("Có bao nhiêu bài viết năm 2021?", True),
        ("Năm 2021 huyện có bao nhiêu xã?", False), ("bài về Hải Hậu năm 2021", False),
        ("công nghệ thông tin năm 2021", False),
        ("Có bao nhiêu người đăng ký năm 2021?", False), ("members in 2021", False),
    ],
)  # fmt: skip
def test_a_time_of_publication_is_told_from_a_time_in_the_text(text: str, published: bool) -> None:
    for typed in (text, fold(text)):
        found = find_period(typed, TODAY, WORDS)
        assert found is not None
        assert found.period is not None
        assert found.period.published is published


def test_the_span_is_the_words_that_said_it() -> None:
    for text, said in (
        ("Hải Hậu từ 2018 đến 2020 ra sao?", "từ 2018 đến 2020"),
        ("bài mới nhất là gì", "mới nhất"),
        ("Việt Nam 2021", "2021"),
    ):
        for form in ("NFC", "NFD"):
            typed = unicodedata.normalize(form, text)
            found = find_period(typed, TODAY, WORDS)
            assert found is not None
            assert unicodedata.normalize("NFC", typed[slice(*found.span)]) == said


_SAMPLE = """năm tháng ngày từ đến trước sau 2021 2015-2020 5/5/2021 31/2 13 nay quý iv đầu cuối nhiệm kỳ 0 / - . ,
    🙂 Я e\u0301 \u200b mới nhất bài đăng since may 1 12 9999"""
_PIECES = st.lists(st.sampled_from(_SAMPLE.split()), max_size=12).map(" ".join)


@given(text=_PIECES | st.text(max_size=60), today=st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_any_text_gives_days_in_order_or_none(text: str, today: date) -> None:
    found = find_period(text, today, WORDS)
    if found is not None:
        assert 0 <= found.span[0] < found.span[1] <= len(text)
        assert found.newest or found.period is not None
        if found.period and found.period.first and found.period.last:
            assert found.period.first <= found.period.last


@given(st.dates(date(1900, 1, 1), date(2099, 12, 30)))
def test_every_day_is_read_as_it_is_written(that: date) -> None:
    written = f"{that.day}/{that.month}/{that.year}"
    for text, first, last in (
        (f"ngày {written}", that, that),
        (f"ngày {that.day} tháng {that.month} năm {that.year}", that, that),
        (f"sau ngày {written}", that + timedelta(days=1), None),
        (f"trước ngày {written}", None, that - timedelta(days=1)),
    ):
        found = find_period(text, TODAY, WORDS)
        assert found is not None
        assert found.period == Period(first, last, published=False)


@pytest.mark.parametrize(
    "piece", ["năm 2021 ", "từ ", "1/", "2021-", "nhiệm kỳ ", "đến 2020 ", "012 ", "(từ 5 đến ", "9"]
)
def test_a_long_paste_is_read_in_no_time(piece: str) -> None:
    text = (piece * 4000)[:4000]
    started = time.perf_counter()
    find_period(text, TODAY, WORDS)
    assert time.perf_counter() - started < 1  # 0.06 s at most, measured; more than linear would be minutes


def test_a_word_list_that_lacks_something_says_what() -> None:
    with pytest.raises(KeyError, match="years"):
        PeriodWords.of({name: words for name, words in TABLE.items() if name != "years"})
    with pytest.raises(TypeError, match="a list of phrases"):
        PeriodWords.of({**TABLE, "years": "năm"})
    with pytest.raises(ValueError, match="month -1"):
        PeriodWords.of({**TABLE, "relative": {"tháng trước": "moon -1"}})
