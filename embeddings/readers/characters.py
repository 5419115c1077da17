"""Characters as a text holds them: what typesetters and file formats put in their place is made plain."""

from __future__ import annotations

import re
import unicodedata

_COMPATIBLE = re.compile("[\ufb00-\ufb06\uff01-\uff5e\u2160-\u217f\u0132\u0133\u01c4-\u01cc]")  # ligatures, full width
_SPACE = re.compile("[\u0009-\u000d\u001c-\u001f\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\ufff0-\uffff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_BULLET = re.compile("[\uf06c\uf076\uf0a7\uf0b7\uf0d8\uf0fc]")  # of the fonts Symbol and Wingdings


def plain(text: str) -> str:
    """One line in NFC: ligatures and full-width forms spelled out, runs of spaces as one, nothing invisible."""
    text = _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), _BULLET.sub("•", text))
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", _SPACE.sub(" ", text)))
    return _SPACE.sub(" ", text).strip()
