"""From files to pages: one module a format, one registry.

A reader takes a file's bytes and returns (text, front matter, where the body starts). It raises ValueError with
a reason that a person understands when it cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from embeddings.readers import markdown, plain

Reading = tuple[str, dict[str, str], int]

READERS: Mapping[str, Callable[[bytes], Reading]] = {".txt": plain.read, ".md": markdown.read}
"""By file name extension, lower case."""
