"""Markdown, with front matter in YAML between two lines of ---."""

from __future__ import annotations

import re

import yaml

from embeddings.readers import plain

_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n(.*?\n|)---[ \t]*(?:\n|\Z)", re.DOTALL)


def read(data: bytes) -> tuple[str, dict[str, str], int]:
    text = plain.decode(data)
    match = _FRONT_MATTER.match(text)
    if match is None:
        return text, {}, 0
    try:
        values = yaml.load(match[1], Loader=yaml.BaseLoader)  # plain strings only: a date stays as it was written
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 2})" if mark is not None else ""
        raise ValueError(f"its front matter is not valid YAML{line}") from error
    return text, _flat(values), match.end()


def _flat(values: object) -> dict[str, str]:
    if not isinstance(values, dict):
        return {}
    return {
        str(name): ", ".join(map(str, value)) if isinstance(value, list) else value.strip()
        for name, value in values.items()
        if isinstance(value, str | list)
    }
