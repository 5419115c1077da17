"""What `qa-bot calibrate` says, in Vietnamese and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embeddings import messages

if TYPE_CHECKING:
    from embeddings.messages import Catalogue, Language

CALIBRATION: Catalogue = {
    "calibrate.asking": {"vi": "Đang hỏi thử", "en": "Asking"},
    "calibrate.questions": {"vi": "Câu hỏi", "en": "Questions"},
    "calibrate.mean_before": {"vi": "Độ tin cậy trung bình, trước", "en": "Mean confidence, before"},
    "calibrate.mean_after": {"vi": "Độ tin cậy trung bình, sau", "en": "Mean confidence, after"},
    "calibrate.refused_before": {"vi": "Từ chối, trước", "en": "Refused, before"},
    "calibrate.refused_after": {"vi": "Từ chối, sau", "en": "Refused, after"},
    "calibrate.present": {"vi": "còn đoạn", "en": "passage there"},
    "calibrate.absent": {"vi": "cất đoạn đi", "en": "taken away"},
    "calibrate.learnt": {
        "vi": "Độ dốc {slope}, độ dời {shift}; đã ghi vào {file}.",
        "en": "Slope {slope}, shift {shift}; written to {file}.",
    },
    "calibrate.unchanged": {
        "vi": "Độ tin cậy không cao hơn mức hợp lý nên được giữ nguyên (độ dốc 1, độ dời 0; {file}).",
        "en": "The confidence is not too high, so it stays as it is (slope 1, shift 0; {file}).",
    },
    "calibrate.removed": {
        "vi": "Đã bỏ {file}; độ tin cậy như lúc đầu.",
        "en": "{file} is gone; the confidence is as it was at first.",
    },
    "calibrate.nothing": {"vi": "Không có {file} để bỏ.", "en": "There is no {file} to remove."},
}


def say(language: Language, name: str, /, **values: object) -> str:
    return messages.say(CALIBRATION, language, name, **values)
