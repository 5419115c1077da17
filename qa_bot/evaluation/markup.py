"""HTML that cannot be broken by what is put into it. Pure.

A plain text is escaped wherever it is put; only what `element` and `join` return goes in as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from embeddings.console import printable

_VOID = frozenset({"br", "meta"})


class Markup(str):
    """HTML, every text in it escaped already."""

    __slots__ = ()


def text(value: str) -> Markup:
    """`value` escaped, without control and reordering characters; those become U+FFFD."""
    return value if isinstance(value, Markup) else Markup(escape(printable(value)))


def join(parts: Iterable[str]) -> Markup:
    return Markup("".join(text(part) for part in parts))


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """<name ...>children</name>. `class_` is class, `aria_label` aria-label; what is None is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(_written(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def _written(value: str | float) -> str:
    """Numbers with two digits after the point: hundredths of a pixel."""
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def marked(value: str, marks: Sequence[tuple[int, int]]) -> Markup:
    """`value` with the ranges [start, end) in <mark>; ranges may overlap, come in any order and end too late."""
    parts: list[Markup] = []
    at = 0
    for start, end in sorted(marks):
        start, end = max(start, at), min(end, len(value))
        if start < end:
            parts += [text(value[at:start]), element("mark", value[start:end])]
            at = end
    return join([*parts, text(value[at:])])
