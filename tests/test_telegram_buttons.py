"""Buttons: what was signed is read, and nothing else is."""

from __future__ import annotations

import base64
import dataclasses
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import InlineKeyboardMarkup
from telegram.constants import InlineKeyboardButtonLimit

from qa_bot.telegram import keyboards
from qa_bot.telegram.buttons import HERE, Action, ButtonError, ButtonExpired, ButtonForged, Press, Signer
from qa_bot.telegram.keyboards import Keyboards
from qa_bot.telegram.text import units
from qa_bot.telegram.threads import Snapshot
from tests.samples import RIVER, RIVER_CITATION, answer, answered, article, refused

CHAT = -1001234567890
NOW = 1_700_000_000.0
SECRET = b"s" * 32
PRESSES = st.builds(
    Press,
    st.sampled_from(Action),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**16 - 1) | st.just(HERE),
)
ENCODED = st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
CHATS = st.integers(-(2**63), 2**63 - 1)


def clock(seconds: float = NOW) -> Callable[[], float]:
    return lambda: seconds


SIGNER = Signer(SECRET, clock())
BUTTONS = Keyboards(SIGNER, 3600)
HEX_RIVER = dataclasses.replace(RIVER, id="00ff00ff00ff00ff")


def pressed(keyboard: InlineKeyboardMarkup | None) -> list[list[tuple[str, Press | str]]]:
    """Each button's text, and the press or the address behind it."""
    assert keyboard is not None
    return [
        [(b.text, b.url or SIGNER.read(str(b.callback_data), CHAT)) for b in row] for row in keyboard.inline_keyboard
    ]


@given(press=PRESSES, chat_id=CHATS, lifetime=st.floats(0, 1e12))
def test_a_press_is_read_as_it_was_signed(press: Press, chat_id: int, lifetime: float) -> None:
    data = SIGNER.sign(press, chat_id, lifetime)
    assert len(data.encode()) <= InlineKeyboardButtonLimit.MAX_CALLBACK_DATA
    assert SIGNER.read(data, chat_id) == press


@given(press=PRESSES, at=st.integers(0, 35), other=st.characters())
def test_any_changed_character_is_a_forgery(press: Press, at: int, other: str) -> None:
    data = SIGNER.sign(press, CHAT, 60)
    changed = data[:at] + other + data[at + 1 :]
    if changed != data:
        with pytest.raises(ButtonForged, match="ours"):
            SIGNER.read(changed, CHAT)


@given(press=PRESSES, chat_id=CHATS.filter(lambda chat: chat != CHAT))
def test_a_button_works_in_its_own_chat_only(press: Press, chat_id: int) -> None:
    with pytest.raises(ButtonForged, match="not for this chat"):
        SIGNER.read(SIGNER.sign(press, CHAT, 60), chat_id)


@given(secret=st.binary(max_size=40).filter(lambda secret: secret.rstrip(b"\0") != SECRET))
def test_a_button_of_another_secret_is_a_forgery(secret: bytes) -> None:
    with pytest.raises(ButtonForged, match="not ours"):
        SIGNER.read(Signer(secret, clock()).sign(Press(Action.OPEN, 7), CHAT, 60), CHAT)


@pytest.mark.parametrize("lifetime", [0.0, 0.5, 60.0, 2_592_000.0])
def test_a_button_expires_after_its_lifetime(lifetime: float) -> None:
    data = SIGNER.sign(Press(Action.OPEN, 7, 1), CHAT, lifetime)
    assert Signer(SECRET, clock(NOW + lifetime)).read(data, CHAT) == Press(Action.OPEN, 7, 1)
    with pytest.raises(ButtonExpired, match="too old"):
        Signer(SECRET, clock(NOW + lifetime + 1)).read(data, CHAT)


@given(data=st.text(st.characters(exclude_categories=()), max_size=80) | ENCODED)
def test_whatever_comes_is_a_forgery_and_no_other_error(data: str) -> None:
    with pytest.raises(ButtonForged, match="ours"):
        SIGNER.read(data, CHAT)


@pytest.mark.parametrize("data", ["", "a", "a" * 35, "a" * 36 + "\n", "a" * 4096, "ă" * 36, "=" * 36, "a" * 35 + "="])
def test_data_of_another_shape_is_a_forgery(data: str) -> None:
    with pytest.raises(ButtonError, match="no data of a button"):
        SIGNER.read(data, CHAT)


def test_a_signed_action_that_nobody_knows_is_no_button() -> None:
    newer = Press(Action.OPEN, 7)
    object.__setattr__(newer, "action", 200)
    with pytest.raises(ButtonForged, match="no button does 200"):
        SIGNER.read(SIGNER.sign(newer, CHAT, 60), CHAT)


def test_numbers_that_do_not_fit_are_a_mistake_of_ours() -> None:
    with pytest.raises(struct.error, match="format requires"):
        SIGNER.sign(Press(Action.OPEN, 7, 2**16), CHAT, 60)


