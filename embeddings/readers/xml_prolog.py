"""What kind of XML a file is, by its root element: read by hand, so that no parser meets declarations of entities."""

from __future__ import annotations

import re

_NAME = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_HEAD = 100_000  # bytes before the root element
_ENCODINGS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))


def root_name(data: bytes) -> str | None:
    """The root element's name without its prefix, in lower case; None where this is no XML.

    Raises ValueError where a document type declares something of its own: entities can unpack to anything, or ask for
    files and addresses, and feeds and sitemaps need none.
    """
    encoding = next((name for mark, name in _ENCODINGS if data.startswith(mark)), "latin-1")
    text = data[:_HEAD].decode(encoding, "replace").removeprefix("ï»¿").removeprefix("\ufeff").lstrip()
    while text.startswith(("<?", "<!")):
        if text.startswith("<!--"):
            _, _, text = text.partition("-->")
        else:
            declaration, _, text = text.partition(">")
            if "[" in declaration:
                raise ValueError("its document type declares entities, and these are not read")
        text = text.lstrip()
    root = _NAME.match(text)
    return root[1].lower() if root else None
