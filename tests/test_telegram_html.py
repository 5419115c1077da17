"""What Telegram is sent: markup that it reads, within its limits, with nothing in it that becomes a link by itself."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Sequence
from datetime import date
from html import unescape
from itertools import accumulate

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from embeddings.console import printable
from embeddings.messages import Language
from qa_bot.messages import say
from qa_bot.records import Reason, Step
from qa_bot.telegram import html, text, windows
from qa_bot.telegram.html import Part
from qa_bot.telegram.styled import BOLD, UNDERLINE, Styled, part_of
from qa_bot.telegram.text import JOINER, LIMIT, units
from qa_bot.telegram.threads import Snapshot
from tests.samples import (
    HOSTILE_TITLE,
    MARKET_CITATION,
    MARKET_PASSAGE,
    RIVER,
    RIVER_CITATION,
    RIVER_PASSAGE,
    RIVER_QUOTE,
    answer,
    answered,
    article,
    citation,
    refused,
    stored,
)

TOKEN = re.compile(r'<(/?)(b|i|u|a|blockquote)(?: (expandable|href="[^"<>]*"))?>|(&(?:lt|gt|amp|quot|#\w+);|[^<>&]+)')
DOMAIN_CHARACTER = r"[A-Za-z0-9_~.\-\u00c0-\u1fff\u200c\u200d\u2010-\u2015\u2070-\U0010ffff]"
NASTY = [
    "@quanly", "ai@thu.vn", "#thẻ", "/start", "(/start@bot)", "http://x.vn/a?b=1#c", "tg://resolve?domain=x",
    "t.me/x", "FTP://X.COM", "xong.theo", "xong.Theo", "1.2.3.4", "127.0.0.1:80/x", "пример.рф", "$USD",
    "xn--e1afmkfd.xn--p1ai", "<b>", "</blockquote>", "<a href='tg://user?id=1'>", "&lt;", "&#64;", "👨‍👩‍👧", "🇻🇳",
    "👍🏽", "e\u0301", "\u202e", "\x1b[2J", "\n", "\n\n", "\r\n", " ", "  ", ".", "…", "14.500", "26/11/2020", JOINER,
    "\ud800", "\u200b", "x", "Huyện đã trồng", " [1]", "a" * 40, "😀" * 9,
]  # fmt: skip
CLUSTERS = ["a", "ệ", "e\u0323\u0302", " ", "\n", "😀", "👨‍👩‍👧", "🇻🇳", "👍🏽", "❤\ufe0f", "\r\n", "1\ufe0f\u20e3"]
HOSTILE = st.lists(st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=()), max_size=5), max_size=30).map(
    "".join
)
SPANS = st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=4)


def read(markup: str) -> tuple[str, list[tuple[str, str, str]]]:
    """(text, [(tag, argument, text inside)]) of a message, as strictly as Telegram reads it and more."""
    shown: list[str] = []
    opened: list[tuple[str, str, int]] = []
    entities: list[tuple[str, str, str]] = []
    at = 0
    while at < len(markup):
        token = TOKEN.match(markup, at)
        assert token, f"no markup that Telegram knows: {markup[at : at + 20]!r}"
        at = token.end()
        closing, tag, argument, character = token.groups()
        if character:
            shown.append(unescape(character))
        elif closing:
            name, argument, begin = opened.pop()
            assert (name, token[3]) == (tag, None), "closed in another order"
            entities.append((name, argument, "".join(shown[begin:])))
        else:
            assert tag not in [name for name, _, _ in opened], "inside itself"
            assert (argument or "").startswith("href=") == (tag == "a")
            assert argument != "expandable" or tag == "blockquote"
            opened.append((tag, argument or "", len(shown)))
    assert not opened
    return "".join(shown), entities


def links(shown: str) -> list[str]:
    """What Telegram would make a link of, and some more. After TDLib's find_entities."""
    found = re.findall(r"(?<!\w)@\w{2}|(?<![\w/<>])/[A-Za-z0-9_]+(?![\w/<>])|#\w+|\$[A-Z]+", shown)
    found += re.findall(r"(?:http|https|ftp|tg|ton)://", shown, re.IGNORECASE)
    for run in re.findall(f"{DOMAIN_CHARACTER}+", shown):
        labels = run.strip(".").split(".")
        for end in range(2, len(labels) + 1):
            top = labels[end - 1]
            capitalised = top == top.capitalize()
            ascii_top = re.fullmatch("[A-Za-z]{2,}|xn--[A-Za-z0-9]+", top) and not capitalised
            if end == len(labels) and "" not in labels and (ascii_top or re.fullmatch("[Ѐ-ӿ]{2,}", top)):
                found.append(run)
        numbers = [label for label in labels if re.fullmatch("0|[1-9][0-9]{0,2}", label) and int(label) < 256]
        if len(labels) == len(numbers) == 4:
            found.append(run)
    return found


