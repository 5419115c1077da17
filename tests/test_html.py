"""Saved pages become their article's text: in order, each paragraph once, nothing of the page around it."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.articles import extension_of
from embeddings.readers import READERS, Hints, Reading, html
from embeddings.records import Kind
from tests.fakes import ROOT, time_limit
from tests.test_html_metadata import EXPECTED, PAGES, article

FIRST = "Sau hai năm tạm dừng, chợ phiên xã Hòa Lạc họp lại với hơn ba trăm gian hàng của bà con các bản."
LAST = "Người dân mang đến chợ nông sản, thổ cẩm và những món ăn mà khách phương xa vẫn thường hỏi mua."
TITLE = "Xã Hòa Lạc mở lại chợ phiên"


def reading_of(markup: str, charset: str | None = None) -> Reading:
    (reading,) = html.read(markup.encode(), Hints(".html", charset=charset))
    return reading


def lines_of(between: str, after: str = "") -> list[tuple[Kind, str]]:
    """(kind, line) of an article with `between` amid its two paragraphs and `after` below them; headline left out."""
    markup = f"<html><body><div class=a><h1>{TITLE}</h1><p>{FIRST}</p>{between}<p>{LAST}</p>{after}</div></body></html>"
    reading = reading_of(markup)
    assert reading.regions is not None
    return [(region.kind, reading.text[region.start : region.end]) for region in reading.regions][1:]


def amid(between: str) -> list[str]:
    """The lines between the two paragraphs."""
    texts = [text for _, text in lines_of(between)]
    assert (texts[0], texts[-1]) == (FIRST, LAST)
    return texts[1:-1]


def check(reading: Reading) -> None:
    """What holds for every reading: regions in order, apart, inside; clean NFC text; facts without gaps."""
    assert reading.regions is not None
    end = 0
    for region in reading.regions:
        assert end <= region.start < region.end <= len(reading.text)
        assert reading.text[region.start : region.end].strip() == reading.text[region.start : region.end]
        end = region.end
    assert unicodedata.is_normalized("NFC", reading.text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in reading.text)
    assert set(reading.front_matter) <= {"title", "published", "author", "source", "section", "url"}
    assert all(value.strip() == value != "" for value in reading.front_matter.values())


# --- the pages ---


@pytest.mark.parametrize("name", EXPECTED)
def test_a_pages_text_is_its_articles(name: str) -> None:
    text = article(name).text
    assert [part for part in EXPECTED[name]["has"] if part not in f"\n{text}"] == []
    assert [part for part in EXPECTED[name]["hasnt"] if part in text] == []


@pytest.mark.parametrize("name", EXPECTED)
def test_a_pages_lines_stand_once_and_its_regions_are_exact(name: str) -> None:
    reading = article(name)
    check(reading)
    assert reading.regions is not None
    assert sum(region.kind is Kind.TITLE for region in reading.regions) == 1
    lines = [line for line in reading.text.splitlines() if len(line) > 20]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("name", [name for name in EXPECTED if name not in ("only_json", "windows_1258")])
def test_text_does_not_hang_on_the_names_of_classes(name: str) -> None:
    """Without classes, ids and statements for machines the article is still found, and little else."""
    markup = (PAGES / f"{name}.html").read_text("utf-8")
    markup = re.sub(r"(?is)<script.*?</script>|<meta name[^>]*>|<meta prop[^>]*>|<link[^>]*>", "", markup)
    names = r"""\s(?:class|id|itemprop|itemtype|itemscope|data-role|type|role|rel)=("[^"]*"|'[^']*'|[^\s>]+)"""
    markup = re.sub(names, "", markup)
    text = "\n" + reading_of(markup).text
    day = EXPECTED[name].get("published", "x").split("-")[::-1]  # a date line may come from a statement
    assert [part for part in EXPECTED[name]["has"] if part not in text and part != "/".join(day)] == []
    assert sum(part in text for part in EXPECTED[name]["hasnt"]) <= 1


