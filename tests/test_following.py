"""A question that leans on the one before it is completed from it; one that stands alone is never touched."""

from __future__ import annotations

import re
import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.lexicon import shipped_file
from embeddings.vietnamese import fold
from qa_bot.understanding.following import FollowWords, complete

DATA = tomllib.loads(shipped_file().read_text("utf-8"))
WORDS = FollowWords.of(DATA["following"], DATA["questions"]["family_names"])
PLACES = ["Hải Hậu", "Bình Liêu", "Sông Lô", "Mèo Vạc", "Bảo Thắng", "Giao Thủy", "Hải Phú", "Hải Anh", "Hoành Mô",
"Trung Quốc"]  # fmt: skip
PEOPLE = ["Hầu Minh Lợi", "Nguyễn Văn An"]
NAMES = re.compile(r"\b(?:" + "|".join(fold(name).casefold() for name in [*PLACES, *PEOPLE]) + r")\b")

MEMBERS = "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?"
CONGRESS = "Đại hội Đảng bộ huyện Bảo Thắng nhiệm kỳ 2020-2025 là đại hội lần thứ mấy?"
AUTHOR = "Ai là tác giả bài viết về vai trò lãnh đạo ở các Đảng ủy cơ sở huyện Mèo Vạc?"
SPOKE = "Nhiệm kỳ 2020-2025 ở Bảo Thắng, ai truyền đạt nghị quyết cho cán bộ chủ chốt cấp huyện?"
PICTURE = "Bức ảnh trong bài về Sông Lô cho thấy bí thư chi bộ thôn nào đang vận động người dân?"
GATE = "Cửa khẩu nào phía Trung Quốc ghép cặp với cửa khẩu Hoành Mô của Bình Liêu?"
HEAD = "Trưởng Ban Tuyên giáo Huyện ủy Bình Liêu tên gì?"
SECRETARY = "Bí thư Huyện ủy Mèo Vạc là ai?"
POST = "Hầu Minh Lợi giữ chức vụ gì?"
TREES = "Năm 2020 xã Hải Phú huyện Hải Hậu trồng bao nhiêu cây?"
POOR = "Tỷ lệ hộ nghèo của Hải Hậu là bao nhiêu?"
ARTICLE = "Bài về Sông Lô đăng ngày nào?"
COUNTRY = "Cả nước có bao nhiêu tỉnh?"
ENGLISH = "How many party members does Hai Hau have?"


def named(text: str) -> list[tuple[int, int]]:
    """Names from a list, with or without diacritics, where folding keeps every letter in its place."""
    folded = fold(text).casefold()
    return [match.span() for match in NAMES.finditer(folded)] if len(folded) == len(text) else []


