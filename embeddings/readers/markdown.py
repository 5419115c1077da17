"""Markdown, with front matter in YAML between two lines of ---."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from embeddings.readers import Hints, Reading, plain

_FRONT_MATTER = re.compile(r"\ufeff?\s*---[ \t]*\n(.*?\n|)---[ \t]*(?:\n|\Z)", re.DOTALL)


def read(data: bytes, hints: Hints) -> Iterator[Reading]:  # noqa: ARG001 - Markdown says all itself
    text, front_matter, body_start = _split(plain.decode(data))
    yield Reading(text, front_matter, body_start)


def _split(text: str) -> tuple[str, dict[str, str], int]:
    """(text, front matter, where the body starts)."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return text, {}, 0
    try:
        values = yaml.load(match[1], Loader=yaml.BaseLoader)  # noqa: S506 - strings only, no objects: a date stays as written
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 2})" if mark is not None else ""
        raise ValueError(f"its front matter is not valid YAML{line}") from error
    if values is not None and not isinstance(values, dict):
        return text, {}, 0  # two rules with text between them
    return text, _flat(values or {}), match.end()


def _flat(values: dict[object, object]) -> dict[str, str]:
    """Names with their texts; a list's texts joined, anything deeper left out."""
    joined = {
        str(name): ", ".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else value
        for name, value in values.items()
        if isinstance(value, str | list)
    }
    return {name: _valid(value).strip() for name, value in joined.items()}


def _valid(text: str) -> str:
    """Escapes in YAML can spell half characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