@pytest.mark.parametrize("extension", [".html", ".htm", ".xhtml"])
def test_pages_are_read_by_their_extension_in_a_child_process(extension: str) -> None:
    assert READERS[extension_of(f"trang{extension}")].module == "html"
    assert READERS[extension].apart


def test_a_list_of_articles_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a list of articles, not one article$"):
        list(html.read((PAGES / "listing.html").read_bytes(), Hints(".html")))


@pytest.mark.parametrize(
    "markup",
    ["<html></html>", "<p></p>", f"<script>var a = '{FIRST}';</script>", "<img src=a.jpg>",
     "<nav><a href=/>Trang chủ</a></nav>", "<body><a href=x>" + FIRST + "</a></body>", "<h1>Chợ phiên</h1>"],
)  # fmt: skip
def test_a_page_without_an_article_is_refused(markup: str) -> None:
    with pytest.raises(ValueError, match=r"^(no article in it|empty)$"):
        list(html.read(markup.encode(), Hints(".html")))


@pytest.mark.parametrize("data", [b"", b" \n ", b"<!-- x -->", b"\xef\xbb\xbf", b"\0\0\0"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="empty"):
        list(html.read(data, Hints(".html")))


# --- what becomes a line ---


def test_line_breaks_end_lines_and_markup_within_words_does_not() -> None:
    assert amid("<div>Dòng thứ nhất<br>Dòng thứ hai<br/><br/>Dòng <b>th</b>ứ ba</div>") == [
        "Dòng thứ nhất",
        "Dòng thứ hai",
        "Dòng thứ ba",
    ]


def test_entities_are_decoded_once() -> None:
    assert amid("<p>Vải &amp;lt;thổ cẩm&amp;gt; &#7879; &eacute; &#150; &#x93;đẹp&#x94;</p>") == [
        "Vải &lt;thổ cẩm&gt; ệ é – “đẹp”"
    ]


def test_what_takes_no_room_is_dropped_and_every_space_is_a_space() -> None:
    assert amid("<p>thổ&shy;cẩm&nbsp;&nbsp;đẹp\u200b lắm\ufeff &#7; \x07\x00 hết</p>") == ["thổcẩm đẹp lắm hết"]


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='display: none'><p>ẩn ẩn ẩn</p></div>", "<p hidden>ẩn</p>",
        "<p style='color:red;visibility:hidden'>ẩn</p>",
        "<span class='sr-only'>ẩn</span>", "<script>ẩn</script>", "<style>ẩn</style>", "<template><p>ẩn</p></template>",
        "<noscript>ẩn</noscript>", "<textarea>ẩn</textarea>", "<select><option>ẩn</select>", "<!-- ẩn -->",
        "<svg><text>ẩn</text></svg>",
        "<iframe>ẩn</iframe>", "<button>ẩn</button>", "<object>ẩn</object>", "<div aria-hidden=true>ẩn</div>",
    ],
)  # fmt: skip
def test_what_is_not_shown_is_no_text(hidden: str) -> None:
    assert amid(f"<p>trước {hidden} sau</p>") in (["trước sau"], ["trước", "sau"])


def test_what_only_small_screens_hide_is_text() -> None:
    assert amid("<p class='hidden lg:block'>Hiện trên màn hình lớn.</p>") == ["Hiện trên màn hình lớn."]


def test_lists_and_headings_stand_in_order() -> None:
    between = "<h2>Ba việc</h2><ul><li>Việc một<ul><li>Phần a</li></ul></li><li>Việc hai</li></ul>"
    assert amid(f"{between}<dl><dt>Từ</dt><dd>Nghĩa</dd></dl>") == [
        "Ba việc",
        "Việc một",
        "Phần a",
        "Việc hai",
        "Từ",
        "Nghĩa",
    ]


