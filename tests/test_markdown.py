"""Front matter of Markdown files: read where it is, a reason to skip the file where it is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.records import Skipped
from embeddings.settings import Articles
from tests.fakes import PARAGRAPH, read_one, reading_of


def markdown(text: str) -> tuple[str, dict[str, str], int]:
    return reading_of(".md", text.encode())


def test_front_matter_is_read_and_lies_before_the_body() -> None:
    text, values, start = markdown(f"---\ntitle: Một bài\ndate: 2021-06-12\nauthor: [An, Bình]\n---\n{PARAGRAPH}")
    assert values == {"title": "Một bài", "date": "2021-06-12", "author": "An, Bình"}
    assert text[start:] == PARAGRAPH


@pytest.mark.parametrize(
    "text", [PARAGRAPH, f"{PARAGRAPH}\n---\nx\n---\n", "---\nMột đoạn văn.\n---\nPhần hai.", "---\n- a\n---\nb"]
)
def test_rules_with_text_between_them_are_no_front_matter(text: str) -> None:
    assert markdown(text) == (text, {}, 0)


def test_front_matter_makes_no_objects_and_no_giants() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9) if n else 'x'}]\n" for n in range(12))
    _, values, _ = markdown(f'---\n{levels}title: !!python/object/apply:os.getcwd []\nurl: "\\uD800"\n---\nbody')
    assert max(map(len, values.values())) < 10
    assert values["title"] == ""
    assert values["url"].encode("utf-8") == b"?"


@pytest.mark.parametrize(
    "yaml", ["title: [a", "title: 'a", 'title: "\\UFFFFFFFF"', "a: b: c", "x: *y", "a: " + "[" * 5000]
)
def test_broken_front_matter_is_a_reason_to_skip_the_file(yaml: str, tmp_path: Path) -> None:
    (tmp_path / "bai.md").write_text(f"---\n{yaml}\n---\n{PARAGRAPH}", "utf-8")
    found = read_one(tmp_path / "bai.md", Articles())
    assert isinstance(found, Skipped)
    assert "front matter is not valid YAML" in found.reason
