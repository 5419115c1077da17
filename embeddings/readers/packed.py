"""Documents that are XML files in a zip archive, opened with distrust: DOCX, EPUB.

Nothing is unpacked beyond a limit; XML is read without entities, DTDs, files or network, whatever it asks for.
"""

from __future__ import annotations

import codecs
import io
import lzma
import posixpath
import re
import struct
import zipfile
import zlib
from html.entities import html5

from lxml import etree

_MOST = 300_000_000  # bytes of all members together
_RATIO, _LITTLE = 200, 10_000_000  # beyond this much of what is packed, and beyond this many bytes, it is a bomb
_MEMBERS = 20_000
_ENCRYPTED = 0x1  # of a member's flags
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # the container of Word until 2003, and of encrypted files since
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError, ValueError)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]+)["']""")
_DOCTYPE = re.compile(r"<!DOCTYPE\s+[^\[<>]*>", re.IGNORECASE)  # without declarations of its own
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})


class Package:
    """The members of a zip archive. `kind` names the format in errors, all of which are ValueError."""

    def __init__(self, data: bytes, kind: str) -> None:
        self._kind = kind
        if data.startswith(_OLE):
            raise ValueError("an old .doc or an encrypted document; save it as .docx without a password")
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGE as error:
            raise ValueError(f"not {kind} that can be read") from error
        members = self._archive.infolist()
        self._left = min(_MOST, max(_LITTLE, _RATIO * len(data)))
        if len(members) > _MEMBERS or sum(member.file_size for member in members) > self._left:
            raise ValueError(f"it unpacks to more than {self._left / 1e6:.0f} MB")
        if any(member.flag_bits & _ENCRYPTED for member in members):
            raise ValueError("encrypted; save it without a password")
        self._members = {member.filename: member for member in members}

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """The bytes of a member; each counts against the limit, whatever the directory says of its size."""
        if name not in self._members:
            raise ValueError(f"not {self._kind} that can be read (it has no {name})")
        try:
            with self._archive.open(self._members[name]) as file:
                data = file.read(self._left + 1)
        except _DAMAGE as error:
            raise ValueError(f"damaged ({name} cannot be unpacked)") from error
        if len(data) > self._left:
            raise ValueError(f"it unpacks to more than {self._left / 1e6:.0f} MB")
        self._left -= len(data)
        return data

    def xml(self, name: str) -> etree._Element:
        """The root of an XML member."""
        return parsed(self.read(name), name)


def parsed(data: bytes, name: str) -> etree._Element:
    """The root of an XML text. Raises ValueError where it is none, or declares entities."""
    text = _decoded(data, name)
    text = _DOCTYPE.sub("", _DECLARATION.sub("", text), count=1)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError(f"its XML declares entities ({name}), which no honest document does")
    named = _NAMED.sub(lambda match: match[0] if match[1] in _OF_XML else html5.get(f"{match[1]};", match[0]), text)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(named.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ValueError(f"damaged ({name} is not valid XML)") from error
    if root is None:
        raise ValueError(f"damaged ({name} is empty)")
    return root


def _decoded(data: bytes, name: str) -> str:
    """XML is in UTF-8 or, with a byte order mark, in UTF-16: another encoding could hide what it declares."""
    stated = _ENCODING.match(data[:200])
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    if stated is not None and stated[1].lower() not in (b"utf-8", b"us-ascii", b"ascii", b"utf8"):
        raise ValueError(f"its XML is in {stated[1].decode()} ({name}), not in UTF-8")
    try:
        return data.decode(encoding).replace("\0", "")
    except UnicodeDecodeError as error:
        raise ValueError(f"damaged ({name} is not UTF-8)") from error


def local(element: etree._Element) -> str:
    """The name of an element without its namespace: the strict and the usual variants of a format differ in these."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: etree._Element, name: str) -> str | None:
    """An attribute by its name without its namespace."""
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), None)


def resolved(base: str, target: str) -> str:
    """The name of the member that `target` points to from the member `base`."""
    path = target.split("#", 1)[0]
    joined = path.lstrip("/") if path.startswith("/") else posixpath.join(posixpath.dirname(base), path)
    return posixpath.normpath(joined)