FOLLOWING = [
    (MEMBERS, "Còn Bình Liêu thì sao?", "swapped", "Đảng bộ huyện Bình Liêu có bao nhiêu đảng viên?"),
    (MEMBERS, "Thế còn của Bình Liêu?", "swapped", "Đảng bộ huyện Bình Liêu có bao nhiêu đảng viên?"),
    (MEMBERS, "Vậy ở Sông Lô?", "swapped", "Đảng bộ huyện Sông Lô có bao nhiêu đảng viên?"),
    (MEMBERS, "Bình Liêu thì sao", "swapped", "Đảng bộ huyện Bình Liêu có bao nhiêu đảng viên?"),
    (MEMBERS, "Bình Liêu?", "swapped", "Đảng bộ huyện Bình Liêu có bao nhiêu đảng viên?"),
    (MEMBERS, "Bình Liêu bao nhiêu?", "swapped", "Đảng bộ huyện Bình Liêu có bao nhiêu đảng viên?"),
    (ENGLISH, "what about Binh Lieu?", "swapped", "How many party members does Binh Lieu have?"),
    (ENGLISH, "And in Song Lo?", "swapped", "How many party members does Song Lo have?"),
    (CONGRESS, "Thế còn của Bình Liêu?", "swapped", CONGRESS.replace("Bảo Thắng", "Bình Liêu")),
    (TREES, "còn năm 2019?", "swapped", TREES.replace("2020", "2019")),
    (TREES, "Còn Bình Liêu năm 2019?", "swapped", "Năm 2019 xã Hải Phú huyện Bình Liêu trồng bao nhiêu cây?"),
    (TREES, "còn xã Hải Anh?", "swapped", TREES.replace("Hải Phú", "Hải Anh")),
    (TREES, "còn huyện Giao Thủy?", "swapped", TREES.replace("Hải Hậu", "Giao Thủy")),
    (POST, "Còn Nguyễn Văn An?", "swapped", "Nguyễn Văn An giữ chức vụ gì?"),
    (SPOKE, "Còn ở cấp xã thì ai làm?", "swapped", SPOKE.replace("cấp huyện", "cấp xã")),
    (POOR, "còn tỷ lệ hộ cận nghèo?", "swapped", "Tỷ lệ hộ cận nghèo của Hải Hậu là bao nhiêu?"),
    (HEAD, "Vậy ở Hải Hậu, chức đó ai giữ?", "swapped", HEAD.replace("Bình Liêu", "Hải Hậu")),
    (MEMBERS, "Còn năm 2019?", "joined", "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên năm 2019?"),
    (MEMBERS, "thế còn tỷ lệ hộ nghèo?", "joined", "tỷ lệ hộ nghèo huyện Hải Hậu?"),
    (MEMBERS, "thế còn tỷ lệ hộ nghèo là bao nhiêu?", "joined", "huyện Hải Hậu, tỷ lệ hộ nghèo là bao nhiêu?"),
    (COUNTRY, "Còn Bình Liêu?", "joined", "Bình Liêu, cả nước có bao nhiêu tỉnh?"),
    (MEMBERS, "huyện đó có bao nhiêu xã?", "joined", "huyện Hải Hậu có bao nhiêu xã?"),
    (POOR, "huyện này có bao nhiêu xã?", "joined", "huyện Hải Hậu có bao nhiêu xã?"),
    (MEMBERS, "Ở đó có bao nhiêu chi bộ?", "joined", "Ở huyện Hải Hậu có bao nhiêu chi bộ?"),
    (PICTURE, "Tấm ảnh ấy do ai chụp?", "joined", "Tấm ảnh trong bài về Sông Lô do ai chụp?"),
    (GATE, "Cặp này được công nhận là loại cửa khẩu gì?", "joined",
     "Cặp với cửa khẩu Hoành Mô của Bình Liêu được công nhận là loại cửa khẩu gì?"),
    (HEAD, "chức đó ai giữ từ năm nào?", "joined", "Trưởng Ban Tuyên giáo Huyện ủy Bình Liêu ai giữ từ năm nào?"),
    (ARTICLE, "Bài ấy do ai viết?", "joined", "Bài về Sông Lô do ai viết?"),
    (ARTICLE, "Who wrote it?", "joined", "Who wrote Bài về Sông Lô?"),
    (POST, "Ông ấy quê ở đâu?", "joined", "Hầu Minh Lợi quê ở đâu?"),
    (MEMBERS, "Vì sao?", "joined", "Vì sao Đảng bộ huyện Hải Hậu có đảng viên?"),
    (MEMBERS, "còn nữa không?", "joined", MEMBERS),
    (AUTHOR, "Người này giữ chức vụ gì?", "person", "{} giữ chức vụ gì?"),
    (SECRETARY, "Ông ấy sinh năm nào?", "person", "{} sinh năm nào?"),
    (SECRETARY, "What does he do?", "person", "What does {} do?"),
    (SECRETARY, "What is his job?", "person", "What is {}'s job?"),
    (MEMBERS, "người này là ai?", "unclear", "người này là ai?"),
    ("", "người này là ai?", "unclear", "người này là ai?"),
    ("", "còn nơi đó?", "unclear", "còn nơi đó?"),
    ("", "cái đó bao nhiêu?", "unclear", "cái đó bao nhiêu?"),
    ("", "Huyện đó có bao nhiêu đảng viên?", "unclear", "Huyện đó có bao nhiêu đảng viên?"),
    ("", "còn nữa không?", "unclear", "còn nữa không?"),
    ("", "Còn Bình Liêu thì sao?", "unclear", "Còn Bình Liêu thì sao?"),
]  # fmt: skip

COMPLETE = [
    "Hải Hậu có bao nhiêu đảng viên?", "Còn những hạn chế gì ở Bình Liêu?", "Còn Bình Liêu có bao nhiêu xã?",
    "Bình Liêu ở đâu?",
    "Vậy Hải Hậu có bao nhiêu đảng viên?", "Huyện Hải Hậu có bao nhiêu xã, trong đó bao nhiêu xã đạt chuẩn?",
    "Hầu Minh Lợi là ai?",
    "Thế nào là phương châm 3 rõ?", "Ở Hải Hậu huyện này có bao nhiêu xã?", "Con số nào nói về hộ nghèo ở Hải Hậu?",
    "Con đường nào dài nhất tỉnh Quảng Ninh?", "Giá vàng hôm nay bao nhiêu một lượng?",
    "Đau đầu kéo dài nên uống thuốc gì?",
    "Kể cho tôi nghe một câu chuyện cười đi", "Sông Lô coi trọng điều gì?", "Hộ nghèo ở Bình Liêu còn bao nhiêu?",
    "Huyện ủy Mèo Vạc ban hành Chỉ thị số 07 vào năm nào?", "Vì sao Sông Lô coi trọng tổ chức cơ sở đảng?",
    "Ai viết bài về Sông Lô?",
    "Bức ảnh trong bài về Sông Lô do ai chụp?", "Sau đó Hải Hậu làm gì với các chi bộ yếu?",
    "Hiện nay Hải Hậu có mấy xã nông thôn mới?",
    "Nghị quyết 03-NQ/TU bàn về lĩnh vực gì?", "Who is the Party secretary of Meo Vac district?",
    "Tổng Bí thư Nguyễn Văn An nói gì?",
    "What does the motto in Binh Lieu stand for?", "Nhiệm kỳ 2020-2025 ở Bảo Thắng, ai truyền đạt nghị quyết?",
    "Họ tên bí thư Sông Lô?",
]  # fmt: skip


