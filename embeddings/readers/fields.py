"""What the fields of an export's rows mean: names in English and Vietnamese, nested values, and a row as an article."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from embeddings.readers import Reading, markup
from embeddings.readers.blocks import composed
from embeddings.readers.dates import iso_day
from embeddings.records import Kind
from embeddings.vietnamese import fold

Names = Mapping[str, Sequence[str]]
"""Our name of a field -> the names that it may have in a file, the likeliest first; "author.name" reaches inside."""

DEFAULT_FIELDS: Names = {
    "id": (
        "id", "_id", "uid", "uuid", "guid", "article id", "doc id", "document id", "post id", "news id", "context id",
        "passage id", "slug", "mã", "mã bài", "mã bài viết", "mã số",
    ),
    "title": (
        "title", "headline", "heading", "article title", "post title", "name", "subject", "tiêu đề", "tiêu đề bài viết",
        "tên bài", "tên bài viết", "tựa đề", "tựa", "nhan đề", "tít",
    ),
    "abstract": (
        "abstract", "summary", "description", "excerpt", "lead", "lede", "sapo", "standfirst", "teaser", "intro",
        "short description", "tóm tắt", "mô tả", "mô tả ngắn", "trích dẫn", "trích yếu", "dẫn nhập", "giới thiệu",
    ),
    "text": (
        "text", "content", "body", "article body", "article text", "full text", "main text", "plain text", "raw text",
        "content text", "content html", "body text", "body html", "post content", "content encoded", "content:encoded",
        "article", "story", "html", "maintext", "nội dung", "nội dung bài viết", "nội dung chi tiết", "toàn văn",
        "văn bản", "bài viết", "chi tiết", "paragraphs", "passage", "document", "context", "message",
    ),
    "published": (
        "published", "published at", "published on", "publish date", "published date", "publish time", "published time",
        "publication date", "date published", "pub date", "date", "datetime", "post date", "posted at", "release date",
        "created at", "created", "date created", "time", "timestamp", "ngày đăng", "ngày đăng tải", "ngày xuất bản",
        "ngày phát hành", "ngày ban hành", "ngày viết", "ngày", "thời gian", "thời gian đăng", "ngày tạo",
    ),
    "author": (
        "author", "authors", "author name", "byline", "creator", "dc:creator", "writer", "written by", "tác giả",
        "người viết", "phóng viên", "người đăng",
    ),
    "source": (
        "source", "source name", "publisher", "site", "site name", "outlet", "newspaper", "journal", "website",
        "nguồn", "nguồn tin", "tên báo", "tòa soạn", "báo", "cơ quan ban hành",
    ),
    "section": (
        "section", "category", "categories", "topic", "chuyên mục", "danh mục", "thể loại", "mục", "chủ đề",
    ),
    "url": (
        "url", "link", "link.href", "permalink", "canonical url", "article url", "source url", "page url", "web url",
        "href", "đường dẫn", "liên kết", "địa chỉ bài viết",
    ),
    "captions": (
        "captions", "caption", "image captions", "image caption", "chú thích", "chú thích ảnh",
    ),
}  # fmt: skip
_INSIDE = (
    "rendered", "text", "value", "#text", "$t", "$", "$oid", "$date", "plain", "html", "content", "context", "body",
    "blocks", "data", "children", "nội dung", "name", "title", "tên",
)  # fmt: skip
"""Where an object that stands for a text holds it: WordPress, XML turned into JSON, editors' blocks, schema.org."""

_MOST_NAMED = 8  # fields that an error names
_DEEPEST = 8  # objects and lists within each other
_SEPARATORS = re.compile(r"[\s_-]+")
_ADDRESS = re.compile(r"https?://\S+")
_UNSAFE = re.compile(r"[^\w.~:/@+=-]+")

Path = tuple[str, ...]


@lru_cache(maxsize=4096)
def bare(name: str) -> str:
    """A name as names are compared: without case, accents, separators."""
    return _SEPARATORS.sub("", fold(name.replace("\ufeff", "")).casefold())


class Columns:
    """Which fields of a row mean what, found once for rows with the same fields."""

    def __init__(self, names: Names) -> None:
        self.names = {**DEFAULT_FIELDS, **names}
        self._found: dict[Path, dict[str, list[Path]]] = {}

    def of(self, keys: Path) -> dict[str, list[Path]]:
        """{our name: where its value may be, the likeliest first}"""
        if keys not in self._found:
            if len(self._found) >= 256:  # rows that have nothing in common
                self._found.clear()
            here = {bare(key): key for key in reversed(keys)}
            self._found[keys] = {
                ours: [path for theirs in candidates if (path := _path(theirs, here))]
                for ours, candidates in self.names.items()
            }
        return self._found[keys]

    def values(self, row: Mapping[str, object], ours: str) -> list[str]:
        """The texts of the first field of this meaning that holds any."""
        for path in self.of(tuple(row))[ours]:
            found = texts(_at(row, path))
            if found:
                return found
        return []

    def value(self, row: Mapping[str, object], ours: str) -> str:
        """All of it on one line, without markup."""
        return " ".join(markup.plain(", ".join(self.values(row, ours))).split())

    def day(self, row: Mapping[str, object]) -> str | None:
        """The first field of this meaning that names a day, as 2021-06-12."""
        for path in self.of(tuple(row))["published"]:
            found = _at(row, path)
            if day := iso_day(found) or next(filter(None, map(iso_day, texts(found))), None):
                return day
        return None


