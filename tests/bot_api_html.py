"""Telegram's HTML, read the way Telegram reads it: text, entities in UTF-16 units, and its words for what is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_NAMES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_SPECIAL = re.compile(r"[<&]")
_REFERENCE = re.compile(r"&(?:#(x[0-9a-fA-F]+|[0-9]+)|([A-Za-z]+));?")
_TAG_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE_NAME = re.compile(r"[^\s=>]*")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_SPACES = re.compile(r"\s*")
_LITERALS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_WEB_ADDRESS = re.compile(
    r"https?://(?:[^\s/?#@]+@)?[^\s/?#:]+\.[^\s/?#:]*[^\s/?#:.](?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE
)


class CantParse(ValueError):
    """The text after "Bad Request: can't parse entities: "."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """`entities` are sorted, with `offset` and `length` in UTF-16 units of `text`, which is trimmed as Telegram does.

    `notes` name what Telegram lets pass in silence though nobody can mean it: a bare `&`, formatting mixed with code.
    """

    text: str
    entities: list[Json] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_web_address(url: str) -> bool:
    """http or https with a host that has a dot, or a tg:// link."""
    return _WEB_ADDRESS.fullmatch(url) is not None or url.startswith("tg://")


def parse(html: str) -> Parsed:
    """Raises CantParse in the words of Telegram's own parser."""
    if _SPECIAL.search(html) is None:
        return trimmed(Parsed(html))
    return trimmed(_Parser(html).parsed())


def trimmed(parsed: Parsed) -> Parsed:
    text = parsed.text.strip()
    if text == parsed.text:
        return parsed
    shift = utf16_length(parsed.text[: len(parsed.text) - len(parsed.text.lstrip())])
    end = utf16_length(text)
    entities = []
    for entity in parsed.entities:
        start = max(entity["offset"] - shift, 0)
        stop = min(entity["offset"] + entity["length"] - shift, end)
        if stop > start:
            entities.append({**entity, "offset": start, "length": stop - start})
    return Parsed(text, entities, parsed.notes)


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int  # UTF-16 units
    piece: int  # index of the first piece of text inside