def test_rows_of_a_table_are_lines_with_bars_and_a_table_for_the_layout_is_none() -> None:
    rows = "<tr><th>Xã<th>Hộ</tr><tr><td><p>Hòa Lạc</p></td><td></td></tr><tr><td>Tân<br>An</td><td>412</td></tr>"
    assert amid(f"<table>{rows}</table>") == ["Xã | Hộ", "Hòa Lạc", "Tân An | 412"]
    assert amid("<table><tr><td>Một ô thôi.</td></tr><tr><td>Ô nữa.</td></tr></table>") == ["Một ô thôi.", "Ô nữa."]


@pytest.mark.parametrize(
    "picture",
    [
        "<figure><img src=a><figcaption>{}</figcaption></figure>",
        "<table class=picture><tr><td><img src=a></td></tr><tr><td class=caption>{}</td></tr></table>",
        "<table align=center><tr><td><img src=a></td></tr><tr><td>{}</td></tr></table>",
        "<p><img src=a></p><p class=Image>{}</p>",
        "<p><img src=a><br><em>{}</em></p>",
        "<div style='text-align:center'><img src=a></div><div style='text-align:center'>{}</div>",
        "<div class=VCSortableInPreviewMode><img src=a><div class=PhotoCMS_Caption><p>{}</p></div></div>",
        "<div class=wp-caption><img src=a><p class=wp-caption-text>{}</p></div>",
        "<p>{}. Ảnh: Đức Bình</p>",
        "<p>{} (Ảnh: Đức Bình)</p>",
    ],
)
def test_captions_of_all_layouts_are_captions(picture: str) -> None:
    found = lines_of(picture.format("Bà con xem vải thổ cẩm ở chợ"))
    assert [kind for kind, text in found if text.startswith("Bà con xem vải thổ cẩm ở chợ")] == [Kind.CAPTION]
    assert [kind for kind, text in found if text in (FIRST, LAST)] == [Kind.BODY, Kind.BODY]


def test_a_paragraph_is_said_once() -> None:
    long = "Chợ họp từ sáng sớm đến quá trưa, bà con ở xa phải đi từ đêm hôm trước."
    assert amid(f"<p>{long}</p><p>{long}</p><p><b>{long}</b></p>") == [long]


@pytest.mark.parametrize(
    "furniture",
    [
        "<p><a href=x>Hội xuân xã Tân An thu hút đông đảo người dân</a></p>",
        "<p>&gt;&gt; Xem thêm: <a href=x>Hội xuân xã Tân An</a></p>",
        "<div><b>Tin liên quan</b><a href=x>Hội xuân</a><p>Hội xuân năm nay có mười hai trò chơi dân gian.</p></div>",
        "<div class=tags>Từ khóa: <a href=x>chợ</a>, thổ cẩm</div>",
        "<p>Lượt xem: 1.234</p>",
        "<div class=share-box><span>Chia sẻ</span></div>",
        "<aside><p>Toàn văn phát biểu của đồng chí Chủ tịch xã tại lễ khai mạc chợ phiên hôm qua.</p></aside>",
    ],
)
def test_what_belongs_to_the_page_is_left_out(furniture: str) -> None:
    assert amid(furniture) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Chia sẻ với chúng tôi, bà Lan cho biết chợ đông hơn trước.",
        "Trở lại chợ, ông Páo bán được hai con ngựa.",
        "Thích nhất là hàng thổ cẩm.",
    ],
)
def test_sentences_that_begin_like_a_button_are_text(sentence: str) -> None:
    assert amid(f"<p>{sentence}</p>") == [sentence]


def test_names_below_the_text_are_its_signature_with_the_office_under_them() -> None:
    found = lines_of("", "<p><b>Sùng A Páo</b></p><p>Phó Chủ tịch UBND xã</p><p><i>Theo Báo Hà Sơn</i></p>")
    assert found[2:] == [(Kind.BYLINE, "Sùng A Páo\nPhó Chủ tịch UBND xã"), (Kind.SOURCE, "Theo Báo Hà Sơn")]