def _path(theirs: str, here: Mapping[str, str]) -> Path:
    if (whole := bare(theirs)) in here:
        return (here[whole],)
    head, *rest = theirs.split(".")
    return (here[bare(head)], *map(bare, rest)) if rest and bare(head) in here else ()


def _at(row: Mapping[str, object], path: Path) -> object:
    value: object = row[path[0]]
    for part in path[1:]:
        if not isinstance(value, dict):
            return None
        value = next((inner for key, inner in value.items() if bare(key) == part), None)
    return value


def texts(value: object, depth: int = 0) -> list[str]:
    """The texts that `value` holds, however they are wrapped."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, bool) or depth > _DEEPEST:
        return []
    if isinstance(value, int | float):
        return [f"{value:g}" if isinstance(value, float) else str(value)] if math.isfinite(value) else []
    if isinstance(value, list):
        return [text for item in value for text in texts(item, depth + 1)]
    if isinstance(value, dict):
        inside = {bare(key): inner for key, inner in value.items()}
        found = (texts(inside[name], depth + 1) for name in map(bare, _INSIDE) if name in inside)
        return next(filter(None, found), [])
    return []


def reading(row: Mapping[str, object], columns: Columns, part: str) -> Reading:
    """The article in `row`. Raises ValueError when it has no text."""
    paragraphs = _paragraphs(columns.values(row, "text"))
    abstract = _paragraphs(columns.values(row, "abstract"))
    if not paragraphs and not abstract:
        raise ValueError(f"no text (its fields: {named(row)})")
    title = columns.value(row, "title")
    if paragraphs and _said(abstract, paragraphs):
        abstract = []
    captions = [(Kind.CAPTION, text) for _, text in _paragraphs(columns.values(row, "captions"))]
    return article(
        [*abstract, *paragraphs, *captions], part, _stated(row, columns) | ({"title": title} if title else {})
    )


def article(body: Sequence[tuple[Kind, str]], part: str, stated: Mapping[str, str]) -> Reading:
    """One article of many: title and day before the body, author and source after it, as lines that can be cited."""
    blocks: list[tuple[Kind, str]] = []
    if title := stated.get("title"):
        blocks.append((Kind.TITLE, title))
    if published := stated.get("published"):
        year, month, day = published.split("-")
        blocks.append((Kind.DATE, f"Ngày đăng: {day}/{month}/{year}"))
    blocks += body[1:] if body and title and body[0][1].strip() == title else body
    if author := stated.get("author"):
        blocks.append((Kind.BYLINE, f"Tác giả: {author}"))
    if source := stated.get("source"):
        blocks.append((Kind.SOURCE, f"Nguồn: {source}"))
    text, regions = composed(blocks)
    if not any(region.kind in (Kind.BODY, Kind.CAPTION) for region in regions):
        raise ValueError("no text but its title")
    return Reading(text, dict(stated), regions=regions, part=part)


def _stated(row: Mapping[str, object], columns: Columns) -> dict[str, str]:
    stated = {name: columns.value(row, name) for name in ("author", "source", "section", "url")}
    if not _ADDRESS.fullmatch(stated["url"]):
        stated["url"] = ""
    if _ADDRESS.fullmatch(stated["source"]):
        stated["url"], stated["source"] = stated["url"] or stated["source"], ""
    stated["published"] = columns.day(row) or ""
    return {name: value for name, value in stated.items() if value}


def _paragraphs(values: Sequence[str]) -> list[tuple[Kind, str]]:
    return [line for value in values for line in lines_of(value)]


def lines_of(text: str) -> list[tuple[Kind, str]]:
    """The paragraphs of `text`, be it HTML or not."""
    if markup.looks_like_markup(text):
        return markup.blocks(text)
    return [(Kind.BODY, line) for line in text.splitlines() if line.strip()]


def _said(abstract: Sequence[tuple[Kind, str]], paragraphs: Sequence[tuple[Kind, str]]) -> bool:
    """Whether the text begins with its abstract."""
    first = " ".join(text for _, text in paragraphs[: len(abstract) + 1])
    return first.startswith(" ".join(text for _, text in abstract).rstrip(" .…"))


def named(row: Mapping[str, object] | Sequence[str]) -> str:
    """The fields of a row, for an error."""
    keys = [key[:40] for key in row]
    return ", ".join(keys[:_MOST_NAMED]) + (", …" if len(keys) > _MOST_NAMED else "") or "none"


class Parts:
    """What the articles of one file are called: by their own ids while these are unique and short, else by number."""

    LONGEST = 80  # characters that an id stays below

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, number: int, own: str = "") -> str:
        """The name of the article at `number`, from 1."""
        safe = _UNSAFE.sub("-", own).strip("-") if 0 < len(own) < self.LONGEST else ""
        part = safe if safe and safe not in self._taken else str(number)
        while part in self._taken:
            part = f"{part}-{number}"
        self._taken.add(part)
        return part