# Keyboards


def test_an_answer_has_the_numbers_of_its_sources_above_the_votes() -> None:
    assert pressed(BUTTONS.answer(CHAT, 7, Snapshot.of(answered("?")), "vi")) == [
        [("1", Press(Action.OPEN, 7, 1))],
        [("👍", Press(Action.VOTE, 7, 1)), ("👎", Press(Action.VOTE, 7, 2))],
    ]


def test_a_refusal_opens_what_is_nearest() -> None:
    keyboard = pressed(BUTTONS.answer(CHAT, 7, Snapshot.of(refused("?")), "vi"))
    assert keyboard[0] == [("1", Press(Action.OPEN, 7, 1)), ("2", Press(Action.OPEN, 7, 2))]


def test_an_answer_without_sources_can_be_voted_on() -> None:
    keyboard = BUTTONS.answer(CHAT, 7, Snapshot.of(answer("?", [], status="not_found")), "en")
    assert [[text for text, _ in row] for row in pressed(keyboard)] == [["👍", "👎"]]


@pytest.mark.parametrize("count", [8, 9, 20, 300])
def test_rows_and_keyboards_are_no_longer_than_telegram_shows(count: int) -> None:
    sources = tuple(dataclasses.replace(RIVER_CITATION, n=n) for n in range(1, count + 1))
    shown = dataclasses.replace(Snapshot.of(answered("?")), sources=sources)
    keyboard = pressed(BUTTONS.answer(CHAT, 7, shown, "vi"))
    assert all(len(row) <= 8 for row in keyboard)
    assert sum(len(row) for row in keyboard) == min(count, 98) + 2


@pytest.mark.parametrize(("page", "turns"), [(0, ["▶"]), (1, ["◀", "▶"]), (2, ["◀"])])
def test_pages_turn_as_far_as_there_are_pages(page: int, turns: list[str]) -> None:
    keyboard = BUTTONS.passage(CHAT, Press(Action.OPEN, 7, 1), page, 3, "https://example.vn/a", "vi")
    pages = {"◀": Press(Action.OPEN, 7, 1, page - 1), "▶": Press(Action.OPEN, 7, 1, page + 1)}
    assert pressed(keyboard) == [[(sign, pages[sign]) for sign in turns], [("Bài gốc", "https://example.vn/a")]]


def test_a_passage_that_leads_nowhere_has_no_buttons() -> None:
    base = Press(Action.ARTICLE, 7)
    assert BUTTONS.passage(CHAT, base, 0, 1, None, "vi") is None
    assert BUTTONS.passage(CHAT, base, 0, 1, "javascript:alert(1)", "vi") is None
    assert pressed(BUTTONS.passage(CHAT, base, 0, 1, "http://example.vn", "en")) == [
        [("Original", "http://example.vn")]
    ]


def test_examples_stand_below_each_other_with_their_stored_numbers() -> None:
    long = "Ai là người viết bài về Sông Lô, và bài ấy đã được đăng vào ngày tháng năm nào?"
    keyboard = pressed(BUTTONS.examples(CHAT, [(3, "Sông Lô ở đâu?"), (4, long)]))
    assert keyboard[0] == [("Sông Lô ở đâu?", Press(Action.EXAMPLE, 3))]
    ((label, press),) = keyboard[1]
    assert press == Press(Action.EXAMPLE, 4)
    assert label.endswith("…")
    assert long.startswith(label[:-1] + " ")


def test_articles_are_chosen_by_their_titles() -> None:
    keyboard = pressed(BUTTONS.articles(CHAT, [HEX_RIVER] * 20, Action.ARTICLE))
    assert keyboard == [[("Sông Lô thêm cây xanh", Press(Action.ARTICLE, 0x00FF00FF00FF00FF))]] * 8


def test_a_question_is_confirmed_or_left() -> None:
    yes, no = Press(Action.ADD, 1), Press(Action.CANCEL, 1)
    assert pressed(BUTTONS.confirm(CHAT, yes, no, "Thêm", "Thôi")) == [[("Thêm", yes), ("Thôi", no)]]
    assert pressed(BUTTONS.one(CHAT, Press(Action.UNDO, 9), "Hoàn tác")) == [[("Hoàn tác", Press(Action.UNDO, 9))]]


@given(text=st.text(st.characters(exclude_categories=()), max_size=90))
def test_a_label_is_one_short_line_and_never_empty(text: str) -> None:
    label = keyboards.label(text)
    assert 1 <= units(label) <= 60
    assert "\n" not in label
    assert label.strip()
    assert label.encode()


def test_a_title_of_nothing_visible_still_makes_a_button() -> None:
    blank = dataclasses.replace(article(title="\u200b"), id="1")
    assert pressed(BUTTONS.articles(CHAT, [blank], Action.REMOVE_ASK)) == [[("…", Press(Action.REMOVE_ASK, 1))]]