def test_an_author_on_whom_a_page_does_not_agree_is_no_byline() -> None:
    text = f"<h1>{TITLE}</h1><p>{FIRST}</p><p>{LAST}</p><p>Sùng A Páo</p>"
    reading = reading_of(f"<meta name=author content='Lê Văn Bình'><body><div>{text}</div>")
    assert reading.regions is not None
    assert Kind.BYLINE not in [region.kind for region in reading.regions]
    assert "Sùng A Páo" in reading.text


# --- bytes ---


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_whatever_the_page_claims(encoding: str) -> None:
    markup = f"<meta charset=iso-8859-1><body><h1>{TITLE}</h1><p>{FIRST}</p><p>{LAST}</p></body>"
    (reading,) = html.read(markup.encode(encoding), Hints(".html"))
    assert reading.text == f"{TITLE}\n{FIRST}\n{LAST}\n"


def test_a_latin_1_page_may_hold_its_letters_as_references() -> None:
    markup = f"<meta charset=iso-8859-1><body><h1>{TITLE}</h1><p>{FIRST}</p><p>{LAST} \x93Caf\xe9\x94</p></body>"
    data = b"".join(c.encode("latin-1") if ord(c) < 256 else b"&#%d;" % ord(c) for c in markup)
    (reading,) = html.read(data, Hints(".html"))
    assert reading.text == f"{TITLE}\n{FIRST}\n{LAST} “Café”\n"


def test_a_few_broken_bytes_do_not_cost_the_page() -> None:
    data = f"<h1>{TITLE}</h1><p>{FIRST}</p><p>{LAST}</p>".encode()
    (reading,) = html.read(data[:-7].replace("món".encode(), b"m\xffn"), Hints(".html", charset="utf-8"))
    assert FIRST in reading.text
    assert "những m?n ăn" in reading.text


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ValueError, match="not UTF-8"):
        list(html.read(b"<p>" + bytes(range(128, 256)) * 20, Hints(".html")))


# --- depth ---


@pytest.mark.parametrize("levels", [10, 250, 256, 300, 1500])
@pytest.mark.parametrize("tag", ["div", "span", "font", "blockquote", "li"])
def test_text_that_is_nested_deeply_is_not_lost(levels: int, tag: str) -> None:
    text = reading_of(f"<h1>{TITLE}</h1>" + f"<{tag}>" * levels + f"{FIRST}<br>{LAST}" + f"</{tag}>" * levels).text
    assert text == f"{TITLE}\n{FIRST}\n{LAST}\n"


def test_paragraphs_that_each_lie_deeper_than_the_one_before_are_not_lost() -> None:
    paragraphs = [f"Đoạn {number}: {FIRST}" for number in range(600)]
    assert (
        reading_of(f"<h1>{TITLE}</h1>" + "<font>".join(f"<p>{text}</p>" for text in paragraphs)).text.splitlines()[1:]
        == paragraphs
    )


@pytest.mark.parametrize("levels", [2100, 100_000])
def test_what_the_parser_would_lose_is_refused(levels: int) -> None:
    markup = f"<h1>{TITLE}</h1><p>{FIRST}</p>" + "<div>" * levels + LAST
    with pytest.raises(ValueError, match=r"^nested too deeply"):
        reading_of(markup)


def test_deep_json_is_no_statement_but_does_no_harm() -> None:
    deep = '<script type="application/ld+json">{}</script>'
    for text in (
        "[" * 100_000,
        '{"@graph":' * 50_000,
        "[" * 900 + "]" * 900,
        '{"@type":"NewsArticle","author":' * 400 + "1" + "}" * 400,
    ):
        assert FIRST in reading_of(deep.format(text) + f"<h1>{TITLE}</h1><p>{FIRST}</p><p>{LAST}</p>").text


@pytest.mark.parametrize(
    "value", ['{"@id":[1]}', '{"@id":"a","name":{"@id":"a"}}', '[[[[["x"]]]]]', "7", "null", '{"name":7}', "1" * 5000]
)
def test_strange_json_does_no_harm(value: str) -> None:
    json = f'{{"@id":"a","@type":"NewsArticle","headline":{value},"author":{value},"publisher":{value},"url":{value}}}'
    script = f'<script type="application/ld+json">//<![CDATA[\n{json}\n//]]></script>'
    assert FIRST in reading_of(f"{script}<h1>{TITLE}</h1><p>{FIRST}</p><p>{LAST}</p>").text


