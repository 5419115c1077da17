"""Plain text as Telegram counts, cuts and reads it. Pure.

Telegram counts UTF-16 code units, and it turns what looks like an address, a mention, a hashtag, a cashtag or a
command into a link by itself, in text without any markup too. What it takes for those is written in
`find_entities` of TDLib's td/telegram/MessageEntity.cpp; the patterns below follow it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from itertools import pairwise
from urllib.parse import quote

from telegram.constants import MessageLimit

from embeddings.console import printable

LIMIT = int(MessageLimit.MAX_TEXT_LENGTH)  # UTF-16 code units of a message, after its markup is parsed
JOINER = "\u2060"  # WORD JOINER: takes no room, and ends what Telegram takes for an address

_MAX_ADDRESS = 2048  # characters
_ADDRESS = re.compile(r"https?://(?:[a-z0-9-]+\.)+(?:[a-z]{2,}|xn--[a-z0-9]+)(?::\d{1,5})?(?:[/?#]\S*)?", re.A | re.I)
_ADDRESS_SAFE = "/?#[]@!$&'()*+,;=:%~-._"

_LABEL = r"A-Za-z0-9_~\-\u00c0-\u1fff\u200c\u200d\u2010-\u2015\u2070-\U0010ffff"  # of a domain, generously
_IN_LABEL = r"(?:[0-9A-Za-z_~-]|(?![\u0080-\u00bf])\w)"  # surely of a domain: ² and its like are not
_LATIN = r"A-Za-z\u00aa-\u024f\u1e00-\u1eff"
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_JOINT = re.compile(
    rf"""
      (?<=[@\#])(?=[^\s{JOINER}])                # a mention, an e-mail address, a hashtag
    | (?<=\$)(?=[A-Z]|1INCH)                     # a cashtag
    | (?<![\w/<>]/)(?<=/)(?=[A-Za-z0-9_])        # a command: 34/34 is none
    | (?<=:)(?=//)                               # http:// and tg://
    | (?<=[{_LABEL}]\.)(?:
          (?![A-Z][a-z]+(?!{_IN_LABEL}))         # "xong.Theo" only lacks a space
          (?=[A-Za-z]{{2,}}(?!{_IN_LABEL})|xn--)   # example.com
        | (?=[^\W\d_])(?=[^{_LATIN}])            # a domain of another script
      )
    """,
    re.VERBOSE,
)
_IPV4 = re.compile(rf"(?<![0-9A-Za-z_~-])(?<![0-9A-Za-z_~-]\.)({_BYTE}\.){_BYTE}\.{_BYTE}\.{_BYTE}(?!\.?{_IN_LABEL})")

_ZERO_WIDTH_JOINER = "\u200d"
_EXTENDING = re.compile(f"[\u200c{_ZERO_WIDTH_JOINER}{JOINER}\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\udc00-\udfff]")


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def joints(text: str) -> list[int]:
    """Where a WORD JOINER has to go in, so that nothing in `text` becomes a link by itself; in order."""
    return sorted({match.start() for match in _JOINT.finditer(text)} | {match.end(1) for match in _IPV4.finditer(text)})


def harmless(text: str) -> str:
    """`text` as it may stand in a message: without control characters, and with nothing that becomes a link."""
    text = printable(text)
    edges = [0, *joints(text), len(text)]
    return JOINER.join(text[a:b] for a, b in pairwise(edges)) if len(edges) > 2 else text


def markup(text: str) -> str:
    """`text` so that Telegram's HTML mode reads it as it stands."""
    return html.escape(text, quote=False)


def escape(text: str) -> str:
    """Untrusted text for HTML mode: harmless, and no markup."""
    return markup(harmless(text))


def shows(text: str) -> bool:
    """Whether there is anything to see; Telegram refuses a message without."""
    return any(unicodedata.category(c)[0] not in "CZ" and c not in "\u2800\u3164\ufffc" for c in text)


def web_address(url: str | None) -> str | None:
    """`url` if it is an http(s) address that Telegram takes for a link or a button, with the rest percent-encoded.

    None for what is no such address: a bad one in a button makes Telegram refuse the whole message.
    """
    if not url or len(url) > _MAX_ADDRESS or printable(url) != url or not _ADDRESS.fullmatch(url):
        return None
    encoded = quote(url, safe=_ADDRESS_SAFE)
    return encoded if len(encoded) <= _MAX_ADDRESS else None


def split(text: str, limit: int = LIMIT) -> list[str]:
    """Cut `text` at the last space that fits, so that `"".join(parts) == text` and each part has <= `limit` units.

    A part without a space is cut between two characters as people see them; one such character is cut only when it
    is longer than `limit` by itself. Takes time in proportion to the text. Raises ValueError for a limit below 2.
    """
    if limit < 2:
        raise ValueError("limit must be at least 2: so many units has one character")
    parts, start = [], 0
    while start < len(text):
        end = reach(text, start, limit)
        parts.append(text[start:end])
        start = end
    return parts


def reach(text: str, start: int, limit: int) -> int:
    """Where the part of at most `limit` (>= 2) units ends that begins at `start`."""
    end = start
    while end < len(text) and (limit := limit - (2 if text[end] > "\uffff" else 1)) >= 0:
        end += 1
    if end == len(text):
        return end
    cuts = [cut for cut in range(end, start, -1) if text[cut - 1].isspace()]
    return next((cut for cut in (*cuts, *range(end, start, -1)) if not _holds_together(text, start, cut)), end)


def _holds_together(text: str, start: int, cut: int) -> bool:
    """Whether people see one character on both sides of `cut`. `start` is where a character begins."""
    before, after = text[cut - 1], text[cut]
    if before == _ZERO_WIDTH_JOINER or _EXTENDING.match(after) or unicodedata.category(after)[0] == "M":
        return True
    if before == "\r" and after == "\n":
        return True
    if not (_is_regional(before) and _is_regional(after)):
        return False
    first = cut
    while first > start and _is_regional(text[first - 1]):
        first -= 1
    return (cut - first) % 2 == 1  # flags are pairs


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
