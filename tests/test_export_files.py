"""Files of exports: what is no article stops nothing, encodings, tables, and how much is read."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.readers import Hints, Reading, Unreadable
from embeddings.readers.exports import read
from embeddings.records import Kind
from tests.export_rows import FULL, TEXT, articles, found, lines, parts, problems, table


def test_bad_lines_stop_no_others_and_say_why() -> None:
    data = (
        lines({"text": "B"}, [1], 5, None, {"title": "A"}, {"title": "A", "x" * 50: 1}) + '\n{"text": \n\n{"text": "C"}'
    )
    assert [article.part for article in articles(data, ".jsonl")] == ["1", "8"]
    assert problems(data, ".jsonl") == [
        ("2", "not an object but a list (line 2)"),
        ("3", "not an object but a number (line 3)"),
        ("4", "not an object but null (line 4)"),
        ("5", "no text (its fields: title)"),
        ("6", f"no text (its fields: title, {'x' * 40})"),
        ("7", "not valid JSON: Expecting value (character 9) (line 7)"),
    ]


def test_oddities_that_json_readers_allow_are_harmless() -> None:
    data = (
        '{"text": "A", "text": "B", "n": NaN, "m": -Infinity, "id": 1e999, "views": ' + "9" * 5000 + "}\r\n"
        '{"text": "\\ud800C\\u0000D\\ud83d\\ude00", "id": "\\udfff"}'
    )
    first, second = articles(b"\xef\xbb\xbf" + data.encode(), ".jsonl")
    assert (first.text, first.part) == ("B\n", "1")
    assert second.text == "\ufffdC D😀\n"
    second.text.encode()


@pytest.mark.parametrize(
    ("data", "extension", "reason"),
    [
        ("", ".json", "empty"),
        ("  \n ", ".jsonl", "empty"),
        ("", ".csv", "empty"),
        ("[]", ".json", "an empty list"),
        ("5", ".json", "no list of articles but a number"),
        ("{}", ".json", r"no text of one \(its fields: none\)"),
        ('{"a": 1, "b": [{"c": 2}]}', ".json", r"no text of one \(its fields: a, b\)"),
        ('{"text": ', ".json", r"not valid JSON: Expecting value \(character 10\)"),
        ('{\n"text": 01}', ".json", r"not valid JSON: .* \(line 2, character 10\)"),
        ("[" * 100_000, ".json", "nested too deeply"),
        ('{"a":' * 100_000 + "1", ".json", "nested too deeply"),
        ("id,số lượng\n1,2", ".csv", r"no column .* \(columns: id, số lượng\); say which"),
        ("title,text\n", ".csv", "no rows"),
        (b"PK\x03\x04\x00\x00\x00", ".csv", "binary"),
        (b"\x00" * 50, ".jsonl", "binary"),
        (b"\x1f\x8b\x08junk", ".jsonl.gz", "damaged, or not whole"),
        (gzip.compress(b'{"text": "B"}')[:-6], ".json.gz", "damaged, or not whole"),
        (lzma.compress(b'{"text": "B"}' * 50)[:-8], ".jsonl.xz", "not whole"),
        (b"\xfd7zXZ\x00junkjunkjunk", ".csv.xz", "damaged"),
    ],
)
def test_a_file_without_articles_is_refused_with_the_reason(data: bytes | str, extension: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        found(data, extension)


def test_a_line_that_is_not_utf_8_is_told_and_the_rest_read() -> None:
    row = '{{"text": "Cây số {}"}}\n'
    data = b"".join(row.format(n).encode() for n in range(9)) + b'{"text": "C\xe2y"}\n' + row.format(10).encode()
    assert len(articles(data, ".jsonl")) == 10
    assert problems(data, ".jsonl") == [("10", "not UTF-8 (line 10)")]
    table_ = "text\nCây\nđa\n".encode() + b"\xff\xfe\n" + "làng\n".encode()
    assert problems(table_, ".csv") == [("3", "not UTF-8")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize(
    ("extension", "data"), [(".jsonl", lines({"text": TEXT}, {"text": TEXT})), (".csv", "text\nCây đa làng Mỹ\n")]
)
def test_exports_in_other_encodings_are_read(extension: str, data: str, encoding: str) -> None:
    assert articles(data.encode(encoding), extension) == articles(data, extension)


# --- tables ---


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("extension", [".csv", ".tsv"])
def test_the_delimiter_is_found_by_the_header(delimiter: str, extension: str) -> None:
    data = table([["id", "Tiêu đề", "Nội dung"], ["1", "A, B; C", 'Một "hai"\nba\t|bốn']], delimiter)
    (article,) = articles("\ufeff" + data, extension)
    assert parts(article) == [(Kind.TITLE, "A, B; C"), (Kind.BODY, 'Một "hai"'), (Kind.BODY, "ba |bốn")]


@given(
    rows=st.lists(st.tuples(st.text(max_size=20), st.text(min_size=1, max_size=60)), min_size=1),
    delimiter=st.sampled_from(",;\t|"),
)
def test_what_a_csv_writer_writes_is_read_as_a_json_writer_would_write_it(
    rows: list[tuple[str, str]], delimiter: str
) -> None:
    rows = [(a.replace("\0", ""), b.replace("\0", "") + ".") for a, b in rows]
    rows = [(a.encode("utf-8", "replace").decode(), b.encode("utf-8", "replace").decode()) for a, b in rows]
    from_table = found(table([["title", "text"], *rows], delimiter), ".csv")
    from_lines = found(lines(*({"title": a, "text": b} for a, b in rows)), ".jsonl")
    assert [getattr(one, "text", "") for one in from_table] == [getattr(one, "text", "") for one in from_lines]


def test_rows_that_do_not_fit_their_header_are_told() -> None:
    data = "id,text,\n1,một\n2,hai,,,\n3,ba,bốn,năm\n,,\n\n4,sáu"
    assert [(one.part, one.text) for one in articles(data, ".csv")] == [("1", "một\n"), ("2", "hai\n"), ("4", "sáu\n")]
    assert problems(data, ".csv") == [("3", "4 fields, where the header row names 3")]


def test_a_quote_that_never_closes_costs_its_own_row_only() -> None:
    data = 'id,text\n1,một\n2,"hai\n3,ba\n4,bốn "năm"\n5,"sáu "bảy" tám"\n6,chín'
    assert [one.part for one in articles(data, ".csv")] == ["1", "3", "4", "5", "6"]
    assert problems(data, ".csv") == [("2", "a quote opens and never closes (line 3)")]


def test_any_number_of_quotes_that_never_close_costs_their_own_rows_only() -> None:
    data = "id,text\n" + "".join(f'{n},"hai\n{n}b,"ba" bốn\n' for n in range(500))
    assert [one.part for one in articles(data, ".csv")] == [f"{n}b" for n in range(500)]
    assert len(problems(data, ".csv")) == 500


def test_long_fields_are_read_and_endless_ones_told() -> None:
    assert len(articles(table([["text"], ["x" * 1_000_000]]), ".csv")[0].text) == 1_000_001
    data = 'id,text\n1,"' + ("x" * 999 + "\n") * 17_000 + '"\n2,hai\n'
    results = found(data, ".csv")
    assert isinstance(results[0], Unreadable)
    assert "a field of more than 16 million" in results[0].reason
    assert isinstance(results[-1], Reading)
    assert results[-1].text == "hai\n"


def test_what_excel_says_of_its_delimiter_is_heeded() -> None:
    (article,) = articles("sep=;\ntitle;text\nA,x;B", ".csv")
    assert article.text == "A,x\nB\n"


def test_nul_bytes_in_a_row_are_told() -> None:
    filler = "".join(f"{n},cây số {n} của làng\n" for n in range(900))
    data = ("id,text\n" + filler + "x,a\0b\ny,c\n").encode()
    assert problems(data, ".csv") == [("901", "it holds NUL bytes")]
    assert len(articles(data, ".csv")) == 901


# --- how much ---


def bomb(pack: str) -> bytes:
    piece = b'{"text": "' + b" " * 990 + b'"}\n'
    if pack == "xz":
        return lzma.compress(piece * 260_000, preset=0)
    return gzip.compress(piece * 260_000, 1)


@pytest.mark.parametrize(("pack", "extension"), [("gz", ".json.gz"), ("xz", ".json.xz")])
def test_a_bomb_is_cut(pack: str, extension: str) -> None:
    with pytest.raises(ValueError, match="holds more than 250 MB when unpacked"):
        found(bomb(pack), extension)


def test_an_endless_line_is_cut() -> None:
    data = gzip.compress(b'{"text": "' + b"x" * 70_000_000, 1)
    with pytest.raises(ValueError, match="line 1 is longer than 64 million characters"):
        found(data, ".jsonl.gz")


def test_articles_come_one_after_the_other() -> None:
    rows = read((lines(FULL) + "\n").encode() * 1000 + b"[" * 100_000, Hints(".jsonl"))
    assert isinstance(next(rows), Reading)
    last: Mapping[str, str] | str = ""
    for row in rows:
        last = row.reason if isinstance(row, Unreadable) else row.front_matter
    assert last == "nested too deeply (line 1001)"