class _Parser:
    def __init__(self, html: str) -> None:
        self.html = html
        self.pieces: list[str] = []
        self.length = 0  # UTF-16 units
        self.open: list[_Open] = []
        self.entities: list[Json] = []
        self.notes: list[str] = []

    def parsed(self) -> Parsed:
        at = 0
        while (special := _SPECIAL.search(self.html, at)) is not None:
            start = special.start()
            self._add(self.html[at:start])
            if special[0] == "&":
                at = self._reference(start)
            elif self.html.startswith("/", start + 1):
                at = self._end_tag(start)
            else:
                at = self._start_tag(start)
        self._add(self.html[at:])
        if self.open:
            raise CantParse(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return Parsed("".join(self.pieces), self.entities, self.notes)

    def _add(self, text: str) -> None:
        if text:
            self.pieces.append(text)
            self.length += utf16_length(text)

    def _reference(self, start: int) -> int:
        found = _REFERENCE.match(self.html, start)
        character = _character(found) if found else None
        if found is None or character is None:
            self.notes.append(f"a bare & at character {start}: {self.html[start : start + 12]!r}")
            self._add("&")
            return start + 1
        self._add(character)
        return found.end()

    def _start_tag(self, start: int) -> int:
        html = self.html
        name = _matched(_TAG_NAME, html, start + 1)
        at = start + 1 + len(name)
        if at == len(html):
            raise self._at(start, "Unclosed start tag")
        tag = name.lower()
        if tag not in _NAMES:
            raise self._at(start, f'Unsupported start tag "{tag}"')
        attributes, at = self._attributes(at, tag, start)
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise self._at(start, 'Tag "span" must have class "tg-spoiler"')
        if tag == "blockquote" and any(outer.tag == "blockquote" for outer in self.open):
            raise self._at(start, "Nested blockquote")
        self._note_mixed_code(tag, start)
        self.open.append(_Open(tag, attributes, self.length, len(self.pieces)))
        return at

    def _note_mixed_code(self, tag: str, start: int) -> None:
        for outer in self.open:
            both = {tag, outer.tag}
            if both & {"code", "pre"} and both not in ({"code", "pre"}, {"code", "blockquote"}, {"pre", "blockquote"}):
                self.notes.append(f"<{tag}> within <{outer.tag}> at character {start}: code takes no other formatting")

    def _attributes(self, at: int, tag: str, start: int) -> tuple[dict[str, str], int]:
        """The attributes and where the text after the tag begins."""
        html = self.html
        attributes: dict[str, str] = {}
        while True:
            at = _after_spaces(html, at)
            if at == len(html):
                raise self._at(start, f'Unclosed start tag "{tag}"')
            if html[at] == ">":
                return attributes, at + 1
            name = _matched(_ATTRIBUTE_NAME, html, at)
            if not name:
                raise self._at(start, f'Empty attribute name in the tag "{tag}"')
            at = _after_spaces(html, at + len(name))
            if not html.startswith("=", at):
                attributes[name.lower()] = ""
                continue
            at = _after_spaces(html, at + 1)
            if at == len(html):
                raise self._at(start, f'Unclosed start tag "{tag}"')
            attributes[name.lower()], at = self._value(at, start)

    def _value(self, at: int, start: int) -> tuple[str, int]:
        html = self.html
        if html[at] not in "'\"":
            token = _matched(_TOKEN, html, at)
            end = at + len(token)
            if not html[end : end + 1].isspace() and html[end : end + 1] != ">":
                raise self._at(at, "Unexpected end of name token")
            return token.lower(), end
        end = html.find(html[at], at + 1)
        if end < 0 or end + 1 == len(html):
            raise self._at(start, "Unclosed start tag")
        return _REFERENCE.sub(lambda found: _character(found) or found[0], html[at + 1 : end]), end + 1

    def _end_tag(self, start: int) -> int:
        if not self.open:
            raise self._at(start, "Unexpected end tag")
        name = _matched(_TAG_NAME, self.html, start + 2)
        at = _after_spaces(self.html, start + 2 + len(name))
        if not self.html.startswith(">", at):
            raise self._at(start, "Unclosed end tag")
        inner = self.open[-1]
        if name and name.lower() != inner.tag:
            raise self._at(start, f'Unmatched end tag, expected "</{inner.tag}>", found "</{name.lower()}>"')
        self.open.pop()
        if self.length > inner.offset:
            self._close(inner)
        return at + 1

    def _close(self, inner: _Open) -> None:
        entity: Json = {"type": _NAMES[inner.tag], "offset": inner.offset, "length": self.length - inner.offset}
        if inner.tag == "a":
            url = inner.attributes.get("href") or "".join(self.pieces[inner.piece :])
            if not is_web_address(url):
                return  # Telegram shows the text without a link
            entity["url"] = url
        elif inner.tag == "tg-emoji":
            identifier = inner.attributes.get("emoji-id", "")
            if not identifier.isdecimal() or not 0 < int(identifier) < 2**63:
                raise CantParse("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = identifier
        elif inner.tag == "blockquote" and "expandable" in inner.attributes:
            entity["type"] = "expandable_blockquote"
        elif inner.tag == "code" and self.open and self.open[-1].tag == "pre":
            language = inner.attributes.get("class", "")
            if language.startswith("language-") and self.open[-1].offset == inner.offset:
                self.open[-1].attributes["language"] = language.removeprefix("language-")
            return  # the pre around it stands for both
        elif inner.tag == "pre" and "language" in inner.attributes:
            entity["language"] = inner.attributes["language"]
        self.entities.append(entity)

    def _at(self, start: int, what: str) -> CantParse:
        """`what`, with the byte offset that Telegram gives: before a comma if there is one, otherwise at the end."""
        head, comma, tail = what.partition(", expected")
        return CantParse(f"{head} at byte offset {len(self.html[:start].encode())}{comma}{tail}")


def _character(reference: re.Match[str]) -> str | None:
    """The character that a reference stands for; None where Telegram leaves it as it is written."""
    number, name = reference.groups()
    if name is not None:
        return _LITERALS.get(name)
    if len(number) > 8:
        return None
    code = int(number[1:], 16) if number.startswith("x") else int(number)
    if 0xD800 <= code < 0xE000:
        raise CantParse(
            "Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units"
        )
    return chr(code) if 0 < code < 0x10FFFF else None


def _matched(pattern: re.Pattern[str], text: str, at: int) -> str:
    found = pattern.match(text, at)
    return found[0] if found else ""


def _after_spaces(text: str, at: int) -> int:
    return at + len(_matched(_SPACES, text, at))
