"""Texts that are printed again with changes, for tests of reprints. All places in them are made up."""

from __future__ import annotations

import random

from embeddings.vietnamese import syllables

SYLLABLES = syllables(
    "mưa lũ làm ngập đường vào bản người dân phải đi thuyền qua suối trường học đóng cửa cán bộ xã mang gạo nước và "
    "thuốc đến từng nhà huyện chi tiền sửa cầu hồ chứa xả tràn lúa mới gặt phơi khô trâu bò được lùa lên đồi điện lưới "
    "mất từ tối hôm trước đội cứu hộ trực suốt đêm ven sông chợ phiên họp muộn giá rau tăng nhẹ trẻ em nghỉ ở trạm y tế"
)
FORM = (
    "Dự báo thời tiết ngày {0}/{1} tại huyện Tân Lĩnh: nhiều mây, có mưa rào rải rác. Nhiệt độ thấp nhất {2} độ, cao "
    "nhất {3} độ. Độ ẩm từ {4} đến {5} phần trăm. Gió đông nam cấp {6}. Lượng mưa ở trạm Khe Vàng {7} mm, trạm Đồi Chè "
    "{8} mm, trạm Bến Đá {9} mm. Mực nước sông Lam Khê lúc 7 giờ là {10} cm, dưới báo động một {11} cm. Bà con theo "
    "dõi bản tin tiếp theo lúc {12} giờ và gọi số máy của xã khi thấy đất nứt, suối đục hay cây đổ chắn đường vào thôn."
)


def paragraph(number: int, length: int = 40) -> str:
    """`length` syllables, the same for the same number, and in nothing like another's."""
    chosen = random.Random(number)  # noqa: S311 - a fixed choice is wanted
    return " ".join(chosen.choice(SYLLABLES) for _ in range(length)).capitalize() + "."


def paragraphs(first: int, last: int) -> str:
    return "\n".join(paragraph(number) for number in range(first, last))


def weather(day: int) -> str:
    """FORM, filled in for one day."""
    return FORM.format(*random.Random(day).sample(range(1, 99), 13))  # noqa: S311 - a fixed choice is wanted
