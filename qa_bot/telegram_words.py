"""What the Telegram bot says, in Vietnamese and in English; qa_bot.messages makes it part of the one catalogue.

Texts are plain: front ends escape them. A {name} is filled in by `say`.
"""

from __future__ import annotations

from embeddings.messages import Catalogue

TELEGRAM: Catalogue = {
    "telegram.welcome": {
        "vi": "Chào bạn! Mình trả lời từ {count} bài viết và luôn chỉ rõ câu nào, bài nào nói vậy.\n"
        "Bạn cứ hỏi, có dấu hay không dấu đều được.",
        "en": "Hello! I answer from {count} articles and always show which sentence of which article says so.\n"
        "Ask in Vietnamese, with or without diacritics.",
    },
    "telegram.for_example": {"vi": "Thử nhé:", "en": "For example:"},
    "telegram.help": {
        "vi": "Gõ câu hỏi như nhắn tin. Bấm số dưới câu trả lời để mở đúng đoạn đã trích. Trả lời (reply) một câu cũ "
        "để hỏi tiếp chuyện đó; sửa câu hỏi thì câu trả lời được sửa theo. Trong nhóm, hãy gọi tên mình, dùng /ask "
        "hoặc trả lời tin của mình. Ở bất kỳ đâu, gõ @{bot} rồi câu hỏi.\n\n"
        "/article – đọc bài viết\n/sources – nguồn của câu trả lời vừa rồi\n/why – vì sao trả lời như vậy\n"
        "/lang – đổi ngôn ngữ\n/privacy – bot lưu những gì\n/forget – xóa những gì bot lưu về bạn",
        "en": "Type a question as you would a message. The numbers under an answer open the exact passage. Reply to an "
        "older answer to go on from there; edit a question and its answer follows. In groups, mention me, use /ask or "
        "reply to me. Anywhere, type @{bot} and a question.\n\n"
        "/article – read an article\n/sources – sources of the last answer\n/why – why it is what it is\n"
        "/lang – change my language\n/privacy – what is stored\n/forget – delete what is stored about you",
    },
    "telegram.help_admins": {
        "vi": "Bạn là quản trị viên. Muốn thêm bài, gửi cho mình tệp .txt hay .md, hoặc một đường link không kèm chữ "
        "nào khác.\n/remove – gỡ một bài (hoàn tác được)\n/rebuild – lập lại chỉ mục sau khi sửa bài trên máy\n"
        "/status – tình trạng của bot\n/ban, /unban – chặn, bỏ chặn một người hay một nhóm",
        "en": "You are an admin. To add an article, send me a .txt or .md file, or a link and nothing else.\n"
        "/remove – remove an article (it can be undone)\n/rebuild – index anew what was changed on the machine\n"
        "/status – how the bot is doing\n/ban, /unban – shut a person or a group out, let them in again",
    },
    "telegram.privacy": {
        "vi": "Bot lưu: câu hỏi của bạn, câu trả lời, lượt 👍/👎 và ngôn ngữ bạn chọn, trên máy chạy bot, tối đa "
        "{days} ngày, để hiểu câu hỏi nối tiếp và mở lại nguồn. Không gửi cho ai. /forget xóa hết.",
        "en": "The bot keeps your questions, its answers, your 👍/👎 and your language, on the machine that it runs "
        "on, for at most {days} days, to understand follow-ups and to reopen sources. Nothing is passed on. "
        "/forget deletes it all.",
    },
    "telegram.forgotten": {
        "vi": "Đã xóa {answers} câu hỏi cùng câu trả lời, {votes} lượt đánh giá và các lựa chọn của bạn.",
        "en": "Deleted: {answers} questions with their answers, {votes} ratings, and your choices.",
    },
    "telegram.language": {"vi": "Từ giờ mình nói tiếng Việt với bạn.", "en": "I speak English with you from now on."},
    "telegram.language_usage": {
        "vi": "Cách gõ: /lang vi, /lang en, hoặc /lang auto (theo ngôn ngữ của Telegram).",
        "en": "Usage: /lang vi, /lang en, or /lang auto (the language of your Telegram).",
    },
    "telegram.ask_usage": {
        "vi": "Viết câu hỏi sau lệnh, ví dụ: /ask Ai viết bài về Sông Lô?",
        "en": "Write the question after the command, for example: /ask Ai viết bài về Sông Lô?",
    },
    "telegram.empty_question": {
        "vi": "Bạn gõ câu hỏi bằng chữ giúp mình nhé.",
        "en": "Please type a question in words.",
    },
    "telegram.long_question": {
        "vi": "Câu hỏi dài {count} ký tự, quá {limit}. Bạn rút gọn giúp nhé.",
        "en": "The question has {count} characters, more than {limit}. Please make it shorter.",
    },
    "telegram.nothing_asked": {"vi": "Bạn chưa hỏi câu nào ở đây.", "en": "You have not asked anything here yet."},
    "telegram.no_sources": {
        "vi": "Câu trả lời ấy không có nguồn nào để mở.",
        "en": "That answer has no sources to open.",
    },
    "telegram.unknown_command": {
        "vi": "Mình không biết lệnh /{name}. Gõ /help để xem các lệnh.",
        "en": "I don't know the command /{name}. /help lists them.",
    },
    "telegram.no_article": {
        "vi": "Không bài nào có “{words}” trong tiêu đề hay tên tệp.",
        "en": "No article has “{words}” in its title or file name.",
    },
    "telegram.articles": {
        "vi": "Chọn bài muốn đọc (hiện {shown}/{count} bài). Lọc: /article rồi vài chữ của tiêu đề.",
        "en": "Choose an article ({shown} of {count} shown). To filter: /article and a few words of the title.",
    },
    "telegram.article_gone": {
        "vi": "Bài này không còn trong kho nữa.",
        "en": "This article is no longer there.",
    },
    "telegram.article_changed": {
        "vi": "Bài đã được sửa hoặc gỡ sau khi trả lời; đây là câu đã trích lúc đó.",
        "en": "The article was changed or removed since; this is the sentence as it was cited.",
    },
    "telegram.page": {"vi": "Đoạn {page}/{pages}", "en": "Passage {page}/{pages}"},
    "telegram.open_address": {"vi": "Bài gốc", "en": "Original"},
    "telegram.open_here": {"vi": "Mở đoạn trích", "en": "Open the passage"},
    "telegram.button_used": {
        "vi": "Nút này đã dùng rồi hoặc đã hết hạn.",
        "en": "This button was used already, or has expired.",
    },
    "telegram.expired": {
        "vi": "Nút này đã hết hạn. Bạn hỏi lại giúp nhé.",
        "en": "This button has expired. Please ask again.",
    },
    "telegram.thanks": {"vi": "Cảm ơn bạn!", "en": "Thank you!"},
    "telegram.stranger": {
        "vi": "Bot này chỉ phục vụ một số người. Số Telegram của bạn là {id}: hãy gửi số này cho người quản trị.",
        "en": "This bot serves only some people. Your Telegram id is {id}: give it to whoever runs the bot.",
    },
    "telegram.stranger_short": {"vi": "Bạn chưa được dùng bot này.", "en": "You may not use this bot yet."},
    "telegram.admins_only": {"vi": "Việc này chỉ dành cho quản trị viên.", "en": "Only admins may do that."},
    "telegram.documents_by_admins": {
        "vi": "Chỉ quản trị viên mới thêm được bài viết. Bạn cứ gõ câu hỏi nhé.",
        "en": "Only admins can add articles. Please type a question.",
    },
    "telegram.too_fast": {
        "vi": "Bạn hỏi hơi nhanh, mình chưa trả lời {count} câu vừa rồi. Khoảng {seconds} giây nữa bạn hỏi lại nhé.",
        "en": "That was a little fast, so {count} of your questions went unanswered. Please ask again in about "
        "{seconds} s.",
    },
    "telegram.busy": {
        "vi": "Đang có quá nhiều người hỏi, mình chưa trả lời được {count} câu vừa rồi. Vài phút nữa bạn hỏi lại nhé.",
        "en": "Too many people are asking right now, so {count} of your questions went unanswered. Please try again "
        "in a few minutes.",
    },
    "telegram.slow_down": {
        "vi": "Chậm lại một chút nhé, rồi thử lại.",
        "en": "A little slower, please; then try again.",
    },
    "telegram.trouble": {
        "vi": "Mình gặp trục trặc với câu này. Bạn thử hỏi lại, hoặc hỏi cách khác nhé.",
        "en": "Something went wrong with this one. Please try again, or ask differently.",
    },
    "telegram.not_ready": {
        "vi": "Mình chưa có chỉ mục bài viết nên chưa trả lời được. Quản trị viên có thể gửi bài cho mình, gõ "
        "/rebuild, hoặc chạy rebuild-index.",
        "en": "No articles are indexed yet, so I cannot answer. An admin can send me one, use /rebuild, or run "
        "rebuild-index.",
    },
    "telegram.inline_none": {"vi": "Các bài viết không nói tới điều này", "en": "The articles don't say"},
    "telegram.inline_hint": {"vi": "Gõ câu hỏi của bạn…", "en": "Type your question…"},
    # Admins.
    "telegram.status": {"vi": "Tình trạng", "en": "Status"},
    "telegram.status_index": {
        "vi": "Chỉ mục số {number}: {articles} bài, {passages} đoạn, lập {created} (UTC)",
        "en": "Index {number}: {articles} articles, {passages} passages, built {created} (UTC)",
    },
    "telegram.status_queue": {
        "vi": "Đang chờ: {waiting} · đã trả lời: {answered} · chưa nhận vì quá nhanh hoặc quá đông: {refused}",
        "en": "Waiting: {waiting} · answered: {answered} · turned away, too fast or too many: {refused}",
    },
    "telegram.status_latency": {
        "vi": "Thời gian trả lời {count} câu gần nhất: p50 {p50} ms · p95 {p95} ms · p99 {p99} ms",
        "en": "Time to answer the last {count}: p50 {p50} ms · p95 {p95} ms · p99 {p99} ms",
    },
    "telegram.status_errors": {
        "vi": "Lỗi: {errors} · số lần Telegram bắt chờ (429): {floods}",
        "en": "Errors: {errors} · times Telegram made me wait (429): {floods}",
    },
    "telegram.status_uptime": {"vi": "Đã chạy {hours} giờ · bộ nhớ {memory} MB", "en": "Up {hours} h · {memory} MB"},
    "telegram.rebuilding": {"vi": "Đang lập lại chỉ mục…", "en": "Rebuilding the index…"},
    "telegram.rebuild_stage": {
        "vi": "Đang lập lại chỉ mục… {stage}: {done}/{total}",
        "en": "Rebuilding the index… {stage}: {done}/{total}",
    },
    "telegram.rebuild_waits": {
        "vi": "Chỉ mục đang được lập lại; xong lượt đó mình làm tiếp lượt này.",
        "en": "A rebuild is running; yours follows it.",
    },
    "telegram.rebuilt": {
        "vi": "Xong: {articles} bài, {passages} đoạn, {seconds} giây ({encoded} câu mới). Từ giờ mình trả lời theo "
        "chỉ mục số "
        "{number}.",
        "en": "Done: {articles} articles, {passages} passages, {seconds} s ({encoded} new sentences). I answer from "
        "index "
        "{number} now.",
    },
    "telegram.rebuilt_unchanged": {
        "vi": "Chỉ mục đã đủ, không có gì mới: {articles} bài, chỉ mục số {number}.",
        "en": "The index is up to date, nothing was new: {articles} articles, index {number}.",
    },
    "telegram.rebuilt_skipped": {
        "vi": "Bỏ qua {count} tệp: {names}",
        "en": "Skipped {count} files: {names}",
    },
    "telegram.rebuild_failed": {
        "vi": "Không lập được chỉ mục mới; mọi thứ vẫn như cũ. Lý do: {reason}",
        "en": "The new index could not be built; everything stays as it was. Reason: {reason}",
    },
    "telegram.add_question": {
        "vi": "Thêm “{name}” ({size}) vào kho bài viết?",
        "en": "Add “{name}” ({size}) to the articles?",
    },
    "telegram.add_link_question": {
        "vi": "Tải {address} về và thêm vào kho bài viết?",
        "en": "Fetch {address} and add it to the articles?",
    },
    "telegram.yes_add": {"vi": "Thêm", "en": "Add"},
    "telegram.no": {"vi": "Thôi", "en": "No"},
    "telegram.cancelled": {"vi": "Đã hủy, không có gì thay đổi.", "en": "Cancelled; nothing has changed."},
    "telegram.added": {"vi": "Đã thêm {path}.", "en": "Added {path}."},
    "telegram.add_failed": {"vi": "Không thêm được “{name}”: {reason}", "en": "“{name}” was not added: {reason}"},
    "telegram.file_gone": {
        "vi": "mình không tải được tệp từ Telegram. Bạn gửi lại giúp nhé.",
        "en": "Telegram does not hand the file out. Please send it again.",
    },
    "telegram.wrong_format": {
        "vi": "Không thêm được “{name}”: mình chỉ đọc được tệp {formats}. Bạn lưu lại dạng đó rồi gửi nhé.",
        "en": "“{name}” was not added: I read {formats} files only. Save it as one of these and send it again.",
    },
    "telegram.too_big": {
        "vi": "“{name}” nặng {size}, mà mỗi tệp chỉ được tối đa {limit}.",
        "en": "“{name}” is {size}; a file may have {limit} at most.",
    },
    "telegram.remove_usage": {
        "vi": "Viết vài chữ của tiêu đề hay tên tệp sau lệnh, ví dụ: /remove sông lô",
        "en": "Write a few words of the title or file name after the command, for example: /remove sông lô",
    },
    "telegram.remove_which": {
        "vi": "Gỡ bài nào? (hiện {shown}/{count} bài; viết thêm chữ của tiêu đề để lọc bớt)",
        "en": "Remove which article? ({shown} of {count} shown; more words of the title show fewer)",
    },
    "telegram.remove_question": {
        "vi": "Gỡ “{title}” ({path}) khỏi kho bài viết?",
        "en": "Remove “{title}” ({path}) from the articles?",
    },
    "telegram.yes_remove": {"vi": "Gỡ", "en": "Remove"},
    "telegram.removed": {"vi": "Đã gỡ {path}.", "en": "Removed {path}."},
    "telegram.remove_failed": {"vi": "Không gỡ được {path}: {reason}", "en": "{path} was not removed: {reason}"},
    "telegram.undo": {"vi": "Hoàn tác", "en": "Undo"},
    "telegram.restored": {"vi": "Đã đưa {path} trở lại.", "en": "{path} is back."},
    "telegram.restore_failed": {
        "vi": "Không đưa được {path} trở lại: {reason}",
        "en": "{path} could not be put back: {reason}",
    },
    "telegram.ban_usage": {
        "vi": "Viết số Telegram của người hay nhóm sau lệnh, ví dụ: /{name} 123456789",
        "en": "Write the Telegram id of a person or group after the command, for example: /{name} 123456789",
    },
    "telegram.banned": {"vi": "Đã chặn {id}.", "en": "{id} is banned."},
    "telegram.unbanned": {"vi": "Đã bỏ chặn {id}.", "en": "{id} is no longer banned."},
    "telegram.ban_admin": {"vi": "Đó là quản trị viên, không chặn được.", "en": "An admin cannot be banned."},
    # Command menu and profile; Telegram allows 256 characters a command, 120 and 512 for the two descriptions.
    "telegram.about": {
        "vi": "Hỏi đáp từ các bài viết tiếng Việt, có trích dẫn đúng câu, đúng bài.",
        "en": "Answers from Vietnamese articles, with the exact sentence cited.",
    },
    "telegram.description": {
        "vi": "Gõ câu hỏi, có dấu hay không dấu đều được. Mình tìm câu trả lời trong các bài viết, chỉ rõ câu nào, "
        "bài nào, "
        "ngày nào; bài viết không nói thì mình nói thẳng là không có.",
        "en": "Ask in Vietnamese, with or without diacritics. I look for the sentence that answers, and show its "
        "article "
        "and date; where the articles don't say, I say so.",
    },
    "telegram.command.start": {"vi": "bắt đầu", "en": "start"},
    "telegram.command.help": {"vi": "cách dùng", "en": "how to use me"},
    "telegram.command.ask": {"vi": "hỏi một câu (trong nhóm)", "en": "ask a question (in groups)"},
    "telegram.command.sources": {"vi": "nguồn của câu trả lời vừa rồi", "en": "sources of the last answer"},
    "telegram.command.article": {"vi": "đọc bài viết", "en": "read an article"},
    "telegram.command.why": {"vi": "vì sao trả lời như vậy", "en": "why the last answer is what it is"},
    "telegram.command.lang": {"vi": "đổi ngôn ngữ", "en": "change my language"},
    "telegram.command.forget": {"vi": "xóa những gì bot lưu về tôi", "en": "delete what is stored about me"},
    "telegram.command.privacy": {"vi": "bot lưu những gì", "en": "what is stored"},
    "telegram.command.status": {"vi": "tình trạng của bot", "en": "how the bot is doing"},
    "telegram.command.rebuild": {"vi": "lập lại chỉ mục", "en": "rebuild the index"},
    "telegram.command.remove": {"vi": "gỡ một bài viết", "en": "remove an article"},
    "telegram.command.ban": {"vi": "chặn một người", "en": "ban a person"},
    "telegram.command.unban": {"vi": "bỏ chặn", "en": "lift a ban"},
}
