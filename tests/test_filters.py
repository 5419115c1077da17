"""Which articles may answer: days and titles as people write them, what passes, what is told of it."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qa_bot import filters
from qa_bot.filters import FilterError, parse_day, passes
from qa_bot.messages import CATALOGUE
from qa_bot.naming import matching
from qa_bot.records import EVERYTHING, Filters, Period
from tests.fakes import time_limit
from tests.samples import MARKET, RIVER, article

DAYS = st.dates(date(1000, 1, 1), date(9999, 12, 31))
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=30)


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2020", date(2020, 1, 1), date(2020, 12, 31)),
        ("năm 2020", date(2020, 1, 1), date(2020, 12, 31)),
        ("２０２０", date(2020, 1, 1), date(2020, 12, 31)),
        ("6/2021", date(2021, 6, 1), date(2021, 6, 30)),
        (" 02.2024 ", date(2024, 2, 1), date(2024, 2, 29)),
        ("tháng 2 năm 2023", date(2023, 2, 1), date(2023, 2, 28)),
        ("THANG 6/2021", date(2021, 6, 1), date(2021, 6, 30)),
        ("2021-06", date(2021, 6, 1), date(2021, 6, 30)),
        ("5/6/2021", date(2021, 6, 5), date(2021, 6, 5)),
        ("05-06-2021", date(2021, 6, 5), date(2021, 6, 5)),
        ("2021-06-05", date(2021, 6, 5), date(2021, 6, 5)),
        ("ngày 5 tháng 6 năm 2021", date(2021, 6, 5), date(2021, 6, 5)),
        ("nga\u0300y 5 tha\u0301ng 6 na\u0306m 2021", date(2021, 6, 5), date(2021, 6, 5)),
    ],
)
def test_a_year_a_month_or_a_day_has_a_first_and_a_last_day(written: str, first: date, last: date) -> None:
    assert (parse_day(written, last=False), parse_day(written, last=True)) == (first, last)


@given(day=DAYS, last=st.booleans())
def test_a_day_is_read_as_it_is_shown(day: date, *, last: bool) -> None:
    assert parse_day(day.isoformat(), last=last) == day
    assert parse_day(f"{day.day}/{day.month}/{day.year:04}", last=last) == day


@given(day=DAYS)
def test_a_month_lies_within_its_year_and_the_day_after_it_in_the_next(day: date) -> None:
    year, month = f"{day.year:04}", f"{day.month}/{day.year:04}"
    assert parse_day(year, last=False) <= parse_day(month, last=False) <= day <= parse_day(month, last=True)
    assume(parse_day(month, last=True) < date.max)
    assert (parse_day(month, last=True) + timedelta(days=1)).day == 1


@pytest.mark.parametrize("written", ["", "hôm nay", "31/2/2021", "13/2021", "0000", "21", "2020-2021", "5/6/2021 10h"])
def test_what_is_no_day_is_told_with_the_forms_that_are(written: str) -> None:
    with pytest.raises(FilterError, match=r"is no day. Write .* 2020, 6/2021, 5/5/2021 or 2021-05-05"):
        parse_day(written, last=False)


@given(text=ANYTHING, last=st.booleans())
def test_any_text_is_a_day_or_an_error_of_one_line(text: str, *, last: bool) -> None:
    try:
        assert isinstance(parse_day(text, last=last), date)
    except FilterError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - either outcome is right, nothing else is


def test_a_pasted_page_is_refused_at_once() -> None:
    with time_limit(1):
        for page in ("9" * 100_000, "5/" * 50_000, "ngày " * 20_000, " " * 100_000):
            with pytest.raises(FilterError, match="is no day") as error:
                parse_day(page, last=True)
            assert len(str(error.value)) < 200


@pytest.mark.parametrize("quoted", ['"Sông Lô"', "Sông Lô", "“Sông  Lô”", " «Sông Lô» "])
def test_quotes_around_a_title_are_not_part_of_it(quoted: str) -> None:
    assert filters.parse(None, None, quoted) == Filters(title="Sông Lô")


@pytest.mark.parametrize("empty", ["", '""', "🌳", "-"])
def test_a_title_without_a_word_is_refused(empty: str) -> None:
    with pytest.raises(FilterError, match=r"holds no word\. Write a few words of the title"):
        filters.parse(None, None, empty)


def test_the_last_day_of_what_is_named_still_passes() -> None:
    assert filters.parse("2020", "2020", None) == Filters(date(2020, 1, 1), date(2020, 12, 31))
    assert passes(article(published=date(2020, 12, 31)), filters.parse("12/2020", "2020", None))
    assert not passes(article(published=date(2021, 1, 1)), filters.parse(None, "2020", None))


def test_a_filter_that_ends_before_it_begins_is_one_clear_line() -> None:
    with pytest.raises(FilterError, match="From 01/06/2021 to 31/12/2020 no article can lie"):
        filters.parse("6/2021", "2020", None)


@given(published=st.none() | DAYS, first=st.none() | DAYS, last=st.none() | DAYS)
def test_an_article_passes_when_its_day_lies_between_both_included(
    published: date | None, first: date | None, last: date | None
) -> None:
    inside = published is not None and (not first or first <= published) and (not last or published <= last)
    assert passes(article(published=published), Filters(first, last)) == (inside or not (first or last))


@pytest.mark.parametrize(
    "words",
    ["sông lô", "SONG LO", "xanh Lô", "so\u0302ng", "cay xan", "song-lo.txt", "seeds/song-lo.txt", "Sông\u200b Lô"],
)
def test_a_title_is_found_by_its_words_in_any_order_with_diacritics_or_without(words: str) -> None:
    assert passes(RIVER, Filters(title=words))


@pytest.mark.parametrize("words", ["Sông Hồng", "ông lô", "lo chợ", "nghiêng"])
def test_a_title_that_lacks_a_word_does_not_pass(words: str) -> None:
    assert not passes(RIVER, Filters(title=words))


@given(words=st.lists(st.sampled_from(["Sông", "song", "Lô", "thêm", "cây", "xanh", "Chợ", "phiên"]), max_size=3))
def test_what_the_list_of_articles_finds_passes_too(words: list[str]) -> None:
    typed = " ".join(words)
    found = matching([RIVER, MARKET], typed)
    assert all(passes(one, Filters(title=typed)) for one in found)


def test_an_article_without_a_title_is_known_by_its_path() -> None:
    assert passes(article(title=None), Filters(title="song lo"))


@given(text=ANYTHING)
def test_any_title_passes_itself_however_it_is_normalised(text: str) -> None:
    titled = article(title=text)
    for form in ("NFC", "NFD"):
        assert passes(titled, Filters(title=unicodedata.normalize(form, text)))


def test_a_row_goes_before_what_holds_for_all_rows() -> None:
    for_all = filters.parse("2019", "2021", "Sông")
    assert filters.completed(EVERYTHING, for_all) == for_all
    assert filters.completed(filters.parse("2020", None, None), for_all) == filters.parse("2020", "2021", "Sông")
    with pytest.raises(FilterError, match="no article can lie"):
        filters.completed(filters.parse("2022", None, None), for_all)


@given(
    wanted=st.builds(Filters, st.none() | DAYS, st.none() | DAYS),
    period=st.builds(Period, st.none() | DAYS, st.none() | DAYS, st.booleans()),
    published=DAYS,
)
def test_a_question_narrows_the_filters_to_its_period_of_publication(
    wanted: Filters, period: Period, published: date
) -> None:
    one = article(published=published)
    in_period = not period.published or passes(one, Filters(period.first, period.last))
    assert passes(one, filters.narrowed(wanted, period)) == (passes(one, wanted) and in_period)
    assert filters.narrowed(wanted, None) == wanted


def test_filters_are_told_in_one_line_of_either_language() -> None:
    wanted = filters.parse("2020", "6/2021", "Sông\nLô")
    assert filters.shown(wanted, "vi") == "từ 01/01/2020 · đến 30/06/2021 · tiêu đề có “Sông Lô”"
    assert filters.shown(wanted, "en") == "from 01/01/2020 · to 30/06/2021 · “Sông Lô” in the title"
    assert filters.shown(EVERYTHING, "vi") == ""


def test_what_is_in_force_says_how_many_articles_are_left() -> None:
    both = [RIVER, MARKET]
    assert filters.in_force(filters.parse("2020", None, None), both, "en") == (
        "Only 1 of 2 articles are asked: from 01/01/2020"
    )
    assert filters.in_force(filters.parse("2022", None, None), both, "vi").startswith("Không bài nào trong 2 bài")
    assert filters.in_force(EVERYTHING, both, "vi") == "Không lọc: tìm trong cả 2 bài."


def test_beside_an_answer_nothing_is_told_and_no_article_read_unless_something_is_filtered() -> None:
    assert filters.note(filters.parse("2020", None, None), lambda: [RIVER], "en").startswith("Only 1 of 1")
    assert filters.note(EVERYTHING, lambda: pytest.fail("articles were read"), "en") == ""


def test_every_error_has_its_words_in_both_languages() -> None:
    for first, last, title in (("x", None, None), ("2021", "2020", None), (None, None, "-")):
        with pytest.raises(FilterError, match=r"Write|Change") as raised:
            filters.parse(first, last, title)
        told = CATALOGUE[raised.value.name]
        assert told["vi"].format(**raised.value.values) != str(raised.value) == told["en"].format(**raised.value.values)