def checked(part: Part) -> list[tuple[str, str, str]]:
    """The entities of a message that keeps to Telegram's limits and to our rules."""
    shown, entities = read(part.html)
    assert shown == part.plain
    assert shown.strip()
    assert units(shown) <= LIMIT
    assert len(entities) <= 100
    assert printable(shown) == shown
    assert links(shown) == []
    assert all(argument.startswith(('href="https://', 'href="http://')) for tag, argument, _ in entities if tag == "a")
    return entities


def inside(entities: list[tuple[str, str, str]], tag: str) -> list[str]:
    return [shown for name, _, shown in entities if name == tag]


def snapshot(
    quotes: list[str], *, text: str = "", understood: str = "?", title: str = "T", source: str = "S",
    spans: Sequence[tuple[int, int]] = (),
) -> Snapshot:  # fmt: skip
    """An answer with `text`, or a refusal without, that has `quotes` as its sources."""
    passages = [stored(article(q, title=title, source=source), 0, len(q), row) for row, q in enumerate(quotes)]
    cited = [citation(p, q, n, spans) for n, (p, q) in enumerate(zip(passages, quotes, strict=True), 1)]
    if text:
        return Snapshot.of(answer("?", passages, text=text, citations=cited, understood_as=understood))
    return Snapshot.of(answer("?", passages, status="not_found", nearest=cited, understood_as=understood))


# Plain text


@given(original=HOSTILE)
def test_escaped_text_reads_as_the_original_and_links_nowhere(original: str) -> None:
    shown, entities = read(html.escape(original))
    assert entities == []
    assert links(shown) == []
    assert shown.replace(JOINER, "") == printable(original).replace(JOINER, "")
    assert text.harmless(shown) == shown


@pytest.mark.parametrize(
    "plain",
    [
        "Huyện đã trồng 14.500 cây; ngày 26/11/2020, 34/34 xã, đạt 96,46%.",
        "Giá 1.250.000.000 đồng/m2 (tăng 5.000 đ/kg) & 3 < 5.",
        "Ths. Nguyễn Th.S, v.v., Q.1, P.2 … xong.Theo quyết định 03-NQ/HU.",
        "câu thiếu dấu cách.nhưng vẫn là chữ Việt",
        "19.5.2020 - 0912 345 678 - 12:30",
    ],
)
def test_text_without_addresses_stays_as_it_is(plain: str) -> None:
    assert text.harmless(plain) == plain


@pytest.mark.parametrize(
    ("linked", "broken"),
    [
        ("@quanly", "@|quanly"),
        ("ai@thu.vn", "ai@|thu.|vn"),
        ("#thẻ", "#|thẻ"),
        ("$USD", "$|USD"),
        ("gõ /start", "gõ /|start"),
        ("tg://user", "tg:|//user"),
        ("https://báo.com.vn/a", "https:|//báo.|com.|vn/a"),
        ("Báo.VN", "Báo.|VN"),
        ("пример.рф", "пример.|рф"),
        ("192.168.1.10", "192.|168.1.10"),
    ],
)
def test_what_looks_like_an_address_is_broken(linked: str, broken: str) -> None:
    assert links(linked)
    assert text.harmless(linked).replace(JOINER, "|") == broken


