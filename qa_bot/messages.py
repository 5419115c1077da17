"""Everything the bot says to people, in Vietnamese and in English. Front ends keep no words of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embeddings import messages
from embeddings.messages import BUILD, Catalogue, Language
from qa_bot.collection_words import COLLECTION
from qa_bot.telegram_words import TELEGRAM

if TYPE_CHECKING:
    from qa_bot.records import Step

CATALOGUE: Catalogue = {
    **BUILD,
    **TELEGRAM,
    **COLLECTION,
    "answer.not_found": {
        "vi": "Mình đã tìm kỹ, nhưng các bài viết không nói tới điều này.",
        "en": "I looked carefully, but the articles don't say anything about this.",
    },
    "answer.nearest": {
        "vi": "Gần nhất là những đoạn sau, có thể chưa phải câu trả lời:",
        "en": "These passages come nearest, though they may not answer it:",
    },
    "answer.part_missing": {"vi": "các bài viết không nói tới điều này.", "en": "the articles don't say."},
    "answer.sources": {"vi": "Nguồn", "en": "Sources"},
    "answer.understood": {"vi": "Hiểu là: {question}", "en": "Understood as: {question}"},
    "answer.unclear": {
        "vi": "Bạn đang nói đến ai hoặc điều gì? Bạn hỏi lại cho đủ tên giúp mình nhé, ví dụ “Hà Nội có bao nhiêu "
        "người?” thay vì “Ở đó có bao nhiêu người?”.",
        "en": "Whom or what do you mean? Please ask again with its name, for example “How many people live in Hà "
        "Nội?” instead of “How many people live there?”.",
    },
    "answer.also_in": {"vi": "cũng có trong {count} bài khác", "en": "also in {count} more"},
    "passage.published": {"vi": "Ngày đăng", "en": "Published"},
    "passage.author": {"vi": "Tác giả", "en": "Author"},
    "passage.source": {"vi": "Nguồn", "en": "Source"},
    "passage.section": {"vi": "Chuyên mục", "en": "Section"},
    "passage.page": {"vi": "trang {page}", "en": "page {page}"},
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
    "table.contribution": {"vi": "Góp", "en": "Adds"},
    "table.understood": {"vi": "Đã hiểu", "en": "Understood"},
    "table.more": {"vi": "… và {count} bài nữa", "en": "… and {count} more"},
    "reason.dense": {"vi": "câu gần nghĩa với câu hỏi", "en": "sentence close in meaning"},
    "reason.dense_gap": {"vi": "kém câu gần nghĩa nhất", "en": "behind the closest sentence"},
    "reason.dense_lead": {"vi": "hơn các đoạn khác về nghĩa", "en": "ahead of other passages in meaning"},
    "reason.passage": {"vi": "điểm của đoạn", "en": "score of the passage"},
    "reason.passage_lead": {"vi": "hơn đoạn kế tiếp", "en": "ahead of the next passage"},
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
    "reason.lacks_place": {"vi": "hỏi nơi chốn mà câu không có", "en": "no place where one is asked for"},
    "reason.lacks_document": {
        "vi": "hỏi số văn bản mà câu không có",
        "en": "no document's number where one is asked for",
    },
    "reason.unit": {"vi": "điều được hỏi đứng cạnh con số", "en": "the thing asked for beside the number"},
    "reason.subject": {"vi": "bài viết nói về tên được hỏi", "en": "the article is about what is named"},
    "reason.dense_beside": {"vi": "câu bên cạnh gần nghĩa", "en": "neighbouring sentence close in meaning"},
    "reason.passage_gap": {"vi": "kém đoạn điểm cao nhất", "en": "behind the best passage"},
    "reason.office": {"vi": "đúng chức vụ được hỏi", "en": "the very office asked about"},
    "reason.other_time": {"vi": "không thuộc thời gian được hỏi", "en": "of another time than asked about"},
    "reason.other_document": {"vi": "không phải văn bản được hỏi", "en": "not the document asked about"},
    "reason.elsewhere": {"vi": "bài viết nói về nơi khác", "en": "the article is about another place"},
    "reason.intercept": {"vi": "mức xuất phát", "en": "where it starts from"},
    "reason.requirements": {"vi": "điều bắt buộc phải có trong câu", "en": "what an answer must hold"},
    "reason.length": {"vi": "độ dài câu", "en": "length of the sentence"},
    "why.more": {"vi": "và {count} đoạn nữa", "en": "and {count} more"},
    "why.confidence": {"vi": "Độ tin cậy: {percent}%", "en": "Confidence: {percent}%"},
    "step.restored": {"vi": "thêm dấu: {now}", "en": "diacritics restored: {now}"},
    "step.written_out": {"vi": "viết đầy đủ: {was} → {now}", "en": "written out: {was} → {now}"},
    "step.corrected": {
        "vi": "có thể gõ nhầm: {was} → {now} (vẫn tìm cả chữ đã gõ)",
        "en": "perhaps mistyped: {was} → {now} (searched for both)",
    },
    "step.completed": {
        "vi": "hiểu tiếp câu trước: {was} → {now}",
        "en": "goes on from the question before: {was} → {now}",
    },
    "step.period": {"vi": "thời gian: {now}", "en": "time: {now}"},
    "step.newest": {"vi": "ưu tiên bài mới nhất", "en": "the latest articles first"},
    "step.names": {"vi": "nói về: {now}", "en": "about: {now}"},
    "step.translated": {"vi": "từ tiếng Anh: {was} → {now}", "en": "from English: {was} → {now}"},
    "step.parts": {
        "vi": "nhiều câu hỏi, trả lời từng câu: {now}",
        "en": "several questions, answered one by one: {now}",
    },
    "step.collection": {"vi": "hỏi về kho bài viết", "en": "asks about the collection of articles"},
    "step.expected": {"vi": "cần tìm: {now}", "en": "looking for: {now}"},
    "sought.number": {"vi": "con số", "en": "a number"},
    "sought.date": {"vi": "ngày tháng, thời gian", "en": "a date or time"},
    "sought.name": {"vi": "tên người", "en": "a person's name"},
    "sought.person": {"vi": "người", "en": "a person"},
    "sought.place": {"vi": "nơi chốn", "en": "a place"},
    "sought.document": {"vi": "số văn bản", "en": "a document's number"},
    "sought.reason": {"vi": "lý do, mục đích", "en": "a reason or purpose"},
    "sought.list": {"vi": "danh sách", "en": "a list"},
    "sought.yes_no": {"vi": "có hay không", "en": "yes or no"},
    "sought.other": {"vi": "câu nói về điều được hỏi", "en": "a sentence on what is asked"},
    "filter.from": {"vi": "từ {value}", "en": "from {value}"},
    "filter.to": {"vi": "đến {value}", "en": "to {value}"},
    "filter.in": {"vi": "tiêu đề có “{value}”", "en": "“{value}” in the title"},
    "filter.in_force": {
        "vi": "Chỉ tìm trong {asked}/{count} bài: {filters}",
        "en": "Only {asked} of {count} articles are asked: {filters}",
    },
    "filter.nothing_left": {
        "vi": "Không bài nào trong {count} bài hợp với bộ lọc: {filters}",
        "en": "None of the {count} articles passes the filter: {filters}",
    },
    "filter.none": {"vi": "Không lọc: tìm trong cả {count} bài.", "en": "No filter: all {count} articles are asked."},
    "filter.not_a_day": {
        "vi": "“{typed}” không phải là ngày. Gõ năm, tháng hoặc ngày: 2020, 6/2021, 5/5/2021 hay 2021-05-05.",
        "en": "“{typed}” is no day. Write a year, a month or a day: 2020, 6/2021, 5/5/2021 or 2021-05-05.",
    },
    "filter.no_words": {
        "vi": "“{typed}” không có chữ nào. Gõ vài chữ của tiêu đề.",
        "en": "“{typed}” holds no word. Write a few words of the title.",
    },
    "filter.reversed": {
        "vi": "Từ {first} mà chỉ đến {last} thì không bài nào hợp. Đổi một trong hai ngày.",
        "en": "From {first} to {last} no article can lie. Change one of the two days.",
    },
    "status.title": {"vi": "Chỉ mục số {number} · {folder}", "en": "Index generation {number} · {folder}"},
    "status.created": {"vi": "Lập lúc (UTC)", "en": "Created (UTC)"},
    "status.model": {"vi": "Mô hình", "en": "Model"},
    "status.warning": {"vi": "Cảnh báo", "en": "Warning"},
    "example.author": {"vi": "Ai viết bài {topic}?", "en": "Who wrote the article {topic}?"},
    "example.date": {"vi": "Bài {topic} đăng ngày nào?", "en": "When was the article {topic} published?"},
    "example.on": {"vi": "về {place}", "en": "on {place}"},
    "repl.newer": {
        "vi": "Có chỉ mục mới, {count} bài viết; mình trả lời từ đó.",
        "en": "There is a newer index with {count} articles; I answer from it.",
    },
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
    "help.from": {
        "vi": "chỉ tìm trong bài từ ngày này; không ghi ngày thì thôi lọc",
        "en": "only articles from this day on; without one, any",
    },
    "help.to": {"vi": "chỉ tìm trong bài đến hết ngày này", "en": "only articles up to this day"},
    "help.in": {
        "vi": "chỉ tìm trong bài mà tiêu đề có các chữ này",
        "en": "only articles with these words in their title",
    },
    "help.rebuild": {"vi": "đọc lại thư mục bài viết", "en": "read the folder of articles again"},
    "help.lang": {"vi": "đổi ngôn ngữ giao diện", "en": "change the language I speak"},
    "help.help": {"vi": "bảng này", "en": "this list"},
    "help.quit": {"vi": "thoát (hoặc Ctrl-D)", "en": "leave (or Ctrl-D)"},
    "help.argument.open": {"vi": "N|TIÊU ĐỀ", "en": "N|TITLE"},
    "help.argument.articles": {"vi": "[TỪ]", "en": "[WORD]"},
    "help.argument.from": {"vi": "[NGÀY]", "en": "[DAY]"},
    "help.argument.to": {"vi": "[NGÀY]", "en": "[DAY]"},
    "help.argument.in": {"vi": "[TIÊU ĐỀ]", "en": "[TITLE]"},
    "help.argument.lang": {"vi": "vi|en", "en": "vi|en"},
}


def step_in_words(step: Step, language: Language) -> str:
    """What was understood, as the catalogue says it; a kind that it does not know is shown as it stands."""
    name, sought = f"step.{step.kind}", f"sought.{step.now}"
    now = say(language, sought) if step.kind == "expected" and sought in CATALOGUE else step.now
    return say(language, name, was=step.was, now=now) if name in CATALOGUE else f"{step.kind}: {step.was} → {now}"


def say(language: Language, name: str, /, **values: object) -> str:
    """The message `name`, with its {values} filled in. An unknown name is a bug, and raises KeyError."""
    return messages.say(CATALOGUE, language, name, **values)
