"""The Bot API server refuses what Telegram refuses, in Telegram's words."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import bot_api_html
from tests.bot_api_html import CantParse, utf16_length
from tests.bot_api_rules import (
    Limits,
    Refused,
    Windows,
    checked_commands,
    checked_inline_button,
    checked_results,
    checked_toast,
    inline_keyboard,
    message_text,
)

if TYPE_CHECKING:
    from tests.bot_api_html import Json


def _html(text: str) -> Json:
    return {"text": text, "parse_mode": "HTML"}


def _result(identifier: str, text: str = "x") -> Json:
    content = {"message_text": text, "parse_mode": "HTML"}
    return {"type": "article", "id": identifier, "title": "t", "input_message_content": content}


@pytest.mark.parametrize("text", ["x" * 4096, "ệ" * 4096, "😀" * 2048, " " * 9 + "x" * 4096])
def test_a_text_of_4096_utf16_units_passes(text: str) -> None:
    assert utf16_length(message_text({"text": text}).text) == 4096
    assert utf16_length(message_text(_html(f"<b>{text}</b>")).text) == 4096


@pytest.mark.parametrize(
    ("params", "edit", "words"),
    [
        ({}, False, "message text is empty"),
        ({"text": ""}, False, "message text is empty"),
        ({"text": " \n "}, False, "text must be non-empty"),
        (_html("<b></b>"), False, "text must be non-empty"),
        ({"text": "x" * 4097}, False, "message is too long"),
        ({"text": "😀" * 2049}, False, "message is too long"),
        ({"text": "x" * 4097}, True, "MESSAGE_TOO_LONG"),
        (_html("<b></b>" * 4800 + "x"), False, "text is too long"),
        ({"text": "x", "parse_mode": "BBCode"}, False, "unsupported parse_mode"),
        (
            {"text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]},
            False,
            "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 2",
        ),
    ],
)
def test_a_text_is_refused_in_telegrams_words(params: Json, edit: bool, words: str) -> None:
    with pytest.raises(Refused, match=f"^Bad Request: {words}$"):
        message_text(params, edit=edit)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("😀<br>", 'Unsupported start tag "br" at byte offset 4'),
        ("x <b", "Unclosed start tag at byte offset 2"),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ('<a ="x">y</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=x/>y</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b><i>test</b></i>", 'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"'),
        ("<b>unclosed", 'Can\'t find end tag corresponding to start tag "b"'),
        ('<tg-emoji emoji-id="x">y</tg-emoji>', "Invalid custom emoji identifier specified"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "Nested blockquote at byte offset 13"),
        ("&#xDFDF;", "Text contains invalid Unicode characters after decoding HTML entities"),
    ],
)
def test_wrong_html_is_refused_in_telegrams_words(html: str, words: str) -> None:
    with pytest.raises(CantParse) as error:
        bot_api_html.parse(html)
    assert str(error.value).startswith(words)


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("😀<b>Hải</b> Hậu", "😀Hải Hậu", [("bold", 2, 3)]),
        ("<strong><em>a</em>b</strong>", "ab", [("bold", 0, 2), ("italic", 0, 1)]),
        (
            "<u>a</u><s>b</s><tg-spoiler>c</tg-spoiler>",
            "abc",
            [("underline", 0, 1), ("strikethrough", 1, 1), ("spoiler", 2, 1)],
        ),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", 0, 1)]),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("<a href='https://a.vn/?a=1&amp;b=2'>x</a>", "x", [("text_link", 0, 1)]),
        ("<a href='file:///etc'>x</a>", "x", []),
        ("  <b> a </b>  ", "a", [("bold", 0, 1)]),
        ("&lt;b&gt; &amp;amp; &quot;&#39;&#x1F600;", "<b> &amp; \"'😀", []),
        ("AT&T &nbsp;", "AT&T &nbsp;", []),
    ],
)
def test_html_becomes_text_and_entities(html: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    parsed = bot_api_html.parse(html)
    assert parsed.text == text
    assert [(entity["type"], entity["offset"], entity["length"]) for entity in parsed.entities] == entities


@given(st.text())
def test_what_is_escaped_comes_out_as_it_was(text: str) -> None:
    parsed = bot_api_html.parse(escape(text))
    assert parsed.text == text.strip()
    assert parsed.notes == []


@given(st.lists(st.tuples(st.text(), st.sampled_from(["b", "i", "code", "blockquote", None]))))
def test_entities_mark_what_the_tags_enclosed(pieces: list[tuple[str, str | None]]) -> None:
    html = "|" + "".join(f"<{tag}>{escape(text)}</{tag}>" if tag else escape(text) for text, tag in pieces) + "|"
    parsed = bot_api_html.parse(html)
    units = parsed.text.encode("utf-16-le")
    marked = [units[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le") for e in parsed.entities]
    assert marked == [text for text, tag in pieces if tag and text]
    assert parsed.text == "|" + "".join(text for text, _ in pieces) + "|"


def test_what_telegram_mends_in_silence_is_noted() -> None:
    assert message_text(_html("A & B")).notes == ["a bare & at character 2: '& B'"]
    assert "code takes no other formatting" in message_text(_html("<b><code>x</code></b>")).notes[0]
    many = message_text(_html("<b>x</b> " * 101))
    assert many.notes == ["101 entities; Telegram keeps the first 100"]
    assert len(many.entities) == 100


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ({"text": "a", "callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "callback_data": "ệ" * 22}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "callback_data": ""}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": "a"}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": "a", "callback_data": "x", "url": "https://a.vn"}, "Exactly one of the optional fields"),
        ({"text": " ", "callback_data": "x"}, "must be non-empty"),
        ({"callback_data": "x"}, 'Can\'t find field "text"'),
        ({"text": "a", "url": "http://localhost/x"}, "URL 'http://localhost/x' is invalid: Wrong HTTP URL"),
        ({"text": "a", "url": "not-a-url"}, "URL 'not-a-url' is invalid: Wrong HTTP URL"),
        ({"text": "a", "url": "ftp://example.com"}, "URL 'ftp://example.com' is invalid: Unsupported URL protocol"),
        ({"text": "a", "copy_text": {"text": "x" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
    ],
)
def test_a_wrong_button_is_refused(button: Json, words: str) -> None:
    with pytest.raises(Refused, match=words):
        inline_keyboard({"inline_keyboard": [[button]]})


def test_right_buttons_pass() -> None:
    row = [{"text": "a", "callback_data": "x" * 64}, {"text": "b", "url": "https://baohaihau.vn/bài?x=1"}]
    row += [{"text": "c", "url": "tg://user?id=7"}, {"text": "d", "switch_inline_query_current_chat": ""}]
    assert inline_keyboard({"inline_keyboard": [row, []]}) == {"inline_keyboard": [row]}
    assert inline_keyboard({"force_reply": True}) is None
    assert inline_keyboard({"inline_keyboard": []}) is None
    with pytest.raises(Refused, match="reply markup is too long"):
        inline_keyboard({"inline_keyboard": [row[:1]] * 101})


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"command": "Hoi", "description": "x"}, "BOT_COMMAND_INVALID"),
        ({"command": "a" * 33, "description": "x"}, "BOT_COMMAND_INVALID"),
        ({"command": "hoi", "description": ""}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ({"command": "hoi", "description": "x" * 257}, "BOT_COMMAND_DESCRIPTION_INVALID"),
    ],
)
def test_a_wrong_command_is_refused(command: Json, words: str) -> None:
    with pytest.raises(Refused, match=words):
        checked_commands([command])


def test_a_hundred_commands_pass_and_one_more_does_not() -> None:
    commands = [{"command": f"c{n}", "description": "x" * 256} for n in range(101)]
    assert len(checked_commands(commands[:100])) == 100
    with pytest.raises(Refused, match="BOT_COMMANDS_TOO_MUCH"):
        checked_commands(commands)


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ([_result(str(n)) for n in range(51)], "RESULTS_TOO_MUCH"),
        ([_result("a"), _result("a")], "RESULT_ID_DUPLICATE"),
        ([_result("")], "RESULT_ID_INVALID"),
        ([_result("ệ" * 22)], "RESULT_ID_INVALID"),
        ([_result("a", "<b>x")], "can't parse entities"),
        ([_result("a", "x" * 4097)], "message is too long"),
        ([_result("a") | {"title": " "}], "ARTICLE_TITLE_EMPTY"),
        ([{"type": "article", "id": "a", "title": "t"}], "Message content is not specified"),
        ("x", "Expected an Array"),
    ],
)
def test_wrong_inline_results_are_refused(results: object, words: str) -> None:
    assert list(checked_results([_result(str(n)) for n in range(50)])) == []
    with pytest.raises(Refused, match=words):
        checked_results(results)


def test_a_start_parameter_has_1_to_64_plain_characters() -> None:
    checked_inline_button({"text": "Mở", "start_parameter": "a-B_9" + "x" * 59})
    for wrong in ("", "x" * 65, "ệ", "a b"):
        with pytest.raises(Refused, match="START_PARAM_INVALID"):
            checked_inline_button({"text": "Mở", "start_parameter": wrong})


def test_a_toast_is_short_and_leads_to_the_bot_alone() -> None:
    checked_toast({"text": "x" * 200, "url": "https://t.me/hoidap_bot?start=a1"}, "hoidap_bot")
    with pytest.raises(Refused, match="MESSAGE_TOO_LONG"):
        checked_toast({"text": "x" * 201}, "hoidap_bot")
    for wrong in ("https://example.com", "https://t.me/other_bot?start=a", "https://t.me/hoidap_bot?start=" + "x" * 65):
        with pytest.raises(Refused, match="URL_INVALID"):
            checked_toast({"url": wrong}, "hoidap_bot")


@given(
    st.lists(st.tuples(st.sampled_from([1, 2, -3]), st.integers(0, 400)), max_size=120),
    st.integers(1, 3),
    st.integers(2, 5),
)
def test_no_window_holds_more_than_its_limit_and_each_refusal_is_due(
    steps: list[tuple[int, int]], chat_limit: int, overall_limit: int
) -> None:
    """Steps are a chat and milliseconds since the step before; the oracle counts what was taken, all of it."""
    limits = Limits(overall_limit, chat_limit, per_group_minute=6, slack=0.0)
    windows, now = Windows(limits), 0.0
    taken: list[tuple[float, int]] = []
    for chat, pause in steps:
        now += pause / 1000

        def full(seconds: float, limit: int, chat_id: int | None) -> bool:
            return sum(now - at < seconds for at, of in taken if chat_id in (None, of)) >= limit  # noqa: B023

        expected = full(1, overall_limit, None) or full(1, chat_limit, chat) or (chat < 0 and full(60, 6, chat))
        wait = windows.take(chat, now)
        assert (wait > 0) == expected
        if not wait:
            taken.append((now, chat))


def test_the_windows_forget_chats_that_fell_silent() -> None:
    windows = Windows(Limits(per_second=100_000))
    for chat_id in range(20_000):
        assert windows.take(chat_id, chat_id / 50) == 0.0
    assert len(windows._chats) <= 4096