@pytest.mark.parametrize(("previous", "question", "kind", "text"), FOLLOWING)
def test_a_follow_up_is_completed_from_the_question_before(previous: str, question: str, kind: str, text: str) -> None:
    done = complete(question, previous, named, WORDS)
    assert (done.kind, done.text) == (kind, text)


@pytest.mark.parametrize(("previous", "question", "kind", "text"), FOLLOWING)
def test_without_diacritics_it_is_a_follow_up_of_the_same_kind(
    previous: str, question: str, kind: str, text: str
) -> None:
    done = complete(fold(question).lower(), previous, named, WORDS)
    assert done.kind == kind
    assert fold(done.text).casefold().replace("tam anh", "anh") == fold(text).casefold().replace("tam anh", "anh")


@pytest.mark.parametrize("previous", [MEMBERS, AUTHOR, GATE, SECRETARY, TREES, COUNTRY, ENGLISH, ""])
@pytest.mark.parametrize("question", COMPLETE)
def test_a_complete_question_never_changes(question: str, previous: str) -> None:
    for typed in (question, fold(question)):
        done = complete(typed, previous, named, WORDS)
        assert (done.kind, done.text) == ("alone", typed)


@given(
    new=st.sampled_from(PLACES[:6]), old=st.sampled_from(PLACES[:6]), opener=st.sampled_from(["Còn", "con", "Thế còn"])
)
def test_the_new_name_is_in_and_the_old_one_out(new: str, old: str, opener: str) -> None:
    done = complete(
        f"{opener} {new} thì sao?", f"Huyện {old} có bao nhiêu xã, và Huyện ủy {old} có mấy ban?", named, WORDS
    )
    assert done.kind == "swapped"
    assert done.text.count(new) == 2
    assert new == old or old not in done.text


def test_the_place_for_the_answer_is_there_once_even_where_braces_were_typed() -> None:
    done = complete("Người này {} {0} giữ chức vụ gì?", SECRETARY, named, WORDS)
    assert done.kind == "person"
    assert done.text.count("{") == done.text.count("}") == 1
    assert "Lan" in done.text.format("Lan")
    assert done.antecedent == SECRETARY


_SAMPLE = """còn con thế vậy thì sao huyện xã đó này ấy người ông họ ai bao nhiêu Hải Hậu Bình Liêu năm 2019 2015-2020
    ? , vì it he there đ\u0323 e\u0301 \u200b 🙂 Я {} ảnh bài nữa không and"""
_PIECES = st.lists(st.sampled_from(_SAMPLE.split()), max_size=10).map(" ".join)


@given(question=_PIECES | st.text(max_size=40), previous=_PIECES | st.just(""))
def test_any_two_texts_are_completed_without_an_error(question: str, previous: str) -> None:
    done = complete(question, previous, named, WORDS)
    if done.kind in ("alone", "unclear"):
        assert done.text == question
    if done.kind == "person":
        assert done.text.count("{}") == 1
    if not previous.strip():
        assert done.kind in ("alone", "unclear")


@pytest.mark.parametrize("piece", ["còn Bình Liêu ", "đó ", "huyện đó ", "a", "? ", "Hải Hậu ", "vì sao ", "xã đó xa "])
def test_long_pastes_are_read_in_no_time(piece: str) -> None:
    text = (piece * 4000)[:4000]
    started = time.perf_counter()
    for question, previous in ((text, MEMBERS), (text, text), ("huyện đó thì sao?", text), (piece * 60, text)):
        complete(question, previous, named, WORDS)
    assert time.perf_counter() - started < 2  # 0.1 s at most, measured


def test_a_word_list_that_lacks_something_says_what() -> None:
    with pytest.raises(KeyError, match="openers"):
        FollowWords.of({name: words for name, words in DATA["following"].items() if name != "openers"})
    with pytest.raises(TypeError, match="a list of lists"):
        FollowWords.of({**DATA["following"], "same": "ảnh"})
