"""What the commands say to people, in Vietnamese and in English. qa_bot.messages adds the bot's own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Language = Literal["vi", "en"]
Catalogue = Mapping[str, Mapping[Language, str]]

BUILD: Catalogue = {
    "stage.read": {"vi": "Đọc bài", "en": "Reading"},
    "stage.fetch": {"vi": "Tải trang", "en": "Fetching"},
    "stage.encode": {"vi": "Mã hóa câu", "en": "Encoding"},
    "stage.compress": {"vi": "Nén vectơ", "en": "Compressing"},
    "stage.index": {"vi": "Lập chỉ mục", "en": "Indexing"},
    "stage.check": {"vi": "Kiểm tra", "en": "Checking"},
    "stage.publish": {"vi": "Đưa lên Milvus", "en": "Publishing to Milvus"},
    "stage.model": {"vi": "Chuẩn bị mô hình (một lần)", "en": "Preparing the model (once)"},
    "build.title": {"vi": "Chỉ mục số {number} · {folder}", "en": "Index generation {number} · {folder}"},
    "build.unchanged": {"vi": "không có gì mới", "en": "nothing new"},
    "build.articles": {"vi": "Bài viết", "en": "Articles"},
    "build.passages": {"vi": "Đoạn", "en": "Passages"},
    "build.sentences": {"vi": "Câu", "en": "Sentences"},
    "build.encoded": {"vi": "Câu mới mã hóa", "en": "Encoded"},
    "build.reused": {"vi": "Câu dùng lại", "en": "Reused"},
    "build.skipped": {"vi": "Bỏ qua", "en": "Skipped"},
    "build.seconds": {"vi": "Giây", "en": "Seconds"},
    "build.rate": {"vi": "Đoạn mỗi giây", "en": "Passages per second"},
    "build.size": {"vi": "Dung lượng", "en": "Size"},
    "build.watching": {"vi": "Đang theo dõi {names} (Ctrl-C để dừng)", "en": "Watching {names} (Ctrl-C ends)"},
    "build.followed": {
        "vi": "{now} · chỉ mục số {number}: {articles} bài{change}, mã hóa {encoded} câu, bỏ qua {skipped}, "
        "{seconds} giây",
        "en": "{now} · generation {number}: {articles} articles{change}, {encoded} sentences encoded, "
        "{skipped} skipped, {seconds} s",
    },
    "build.more": {"vi": "… và {count} tệp nữa", "en": "… and {count} more"},
}


def say(catalogue: Catalogue, language: Language, name: str, /, **values: object) -> str:
    """The message `name`, with its {values} filled in. An unknown name is a bug, and raises KeyError."""
    return catalogue[name][language].format(**values)