@given(pieces=st.lists(st.sampled_from(CLUSTERS), max_size=60), limit=st.integers(8, 40))
def test_text_is_cut_between_words_else_between_characters_as_people_see_them(pieces: list[str], limit: int) -> None:
    whole = "".join(pieces)
    parts = html.split(whole, limit)
    assert "".join(parts) == whole
    edges = list(accumulate(map(len, pieces)))
    at = 0
    for part in parts[:-1]:
        at += len(part)
        assert at in edges
        spaced = part[-1].isspace()
        assert spaced or not any(c.isspace() for c in part)
        more = re.match(r"\S*(?:\r\n|\s|$)", whole[at:]) if spaced else None
        following = more[0] if more else whole[at : edges[edges.index(at) + 1]]
        assert units(part) <= limit < units(part + following)


@given(whole=st.text(st.characters(exclude_categories=()), max_size=80) | HOSTILE, limit=st.integers(2, 30))
def test_parts_make_up_the_text_and_keep_to_the_limit(whole: str, limit: int) -> None:
    parts = html.split(whole, limit)
    assert "".join(parts) == whole
    assert all(0 < units(part) <= limit for part in parts)


def test_one_character_longer_than_the_limit_is_cut_all_the_same() -> None:
    assert [len(part) for part in html.split("e" + "\u0301" * 9, 4)] == [4, 4, 2]


def test_an_emoji_on_the_cut_goes_to_the_next_part_whole() -> None:
    assert html.split("a" * (LIMIT - 1) + "😀") == ["a" * (LIMIT - 1), "😀"]


def test_a_limit_below_one_character_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        html.split("a", 1)


