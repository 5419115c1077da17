"""PDF files written by hand, for what no program writes: old encodings, bombs, endless drawings."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

_A4 = b"0 0 595 842"


def document(objects: Sequence[bytes]) -> bytes:
    """A file of these objects, the first of which is number 1 and the catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    entries = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, entries)
    trailer = b"trailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + table + trailer


def stream(content: bytes, more: bytes = b"") -> bytes:
    return b"<</Length %d %s>>\nstream\n%s\nendstream" % (len(content), more, content)


def page(
    content: bytes, font: bytes = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>", more: Sequence[bytes] = ()
) -> bytes:
    """One page with the stream object `content`, in one font, which is /F1; `more` objects are numbered from 6."""
    resources = b"<</Font <</F1 5 0 R>>>>"
    return document([
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [%s] /Contents 4 0 R /Resources %s>>" % (_A4, resources),
        content,
        font,
        *more,
    ])  # fmt: skip


def lines(texts: Sequence[bytes], font: bytes, size: int = 12, more: Sequence[bytes] = ()) -> bytes:
    """One page with these lines, each as the codes of its characters in the font."""
    shown = b" ".join(b"<%s> Tj T*" % text.hex().encode() for text in texts)
    return page(stream(b"BT /F1 %d Tf %d TL 60 780 Td %s ET" % (size, size + 3, shown)), font, more)


def old_font(name: str, widths: dict[int, int]) -> bytes:
    """A TrueType font without a map to Unicode, as Word embedded .VnTime; `widths` in thousandths of its size."""
    told = " ".join(str(widths.get(code, 500)) for code in range(32, 256))
    return (
        f"<</Type /Font /Subtype /TrueType /BaseFont /{name} /Encoding /WinAnsiEncoding "
        f"/FirstChar 32 /LastChar 255 /Widths [{told}]>>"
    ).encode()


def bomb(megabytes: int) -> bytes:
    """A page whose drawing unpacks to so much from a millionth of it: compressed twice."""
    block = b"BT ET " * 170_000
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)  # may stand any number of times
    check = 1
    for _ in range(megabytes):
        check = zlib.adler32(block, check)
    once = b"\x78\xda" + packed * megabytes + b"\x03\x00" + check.to_bytes(4, "big")
    return page(stream(zlib.compress(once, 9), b"/Filter [/FlateDecode /FlateDecode]"))


def endless(depth: int = 9, width: int = 10) -> bytes:
    """A page that draws a form that draws ten forms, each of which draws ten … : `width ** depth` letters."""
    first = 5
    forms = [
        stream(
            b"/X Do " * width if level < depth else b"BT /F1 9 Tf 50 50 Td (a) Tj ET",
            b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources <</XObject <</X %d 0 R>>>>"
            % (first + level + 1 if level < depth else first),
        )
        for level in range(depth + 1)
    ]
    return document([
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [%s] /Contents 4 0 R /Resources <</XObject <</X 5 0 R>>>>>>" % _A4,
        stream(b"/X Do"),
        *forms,
    ])  # fmt: skip


def nameless_font() -> bytes:
    """A font of glyph numbers, without a map to Unicode."""
    return (
        b"<</Type /Font /Subtype /Type0 /BaseFont /AAAAAA+Nameless /Encoding /Identity-H /DescendantFonts [<<"
        b"/Type /Font /Subtype /CIDFontType2 /BaseFont /AAAAAA+Nameless /CIDSystemInfo "
        b"<</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /DW 500>>]>>"
    )


def pages(texts: Sequence[bytes]) -> bytes:
    """One page for each text, with a line in its middle."""
    first = 4
    numbers = range(first, first + 2 * len(texts), 2)
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    objects = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [%s] /Count %d>>" % (kids, len(texts)),
        b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
    ]
    for number, text in zip(numbers, texts, strict=True):
        objects += [
            b"<</Type /Page /Parent 2 0 R /MediaBox [%s] /Contents %d 0 R /Resources <</Font <</F1 3 0 R>>>>>>"
            % (_A4, number + 1),
            stream(b"BT /F1 12 Tf 60 400 Td (%s) Tj ET" % text if text else b""),
        ]
    return document(objects)


_TCVN3 = dict(zip(
    "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵĂÂÊÔƠƯĐ",
    bytes.fromhex(
        "b5b6b7b8b9a8bbbcbdbec6a9c7c8c9cacbaecccecfd0d1aad2d3d4d5d6d7d8dcdddedfe1e2e3e4abe5e6e7e8e9aceaebecedeeeff1f2"
        "f3f4adf5f6f7f8f9fafbfcfdfea1a2a3a4a5a6a7"
    ),
    strict=True,
))  # fmt: skip


def tcvn3(text: str) -> bytes:
    """Codes by TCVN 5712:1993; of capitals with a tone it has none, so they are not for it."""
    return bytes(_TCVN3.get(character, ord(character)) for character in text)