def test_a_large_page_takes_time_in_proportion() -> None:
    paragraphs = "".join(f"<p>Đoạn {i}: {FIRST}</p><ul><li><a href=x>Xem ảnh</a></li></ul>" for i in range(1500))
    with time_limit(30):
        assert f"Đoạn 1499: {FIRST}" in reading_of(f"<h1>{TITLE}</h1><div>{paragraphs}</div>").text


# --- anything at all ---

_TAGS = re.compile(rb"<[^<>]*>")


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A page cut somewhere, with bytes changed, its tags shuffled, or parts of two pages glued together."""
    pages = sorted(PAGES.glob("*.html"))
    data = draw(st.sampled_from(pages)).read_bytes()
    for _ in range(draw(st.integers(1, 3))):
        match draw(st.sampled_from(["cut", "bytes", "tags", "glue", "drop"])):
            case "cut":
                start, end = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
                data = data[start:] if draw(st.booleans()) else data[:end]
            case "bytes":
                changed = bytearray(data)
                for at, byte in draw(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=30)):
                    if changed:
                        changed[at % len(changed)] = byte
                data = bytes(changed)
            case "tags":
                tags = _TAGS.findall(data)
                draw(st.randoms(use_true_random=False)).shuffle(tags)
                rest = iter(tags)
                data = _TAGS.sub(lambda _: next(rest), data)  # noqa: B023 - used at once
            case "glue":
                other = draw(st.sampled_from(pages)).read_bytes()
                data = data[: len(data) // 2] + other[len(other) // 3 :]
            case "drop":
                share = draw(st.integers(2, 9))
                data = b"".join(part for number, part in enumerate(re.split(rb"(?=<)", data)) if number % share)
    return data


def outcome(data: bytes, charset: str | None) -> Reading | str:
    """The article, or why there is none."""
    try:
        (reading,) = html.read(data, Hints(".html", "https://a.example/b", charset))
    except ValueError as error:
        return str(error)
    return reading


@settings(max_examples=150)
@given(mutated(), st.sampled_from([None, "utf-8", "windows-1258", "x", "utf-16"]))
def test_a_damaged_page_gives_an_article_or_a_reason(data: bytes, charset: str | None) -> None:
    found = outcome(data, charset)
    if isinstance(found, str):
        assert found.strip() == found != ""
        assert "\n" not in found
    else:
        check(found)


@settings(max_examples=60)
@given(st.text(alphabet=st.sampled_from("<>/=\"' abđ&;#x0\n\0!-[]"), max_size=200))
def test_any_characters_give_an_article_or_a_reason(text: str) -> None:
    found = outcome(f"{text}<p>{FIRST}<p>{LAST}".encode(), None)
    if isinstance(found, Reading):
        check(found)


def test_reading_touches_no_network_and_writes_no_file(tmp_path: Path) -> None:
    script = """
import sys
events = []
def hook(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.bind"):  # urllib3 binds ::1 on import
        events.append((event, arguments))
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        events.append((event, arguments))
    if event in ("os.mkdir", "subprocess.Popen", "os.rename"):
        events.append((event, arguments))
sys.addaudithook(hook)
from embeddings.readers import Hints, html
(reading,) = html.read(open(sys.argv[1], "rb").read(), Hints(".html", "https://a.example/b"))
print(events)
"""
    page = PAGES / "modern_portal.html"
    run = subprocess.run(
        [sys.executable, "-B", "-c", script, str(page)],
        capture_output=True, text=True, check=True, cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
    )  # fmt: skip
    assert run.stdout.strip() == "[]"
    assert run.stderr == ""
    assert list(tmp_path.iterdir()) == []
