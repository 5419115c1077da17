"""HTML in the fields of exports and feeds is read as text, in linear time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.readers import Reading
from embeddings.records import Kind
from tests.export_rows import articles, found, lines, parts
from tests.fakes import time_limit


def test_html_is_read_as_text() -> None:
    html = (
        "<div><p>Xã <b>Mỹ</b> Thanh &amp; xã An&nbsp;Hòa</p><p>Một<br/>Hai</p><script>var a = '<p>không</p>';</script>"
        "<STYLE>p{}</STYLE><!-- <p>không</p> -->"
        "<figure><img alt='a > b' src=x><figcaption>Ảnh: T.</figcaption></figure>"
        "<table><tr><td>Lúa</td><td>5 tấn</td></tr></table><p>2 < 3 và a>b</p></div>"
    )
    (article,) = articles(lines({"text": html}), ".jsonl")
    assert parts(article) == [
        (Kind.BODY, "Xã Mỹ Thanh & xã An Hòa"),
        (Kind.BODY, "Một"),
        (Kind.BODY, "Hai"),
        (Kind.CAPTION, "Ảnh: T."),
        (Kind.BODY, "Lúa | 5 tấn"),
        (Kind.BODY, "2 < 3 và a>b"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 < 3 và 5 > 4", "2 < 3 và 5 > 4\n"),
        ("<Họp báo> hôm nay", "<Họp báo> hôm nay\n"),
        ("Một &quot;hai&quot;\nba", 'Một "hai"\nba\n'),
        ("Một <b>hai</b>\nba", "Một hai\nba\n"),
        ("&lt;p&gt;Một&lt;/p&gt;&lt;p&gt;Hai&lt;/p&gt;", "Một\nHai\n"),
        ("<p>Một<p>Hai <a href='x", "Một\nHai <a href='x\n"),
        ("<p>Một</p><script>không", "Một\n"),
        ("AT&T; R&D", "AT&T; R&D\n"),
    ],
)
def test_what_is_no_html_stays_as_it_is(text: str, expected: str) -> None:
    (article,) = articles(lines({"text": text}), ".jsonl")
    assert article.text == expected


@given(
    pieces=st.lists(
        st.sampled_from(
            [
                "<",
                ">",
                "<p>",
                "</p>",
                "<!--",
                "-->",
                "<a '",
                '"',
                "&lt;",
                "xã",
                " ",
                "<script>",
                "</script>",
                "<![CDATA[",
                "]]>",
                "\n",
            ]
        )
    )
)
def test_no_markup_whatever_breaks_a_row(pieces: list[str]) -> None:
    (one,) = found(lines({"text": "".join(pieces) + "."}), ".jsonl")
    assert isinstance(one, Reading) == bool(getattr(one, "text", ""))


@pytest.mark.parametrize(
    "piece", ["<", "<a ", "<!--", "<a x='", '<a x="y', "<![CDATA[", "<?", "<script>", "<svg>", "&", "</"]
)
def test_hostile_markup_takes_linear_time(piece: str) -> None:
    with time_limit(10):
        found(lines({"text": "<p>B</p>" + piece * (400_000 // len(piece))}), ".jsonl")
