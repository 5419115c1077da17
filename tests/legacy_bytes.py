"""Oracle for the encodings before Unicode: the bytes of all 134 Vietnamese letters, and a word for each.

TCVN and VISCII as GNU libiconv and RFC 1456 have them; VNI as typed with its fonts; Windows-1258 as Windows writes it,
the tone mark behind its letter. Nothing here is computed from the tables under test.
"""

from __future__ import annotations

from collections.abc import Callable

_ROWS = """
á b8 83 e1 c1 aù AÙ 61ec 41ec
à b5 80 e0 c0 aø AØ 61cc 41cc
ả b6 81 e4 c4 aû AÛ 61d2 41d2
ã b7 82 e3 c3 aõ AÕ 61de 41de
ạ b9 84 d5 80 aï AÏ 61f2 41f2
â a9 a2 e2 c2 aâ AÂ e2 c2
ấ ca c4 a4 84 aá AÁ e2ec c2ec
ầ c7 c1 a5 85 aà AÀ e2cc c2cc
ẩ c8 c2 a6 86 aå AÅ e2d2 c2d2
ẫ c9 c3 e7 06 aã AÃ e2de c2de
ậ cb 86 a7 87 aä AÄ e2f2 c2f2
ă a8 a1 e5 c5 aê AÊ e3 c3
ắ be c0 a1 81 aé AÉ e3ec c3ec
ằ bb af a2 82 aè AÈ e3cc c3cc
ẳ bc ba c6 02 aú AÚ e3d2 c3d2
ẵ bd bf c7 05 aü AÜ e3de c3de
ặ c6 85 a3 83 aë AË e3f2 c3f2
é d0 8a e9 c9 eù EÙ 65ec 45ec
è cc 87 e8 c8 eø EØ 65cc 45cc
ẻ ce 88 eb cb eû EÛ 65d2 45d2
ẽ cf 89 a8 88 eõ EÕ 65de 45de
ẹ d1 8b a9 89 eï EÏ 65f2 45f2
ê aa a3 ea ca eâ EÂ ea ca
ế d5 da aa 8a eá EÁ eaec caec
ề d2 c5 ab 8b eà EÀ eacc cacc
ể d3 cd ac 8c eå EÅ ead2 cad2
ễ d4 d9 ad 8d eã EÃ eade cade
ệ d6 8c ae 8e eä EÄ eaf2 caf2
ó e3 95 f3 d3 où OÙ 6fec 4fec
ò df 92 f2 d2 oø OØ 6fcc 4fcc
ỏ e1 93 f6 99 oû OÛ 6fd2 4fd2
õ e2 94 f5 a0 oõ OÕ 6fde 4fde
ọ e4 96 f7 9a oï OÏ 6ff2 4ff2
ô ab a4 f4 d4 oâ OÂ f4 d4
ố e8 ff af 8f oá OÁ f4ec d4ec
ồ e5 db b0 90 oà OÀ f4cc d4cc
ổ e6 e0 b1 91 oå OÅ f4d2 d4d2
ỗ e7 f0 b2 92 oã OÃ f4de d4de
ộ e9 97 b5 93 oä OÄ f4f2 d4f2
ơ ac a5 bd b4 ô Ô f5 d5
ớ ed 9b be 95 ôù ÔÙ f5ec d5ec
ờ ea 98 b6 96 ôø ÔØ f5cc d5cc
ở eb 99 b7 97 ôû ÔÛ f5d2 d5d2
ỡ ec 9a de b3 ôõ ÔÕ f5de d5de
ợ ee 9c fe 94 ôï ÔÏ f5f2 d5f2
ú f3 01 fa da uù UÙ 75ec 55ec
ù ef 9d f9 d9 uø UØ 75cc 55cc
ủ f1 9e fc 9c uû UÛ 75d2 55d2
ũ f2 9f fb 9d uõ UÕ 75de 55de
ụ f4 02 f8 9e uï UÏ 75f2 55f2
ư ad a6 df bf ö Ö fd dd
ứ f8 11 d1 ba öù ÖÙ fdec ddec
ừ f5 04 d7 bb öø ÖØ fdcc ddcc
ử f6 05 d8 bc öû ÖÛ fdd2 ddd2
ữ f7 06 e6 ff öõ ÖÕ fdde ddde
ự f9 12 f1 b9 öï ÖÏ fdf2 ddf2
í dd 90 ed cd í Í 69ec 49ec
ì d7 8d ec cc ì Ì 69cc 49cc
ỉ d8 8e ef 9b æ Æ 69d2 49d2
ĩ dc 8f ee ce ó Ó 69de 49de
ị de 91 b8 98 ò Ò 69f2 49f2
ý fd 16 fd dd yù YÙ 79ec 59ec
ỳ fa 13 cf 9f yø YØ 79cc 59cc
ỷ fb 14 d6 14 yû YÛ 79d2 59d2
ỹ fc 15 db 19 yõ YÕ 79de 59de
ỵ fe 17 dc 1e î Î 79f2 59f2
đ ae a7 f0 d0 ñ Ñ f0 d0
"""
# Columns: letter; TCVN small, capital (of VN1); VISCII small, capital; VNI small, capital; Windows-1258 small, capital.

_WORDS = """
    cá nhà cả xã mạ sân đất cầu phẩm mẫu mật năm bắc bằng thẳng sẵn mặt bé chè trẻ sẽ mẹ lên bến bề để lễ huyện
    có trò nhỏ rõ học sông phố đồng tổ gỗ bộ cơ lớp giờ mở đỡ chợ lúa mùa chủ cũng vụ thư thứ từ cửa chữ tự
    chí gì tỉnh nghĩa chị quý kỳ tỷ kỹ tỵ đi
"""
WORDS = _WORDS.split()
"""One for each letter beyond ASCII."""

Table = dict[str, bytes]


def _table(of: Callable[[list[str]], tuple[bytes, bytes]]) -> Table:
    """Bytes by letter; `of` gives those of the small and the capital letter in a row."""
    rows = [row.split() for row in _ROWS.strip().splitlines()]
    small = {row[0]: of(row)[0] for row in rows}
    return small | {row[0].upper(): of(row)[1] for row in rows}


TCVN = _table(lambda row: (bytes.fromhex(row[1]), bytes.fromhex(row[2])))
VISCII = _table(lambda row: (bytes.fromhex(row[3]), bytes.fromhex(row[4])))
VNI = _table(lambda row: (row[5].encode("latin-1"), row[6].encode("latin-1")))
WINDOWS_1258 = _table(lambda row: (bytes.fromhex(row[7]), bytes.fromhex(row[8])))
# VN3, in fonts for Windows, has capitals without a tone mark only; the font .VnTimeH shows small letters as capitals.
TCVN3 = TCVN | {letter: TCVN[letter.lower()] for letter in TCVN if letter.isupper() and letter not in "ĂÂÊÔƠƯĐ"}

TABLES = {"tcvn3": TCVN3, "vni": VNI, "viscii": VISCII, "windows-1258": WINDOWS_1258}


def encoded(text: str, table: Table) -> bytes:
    """`text` in an encoding; characters beyond ASCII that it has none for are as in code page 1252."""
    return b"".join(table.get(letter) or letter.encode("cp1252") for letter in text)


def as_shown(data: bytes) -> str:
    """What a program makes of those bytes that takes them for code page 1252."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in data)
