"""Everything the bot says to people, in Vietnamese and in English. Front ends keep no words of their own."""

from __future__ import annotations

from embeddings import messages
from embeddings.messages import BUILD, Catalogue, Language
from qa_bot.telegram_words import TELEGRAM

CATALOGUE: Catalogue = {
    **BUILD,
    **TELEGRAM,
    "answer.not_found": {
        "vi": "Mình đã tìm kỹ, nhưng các bài viết không nói tới điều này.",
        "en": "I looked carefully, but the articles don't say anything about this.",
    },
    "answer.nearest": {
        "vi": "Gần nhất là những đoạn sau, có thể chưa phải câu trả lời:",
        "en": "These passages come nearest, though they may not answer it:",
    },
    "answer.sources": {"vi": "Nguồn", "en": "Sources"},
    "answer.understood": {"vi": "Hiểu là: {question}", "en": "Understood as: {question}"},
    "passage.published": {"vi": "Ngày đăng", "en": "Published"},
    "passage.author": {"vi": "Tác giả", "en": "Author"},
    "passage.source": {"vi": "Nguồn", "en": "Source"},
    "passage.path": {"vi": "Tệp", "en": "File"},
    "passage.url": {"vi": "Địa chỉ", "en": "Address"},
    "table.rank": {"vi": "#", "en": "#"},
    "table.article": {"vi": "Bài viết", "en": "Article"},
    "table.published": {"vi": "Ngày", "en": "Date"},
    "table.from": {"vi": "Nguồn", "en": "From"},
    "table.dense": {"vi": "Nghĩa", "en": "Dense"},
    "table.lexical": {"vi": "Từ", "en": "Words"},
    "table.score": {"vi": "Điểm", "en": "Score"},
    "table.reason": {"vi": "Lý do", "en": "Reason"},
    "table.value": {"vi": "Giá trị", "en": "Value"},
    "table.weight": {"vi": "Trọng số", "en": "Weight"},
    "table.more": {"vi": "… và {count} bài nữa", "en": "… and {count} more"},
    "reason.dense": {"vi": "câu gần nghĩa với câu hỏi", "en": "sentence close in meaning"},
    "reason.dense_gap": {"vi": "kém câu gần nghĩa nhất", "en": "behind the closest sentence"},
    "reason.dense_lead": {"vi": "hơn các đoạn khác về nghĩa", "en": "ahead of other passages in meaning"},
    "reason.passage": {"vi": "điểm của đoạn", "en": "score of the passage"},
    "reason.in_sentence": {"vi": "từ hỏi có trong câu", "en": "asked words in the sentence"},
    "reason.near": {"vi": "từ hỏi có quanh câu", "en": "asked words around it"},
    "reason.in_passage": {"vi": "từ hỏi có trong đoạn", "en": "asked words in the passage"},
    "reason.pairs": {"vi": "cặp từ hỏi có trong câu", "en": "asked word pairs in the sentence"},
    "reason.numbers": {"vi": "số trong câu hỏi có trong đoạn", "en": "asked numbers in the passage"},
    "reason.names": {"vi": "tên trong câu hỏi có trong đoạn", "en": "asked names in the passage"},
    "reason.focus": {"vi": "điều được hỏi có trong câu", "en": "the thing asked for in the sentence"},
    "reason.kind": {"vi": "có đúng loại điều được hỏi", "en": "holds the kind asked for"},
    "reason.lacks_number": {"vi": "hỏi số mà câu không có số", "en": "no number where one is asked for"},
    "reason.lacks_date": {"vi": "hỏi ngày mà câu không có ngày", "en": "no date where one is asked for"},
    "reason.lacks_name": {"vi": "hỏi tên mà câu không có tên", "en": "no name where one is asked for"},
    "reason.requirements": {"vi": "điều bắt buộc phải có trong câu", "en": "what an answer must hold"},
    "reason.length": {"vi": "độ dài câu", "en": "length of the sentence"},
    "why.confidence": {"vi": "Độ tin cậy: {percent}%", "en": "Confidence: {percent}%"},
    "status.title": {"vi": "Chỉ mục số {number} · {folder}", "en": "Index generation {number} · {folder}"},
    "status.created": {"vi": "Lập lúc (UTC)", "en": "Created (UTC)"},
    "status.model": {"vi": "Mô hình", "en": "Model"},
    "status.warning": {"vi": "Cảnh báo", "en": "Warning"},
    "example.author": {"vi": "Ai viết bài {topic}?", "en": "Who wrote the article {topic}?"},
    "example.date": {"vi": "Bài {topic} đăng ngày nào?", "en": "When was the article {topic} published?"},
    "example.on": {"vi": "về {place}", "en": "on {place}"},
    "repl.greeting": {
        "vi": "Chào bạn! Mình đã đọc {count} bài viết; bạn cứ hỏi, có dấu hay không dấu đều được.",
        "en": "Hello! I have read {count} articles; ask me in Vietnamese, with or without diacritics.",
    },
    "repl.hint": {
        "vi": ":help xem các lệnh · Ctrl-C dừng câu đang hỏi · Ctrl-D thoát",
        "en": ":help lists the commands · Ctrl-C stops a question · Ctrl-D leaves",
    },
    "repl.prompt": {"vi": "Hỏi> ", "en": "Ask> "},
    "repl.thinking": {
        "vi": "Đang tìm… (câu đầu tiên còn phải nạp mô hình)",
        "en": "Searching… (the first question also loads the model)",
    },
    "repl.stopped": {"vi": "Đã dừng.", "en": "Stopped."},
    "repl.no_history": {
        "vi": "Không ghi được lịch sử vào {file} ({reason}); phiên này sẽ không được lưu.",
        "en": "The history cannot be written to {file} ({reason}); this session goes on without it.",
    },
    "repl.unknown": {
        "vi": "Không có lệnh :{typed}. Ý bạn là :{nearest}?",
        "en": "There is no command :{typed}. Did you mean :{nearest}?",
    },
    "repl.usage": {"vi": "Cách gõ: {usage}", "en": "Usage: {usage}"},
    "repl.nothing_asked": {"vi": "Bạn chưa hỏi câu nào.", "en": "You have not asked anything yet."},
    "repl.no_sources": {"vi": "Câu trả lời này không có nguồn nào.", "en": "This answer has no sources."},
    "repl.no_source": {
        "vi": "Không có nguồn số {number}; chỉ có từ 1 đến {last}.",
        "en": "There is no source {number}; there are 1 to {last}.",
    },
    "repl.no_article": {
        "vi": "Không có bài nào mà tiêu đề hay tên tệp có “{words}”.",
        "en": "No article has “{words}” in its title or file name.",
    },
    "repl.language": {"vi": "Từ giờ mình nói tiếng Việt.", "en": "I speak English from now on."},
    "help.open": {
        "vi": "mở trọn đoạn của nguồn số N, hoặc cả bài theo tiêu đề",
        "en": "the whole passage of source N, or an article by its title",
    },
    "help.sources": {"vi": "xem lại nguồn của câu trả lời vừa rồi", "en": "the sources of the last answer again"},
    "help.why": {"vi": "vì sao có câu trả lời vừa rồi", "en": "why the last answer is what it is"},
    "help.articles": {"vi": "các bài viết, hoặc những bài có từ này", "en": "the articles, or those with this word"},
    "help.rebuild": {"vi": "đọc lại thư mục bài viết", "en": "read the folder of articles again"},
    "help.lang": {"vi": "đổi ngôn ngữ giao diện", "en": "change the language I speak"},
    "help.help": {"vi": "bảng này", "en": "this list"},
    "help.quit": {"vi": "thoát (hoặc Ctrl-D)", "en": "leave (or Ctrl-D)"},
    "help.argument.open": {"vi": "N|TIÊU ĐỀ", "en": "N|TITLE"},
    "help.argument.articles": {"vi": "[TỪ]", "en": "[WORD]"},
    "help.argument.lang": {"vi": "vi|en", "en": "vi|en"},
}


def say(language: Language, name: str, /, **values: object) -> str:
    """The message `name`, with its {values} filled in. An unknown name is a bug, and raises KeyError."""
    return messages.say(CATALOGUE, language, name, **values)
