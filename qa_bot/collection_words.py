"""What is said of the collection itself. Part of the catalogue in messages.py."""

from __future__ import annotations

from embeddings.messages import Catalogue

COLLECTION: Catalogue = {
    "collection.count": {"vi": "Có {count} bài:", "en": "There are {count} articles:"},
    "collection.count_one": {"vi": "Có 1 bài:", "en": "There is 1 article:"},
    "collection.count_about": {"vi": "Có {count} bài nhắc đến {subject}:", "en": "{count} articles mention {subject}:"},
    "collection.count_about_one": {"vi": "Có 1 bài nhắc đến {subject}:", "en": "1 article mentions {subject}:"},
    "collection.at_least": {
        "vi": "Có ít nhất {count} bài nhắc đến {subject}:",
        "en": "At least {count} articles mention {subject}:",
    },
    "collection.scattered": {
        "vi": "Không bài nào viết liền cụm từ “{subject}”; {count} bài sau có đủ các từ ấy:",
        "en": "No article has the exact phrase “{subject}”; all of its words stand in {count}:",
    },
    "collection.more": {"vi": "… và {count} bài nữa", "en": "… and {count} more"},
}