@pytest.mark.parametrize("pattern", ["\u0301", "🇻🇳", "1.2.@/"])
def test_a_megabyte_is_cut_and_made_harmless_in_a_moment(pattern: str) -> None:
    megabyte = pattern * (1_000_000 // len(pattern))
    started = time.perf_counter()
    assert "".join(html.split(text.harmless(megabyte[: len(megabyte) // 4])))[0] == pattern[0]
    assert len(html.split(megabyte)) >= 244
    assert time.perf_counter() - started < 10  # a quadratic one takes hours


@given(original=HOSTILE | HOSTILE.map(lambda t: 30 * t))
def test_any_text_becomes_messages_that_telegram_takes(original: str) -> None:
    parts = html.text_parts(original)
    assert all(checked(part) == [] for part in parts)
    if len(parts) == 1:
        assert letters(parts[0].plain) == letters(printable(original))


def test_text_with_nothing_to_see_is_no_message() -> None:
    assert html.text_parts(" \n\u200b\u2060\u2800") == []


def test_in_our_own_words_commands_can_be_tapped() -> None:
    assert html.own_parts("Gõ /help & xem") == [Part("Gõ /help &amp; xem", "Gõ /help & xem")]
    assert html.text_parts("Gõ /help")[0].plain == f"Gõ /{JOINER}help"


# Answers


def test_an_answer_stands_above_its_sources() -> None:
    (part,) = html.answer_parts(Snapshot.of(answered("Trong may cay?", "Trồng mấy cây?")), "vi")
    assert part.html == (
        "<i>Hiểu là: Trồng mấy cây?</i>\n"
        "Huyện đã trồng <b>14.500 cây xanh</b> dọc bờ sông [1].\n\n"
        "[1] <b>Sông Lô thêm cây xanh</b> · 26/11/2020 · Báo Vĩnh Phúc\n"
        "<blockquote expandable>Huyện đã trồng <b>14.500 cây xanh</b> dọc bờ sông.</blockquote>"
    )


def test_a_refusal_stands_above_what_is_nearest() -> None:
    (part,) = html.answer_parts(Snapshot.of(refused("Giá vàng?")), "vi")
    lines = part.plain.split("\n")
    assert lines[:3] == [say("vi", "answer.not_found"), say("vi", "answer.nearest"), ""]
    assert lines[3].startswith("[1] Chợ")
    assert lines[5] == "[2] Sông Lô thêm cây xanh · 26/11/2020 · Báo Vĩnh Phúc"
    assert lines[6] == RIVER_QUOTE
    checked(part)


def test_a_refusal_with_nothing_near_is_one_line() -> None:
    bare = Snapshot.of(answer("?", [], status="not_found"))
    assert [part.html for part in html.answer_parts(bare, "en")] == [unescape(say("en", "answer.not_found"))]


def test_each_line_of_an_answer_is_a_line_with_its_own_words_in_bold() -> None:
    shown = snapshot(["Trồng 9 cây.", "Còn 4 cây."], text="A: Trồng 9 cây. [1]\nB: Còn 4 cây. [2]", spans=[(0, 4)])
    (part,) = html.answer_parts(shown, "vi")
    assert part.html.startswith("A: <b>Trồn</b>g 9 cây. [1]\nB: <b>Còn </b>4 cây. [2]\n\n")
    checked(part)


@pytest.mark.parametrize(("language", "told"), [("vi", "cũng có trong 2 bài khác"), ("en", "also in 2 more")])
def test_a_source_says_in_how_many_other_articles_the_same_stands(language: Language, told: str) -> None:
    cited = dataclasses.replace(RIVER_CITATION, also_in=("a.txt", "b.txt"))
    shown = Snapshot.of(answer("?", [RIVER_PASSAGE], text="x [1]", citations=[cited]))
    for (part,) in (html.answer_parts(shown, language), html.sources_parts(shown, language)):
        assert f"<b>Sông Lô thêm cây xanh</b> · 26/11/2020 · Báo Vĩnh Phúc · {told}\n" in part.html


def test_a_question_that_is_not_clear_is_asked_back_and_nothing_is_near() -> None:
    unclear = Snapshot.of(dataclasses.replace(refused("Ở đó có gì?"), unclear=True))
    assert unclear.sources == ()
    assert [part.plain for part in html.answer_parts(unclear, "vi")] == [say("vi", "answer.unclear")]


@pytest.mark.parametrize("typed", ["sông  lô Ở đâu", "so\u0302ng lo\u0302 ở đâu ", "Sông Lô, ở đâu?!"])
def test_a_question_that_was_understood_as_typed_is_not_repeated(typed: str) -> None:
    assert "Hiểu là" not in html.answer_parts(Snapshot.of(answered(typed, "Sông Lô ở đâu")), "vi")[0].plain


@given(
    quotes=st.lists(HOSTILE.filter(bool) | HOSTILE.filter(bool).map(lambda t: 40 * t), max_size=4),
    said=HOSTILE | HOSTILE.map(lambda t: 60 * t),
    title=HOSTILE | HOSTILE.map(lambda t: 20 * t),
    spans=SPANS,
)
@settings(max_examples=40)
def test_whatever_articles_and_people_say_telegram_takes_the_answer(
    quotes: list[str], said: str, title: str, spans: list[tuple[int, int]]
) -> None:
    shown = snapshot(quotes, text=said, understood=title, title=title, spans=spans, source=said)
    for part in (
        *html.answer_parts(shown, "vi"),
        *html.sources_parts(shown, "vi"),
        *html.why_parts(
            dataclasses.replace(shown, reasons=(Reason(title, 1.0, 2.0),), steps=(Step("completed", said, title),)),
            "en",
        ),
        *(html.quote_part(source, "en") for source in shown.sources),
        *(html.quoted(source) for source in shown.sources),
    ):
        checked(part)


def test_the_words_that_answer_are_bold_where_a_quote_over_lines_is_said() -> None:
    quote = "Giờ mở cửa:\n\n7 giờ  đến 11 giờ"
    shown = snapshot([quote], text="Giờ mở cửa: – 7 giờ đến 11 giờ [1]", spans=[(13, 18), (24, 30)])
    (part,) = html.answer_parts(shown, "vi")
    assert part.html.startswith("Giờ mở cửa: – <b>7 giờ</b> đến <b>11 giờ</b> [1]\n")
    assert "<blockquote expandable>Giờ mở cửa: – <b>7 giờ</b>  đến <b>11 giờ</b></blockquote>" in part.html


def test_the_words_that_answer_are_bold_in_an_excerpt_of_a_quote_too() -> None:
    quote = "Sáng nay, huyện đã trồng 14.500 cây xanh, và mai sẽ trồng tiếp."
    place = quote.index("14.500")
    shown = snapshot(
        [quote, "Cây đẹp."], text="…huyện đã trồng 14.500 cây xanh… [1] Cây đẹp. [2]", spans=[(place, place + 6)]
    )
    (part,) = html.answer_parts(shown, "vi")
    assert part.html.startswith("…huyện đã trồng <b>14.500</b> cây xanh… [1] Cây đẹp. [2]\n")


def test_an_answer_in_other_words_has_nothing_bold_in_it() -> None:
    (part,) = html.answer_parts(snapshot(["Một hai ba."], text="Bốn năm [1].", spans=[(0, 3)]), "vi")
    assert part.html.startswith("Bốn năm [1].\n")


@pytest.mark.parametrize("length", [10, 1000, 1800, 1900, 5000])
def test_long_quotes_are_shortened_so_that_the_answer_is_one_message(length: int) -> None:
    long, short = "một hai 😀 " * (length // 10), "Câu ngắn."
    (part,) = html.answer_parts(snapshot([long, short, long], text="Đúng [1][2][3]."), "vi")
    quotes = inside(checked(part), "blockquote")
    assert quotes[1] == short
    whole = quotes[0] == quotes[2] == long.strip()
    assert whole or all(quote.endswith(("một…", "hai…", "😀…")) for quote in (quotes[0], quotes[2]))
    assert whole == (length <= 1800)
    assert units(part.plain) > LIMIT - 50 or whole


def test_a_message_of_just_the_limit_is_left_whole() -> None:
    def shown(length: int) -> list[Part]:
        return html.answer_parts(snapshot(["b" * length], text="Đúng [1]."), "vi")

    rest = units(shown(1)[0].plain) - 1
    assert [units(part.plain) for part in shown(LIMIT - rest)] == [LIMIT]
    assert shown(LIMIT - rest + 1)[0].plain.endswith("b…")


def test_quotes_go_before_an_answer_is_cut() -> None:
    text = "một hai ba bốn. " * 254 + "[1]"
    (part,) = html.answer_parts(snapshot(["Câu trích."], text=text), "vi")
    assert inside(checked(part), "blockquote") == []
    assert part.plain.startswith(text)
    assert "[1] T · 26/11/2020 · S" in part.plain


def test_an_answer_too_long_for_one_message_loses_nothing() -> None:
    text = "một hai ba bốn. " * 600 + "[1]"
    parts = html.answer_parts(snapshot([text[:15]], text=text), "vi")
    assert len(parts) == 3
    assert "".join(part.plain for part in parts).startswith(text)
    for part in parts:
        checked(part)


def test_marks_beyond_what_telegram_reads_are_left_out_before_quotes_and_titles() -> None:
    spans = [(at, at + 1) for at in range(0, 300, 2)]
    (part,) = html.answer_parts(snapshot(["a" * 400], text="Đúng [1].", spans=spans), "vi")
    entities = checked(part)
    assert len(entities) == 100
    assert inside(entities, "blockquote") == ["a" * 400]
    assert inside(entities, "b")[0] == "T"


def test_sources_keep_their_whole_quotes_in_several_messages() -> None:
    quotes = [f"{n} " + "một hai ba " * 300 for n in range(4)]
    parts = html.sources_parts(snapshot(quotes, text="Đúng [1]."), "en")
    shown = [quote for part in parts for quote in inside(checked(part), "blockquote")]
    assert shown == [quote.strip() for quote in quotes]
    assert parts[0].plain.startswith("Sources\n[1] T")


def test_sources_of_an_answer_without_any_say_so() -> None:
    bare = Snapshot.of(answer("?", [], status="not_found"))
    assert html.sources_parts(bare, "vi")[0].plain == say("vi", "telegram.no_sources")


def test_the_reasons_of_an_answer_are_told_in_words() -> None:
    (part,) = html.why_parts(Snapshot.of(answered("Trong may cay?", "Trồng mấy cây?")), "en")
    assert part.plain.split("\n") == [
        "Understood as: Trồng mấy cây?",
        "Confidence: 93%",
        "",
        "Reason (Value · Weight)",
        "• sentence close in meaning: 0.850 · +2.500",
        "• home-made: 0.667 · -1.250",
        "",
        "Article (Dense · Words · Score)",
        "1. Sông Lô thêm cây xanh: 0.850 · 7.25 · 0.900",
        f"2. {printable(HOSTILE_TITLE)}: 0.840 · 6.25 · 0.800",
    ]


def test_the_steps_of_understanding_stand_above_the_reasons() -> None:
    steps = (Step("restored", "song lo", "sông Lô"), Step("expected", "", "number"))
    shown = dataclasses.replace(Snapshot.of(answered("song lo")), steps=steps)
    (part,) = html.why_parts(Snapshot.from_json(shown.to_json()), "en")
    assert part.plain.split("\n")[2:7] == [
        "", "Understood", "• diacritics restored: sông Lô", "• looking for: a number", "",
    ]  # fmt: skip


# Passages


def test_a_passage_stands_in_its_article_with_the_quote_in_bold() -> None:
    part = html.passage_part(RIVER_PASSAGE, RIVER_CITATION, "vi", 2, 5)
    assert part.html.startswith(
        "<b>Sông Lô thêm cây xanh</b>\n26/11/2020 · Hà Trần · Báo Vĩnh Phúc\n<blockquote>Sông Lô thêm cây xanh\n"
    )
    assert "\n<b>Huyện đã trồng <u>14.500 cây xanh</u> dọc bờ sông.</b> Mỗi thôn" in part.html
    assert part.html.endswith('</blockquote>\nĐoạn 2/5 · <a href="https://example.vn/song-lo">Bài gốc</a>')
    checked(part)


def test_a_hostile_passage_is_shown_as_text() -> None:
    part = html.passage_part(MARKET_PASSAGE, MARKET_CITATION, "vi", 1, 1)
    assert checked(part)
    assert "http:\u2060//x]rau" in part.plain


def test_an_ellipsis_stands_where_a_line_of_the_article_goes_on() -> None:
    long = article("một hai ba. " * 200)
    part = html.passage_part(stored(long, 1200, 1212), None, "en", 2, 2)
    (shown,) = inside(checked(part), "blockquote")
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert "…" not in html.passage_part(RIVER_PASSAGE, None, "vi", 1, 1).plain


@given(
    before=HOSTILE.map(lambda t: 20 * t),
    left=st.integers(0, 4000),
    right=st.integers(0, 4000),
    quote=st.text(st.sampled_from("aệ 😀"), min_size=1, max_size=400).filter(str.strip),
    spans=SPANS,
)
@settings(max_examples=60)
def test_a_passage_fits_one_message_with_its_quote_in_sight(
    before: str, left: int, right: int, quote: str, spans: list[tuple[int, int]]
) -> None:
    passage = ("bốn năm " * 500)[:left] + quote + (" sáu bảy\n" * 500)[:right]
    whole = f"{before} {passage} {before}"
    start = len(before) + 1
    found = stored(article(whole, title=before), start, start + len(passage))
    cited = citation(found, passage, marks=spans)
    place = start + left
    cited = dataclasses.replace(cited, quote=quote, start=place, end=place + len(quote))
    part = html.passage_part(found, cited, "vi", 1, 1)
    entities = checked(part)
    assert " ".join(quote.split()) in " ".join(part.plain.split())
    assert " ".join("".join(inside(entities, "b")).split()).endswith(" ".join(quote.split()))
    assert "Bài gốc" in inside(entities, "a")


@given(left=st.integers(0, 6000), right=st.integers(0, 6000))
@settings(max_examples=30)
def test_a_long_passage_loses_the_ends_that_are_far_from_the_quote(left: int, right: int) -> None:
    words = [f"t{n}" for n in range(left)], [f"s{n}" for n in range(right)]
    passage = " ".join([*words[0], "CÂU TRÍCH", *words[1]])
    found = stored(article(passage), 0, len(passage))
    (shown,) = inside(checked(html.passage_part(found, citation(found, "CÂU TRÍCH"), "vi", 1, 1)), "blockquote")
    seen = shown.removeprefix("… ").removesuffix(" …")
    assert f" {seen} " in f" {passage} "
    assert "CÂU TRÍCH" in seen
    assert seen == passage or units(shown) > LIMIT - 200


def test_the_lines_around_go_before_the_passage_does() -> None:
    passage = "một hai ba " * 350
    around = "quanh đây\n" * 20
    whole = f"{around}\n{passage.strip()}\n{around}"
    found = stored(article(whole), len(around) + 1, len(around) + 1 + len(passage.strip()))
    (shown,) = inside(checked(html.passage_part(found, None, "vi", 1, 1)), "blockquote")
    assert passage.strip() in shown
    assert "quanh đây" in shown
    assert not shown.startswith(around)


def test_a_quote_longer_than_a_message_is_shown_from_its_beginning() -> None:
    passage = "đầu " + "một hai ba " * 600
    found = stored(article(passage), 0, len(passage))
    part = html.passage_part(found, citation(found, passage[4:]), "vi", 1, 1)
    (shown,) = inside(checked(part), "blockquote")
    assert shown.startswith("… một hai")
    assert shown.endswith(("một …", "hai …", "ba …"))
    assert units(part.plain) > LIMIT - 50


def test_a_citation_of_what_the_article_no_longer_says_marks_nothing() -> None:
    stale = dataclasses.replace(RIVER_CITATION, start=RIVER_CITATION.start + 1, end=RIVER_CITATION.end + 1)
    entities = checked(html.passage_part(RIVER_PASSAGE, stale, "vi", 1, 1))
    assert inside(entities, "b") == [RIVER.title]


@given(
    whole=st.text(st.sampled_from("ab 😀\n"), max_size=60), places=st.tuples(*[st.integers(0, 60)] * 4),
    room=st.integers(2, 70),
)  # fmt: skip
def test_a_window_keeps_to_its_room_and_holds_what_is_kept(
    whole: str, places: tuple[int, int, int, int], room: int
) -> None:
    first, start, end, last = sorted(min(place, len(whole)) for place in places)
    low, high = windows.around(whole, (start, end), (first, last), room)
    assert first <= low <= high <= last
    assert units(whole[low:high]) <= room
    if start < end and units(whole[start:end]) <= room:
        assert low <= start
        assert end <= high
    else:
        assert low == start


def test_a_quote_whose_article_changed_is_shown_as_it_was() -> None:
    part = html.quote_part(RIVER_CITATION, "vi")
    assert part.plain.split("\n") == [
        say("vi", "telegram.article_changed"),
        "Sông Lô thêm cây xanh · 26/11/2020 · Hà Trần · Báo Vĩnh Phúc",
        RIVER_QUOTE,
    ]
    assert inside(checked(part), "b")[-1] == "14.500 cây xanh"


def test_a_source_stands_by_itself() -> None:
    assert html.quoted(RIVER_CITATION).html == (
        "<b>Sông Lô thêm cây xanh</b> · 26/11/2020 · Hà Trần · Báo Vĩnh Phúc\n"
        "<blockquote>Huyện đã trồng <b>14.500 cây xanh</b> dọc bờ sông.</blockquote>"
    )


def test_an_article_without_a_title_is_known_by_its_file_name() -> None:
    nameless = article(title=None, published=date(2024, 2, 1), source=None)
    assert html.article_line(nameless).plain == f"song-lo.{JOINER}txt · 01/02/2024 · Hà Trần"


@given(question=HOSTILE | HOSTILE.map(lambda t: 30 * t), length=st.integers(1, LIMIT))
def test_a_question_above_its_answer_takes_only_the_room_there_is(question: str, length: int) -> None:
    assume(text.shows(question))
    (below,) = html.text_parts("b" * length)
    part = html.above(question, below)
    assert checked(part) == []
    assert part.plain.endswith(below.plain)
    assert part.plain.startswith("❓ ") or length > LIMIT - 100


# Addresses


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://example.vn/a?b=1&c=%20#d", "https://example.vn/a?b=1&c=%20#d"),
        ("HTTP://Báo.example.vn/", None),
        ("http://example.vn:8080", "http://example.vn:8080"),
        ('https://example.vn/bài "viết"', None),
        ("https://example.vn/bài-'viết'\"<b>", "https://example.vn/b%C3%A0i-'vi%E1%BA%BFt'%22%3Cb%3E"),
        ("https://user@example.vn/", None),
        ("https://localhost/a", None),
        ("javascript:alert(1)", None),
        ("tg://resolve?domain=x", None),
        ("file:///etc/passwd", None),
        ("https://example.vn/\u202e", None),
        ("https://example.vn/" + "a" * 3000, None),
        ("https://exampleſ.vn", None),
        ("", None),
        (None, None),
    ],
)
def test_only_addresses_of_the_web_become_links(url: str | None, address: str | None) -> None:
    assert text.web_address(url) == address
    linked = dataclasses.replace(RIVER, url=url)
    found = stored(linked, RIVER_PASSAGE.passage.start, RIVER_PASSAGE.passage.end)
    entities = checked(html.passage_part(found, None, "vi", 1, 1))
    shown = [unescape(argument) for tag, argument, _ in entities if tag == "a"]
    assert shown == ([f'href="{address}"'] if address else [])


# Text with marks


@given(
    whole=st.text(st.sampled_from("a\n \t<&é/@.x"), max_size=40), start=st.integers(0, 40), length=st.integers(0, 40),
    within=st.tuples(st.integers(0, 9), st.integers(0, 9)),
)  # fmt: skip
def test_marks_stay_on_their_words_when_the_text_around_them_changes(
    whole: str, start: int, length: int, within: tuple[int, int]
) -> None:
    outer = whole[start : start + length]
    low, high = sorted(within)
    inner = outer[low:high]
    marked = Styled(whole).marked([(start, start + length)], BOLD)
    marked = marked.marked([(start + low, start + min(high, length))], UNDERLINE)
    for changed in (marked, marked.respaced(" – "), marked.respaced("\n", " "), marked.safe()):
        shown, entities = read(part_of(changed).html)
        assert letters(shown) == letters(whole)
        for tag, words in (("b", outer), ("u", inner)):
            assert letters("".join(inside(entities, tag))) == letters(words)


def letters(shown: str) -> str:
    """What is left when the text around is changed."""
    return "".join(re.sub(f"[–{JOINER}]", "", shown).split())


def test_citations_are_read_alike_with_and_without_a_row() -> None:
    shown = Snapshot.of(answered("?"))
    assert html.answer_parts(Snapshot.from_json(shown.to_json()), "vi") == html.answer_parts(shown, "vi")
