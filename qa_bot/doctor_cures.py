"""What `qa-bot doctor` advises, and what it has done. Part of the catalogue in doctor_words."""

from __future__ import annotations

from embeddings.messages import Catalogue

CURES: Catalogue = {
    # --- cures ---
    "doctor.cure.repair": {"vi": "qa-bot doctor --repair", "en": "qa-bot doctor --repair"},
    "doctor.cure.run": {"vi": "{command}", "en": "{command}"},
    "doctor.cure.build": {"vi": "Lập chỉ mục: rebuild-index", "en": "Build it: rebuild-index"},
    "doctor.cure.index": {
        "vi": "Chọn thư mục khác (--index hoặc index.dir), hoặc sửa quyền của nó",
        "en": "Choose another (--index, or index.dir), or mend its permissions",
    },
    "doctor.cure.writable": {
        "vi": "Nếu muốn lập lại ở đây, hãy cho người dùng này ghi vào {folder}",
        "en": "To rebuild it here, let this user write to {folder}",
    },
    "doctor.cure.held": {
        "vi": "Có thể chỉ mục đang được lập trong container hoặc trên máy khác; hãy chờ cho xong",
        "en": "It may be a build in a container or on another machine; wait for it to end",
    },
    "doctor.cure.space": {"vi": "Dọn bớt ổ đĩa", "en": "Free some space"},
    "doctor.cure.permissions": {
        "vi": "Cho người dùng này quyền đọc, hoặc bỏ những tệp ấy khỏi nguồn",
        "en": "Let this user read them, or take them out of the source",
    },
    "doctor.cure.unlock": {
        "vi": "Kiểm tra quyền của tệp, và xem có chương trình nào khác đang giữ nó không",
        "en": "Check its permissions, and whether another program holds it",
    },
    "doctor.cure.articles": {
        "vi": "Bỏ bài viết vào đó, rồi chạy: rebuild-index",
        "en": "Put articles there, then: rebuild-index",
    },
    "doctor.cure.temporary": {
        "vi": "Đặt biến TMPDIR thành một thư mục ghi được",
        "en": "Set TMPDIR to a folder that can be written",
    },
    "doctor.cure.install": {
        "vi": "Cài lại: pip install -r requirements.lock",
        "en": "Install it again: pip install -r requirements.lock",
    },
    "doctor.cure.cache": {
        "vi": "Dọn bớt ổ đĩa, hoặc đặt encoder.cache_dir thành thư mục khác",
        "en": "Free some space, or set encoder.cache_dir to another folder",
    },
    "doctor.cure.other_model": {
        "vi": "Xóa {folder} nếu không còn phiên bản nào dùng",
        "en": "Delete {folder} if no other version of the program uses it",
    },
    "doctor.cure.token": {
        "vi": "Lấy token từ @BotFather rồi đặt QA_BOT_TELEGRAM_TOKEN",
        "en": "Get one from @BotFather and set QA_BOT_TELEGRAM_TOKEN",
    },
    "doctor.cure.access": {
        "vi": 'Đặt telegram.admins hoặc telegram.access (số của bạn, hoặc "open")',
        "en": 'Set telegram.admins or telegram.access (your number, or "open")',
    },
    "doctor.cure.state_dir": {
        "vi": "Chạy với đúng người dùng của bot, hoặc đặt QA_BOT_STATE_DIR thành thư mục khác",
        "en": "Run this as the bot's own user, or set QA_BOT_STATE_DIR to another folder",
    },
    "doctor.cure.newer": {
        "vi": "Cài phiên bản mới hơn, hoặc đặt QA_BOT_STATE_DIR thành thư mục khác",
        "en": "Install the newer version, or set QA_BOT_STATE_DIR to another folder",
    },
    "doctor.cure.database": {
        "vi": "Tắt bot, rồi chạy qa-bot doctor --repair: tệp được đổi tên và giữ lại, bot bắt đầu lại từ đầu. "
        "Những điều trong đó thì bot không còn biết: tin nhắn chưa trả lời, đánh giá, ngôn ngữ đã chọn, người bị chặn",
        "en": "Stop the bot, then qa-bot doctor --repair: the file is kept under another name, and the bot begins "
        "anew. What is in it the bot no longer knows: messages not yet answered, votes, languages, who is banned",
    },
    # --- repairs ---
    "doctor.done.links": {"vi": "đã dọn {count} thư mục liên kết", "en": "{count} folders of links are gone"},
    "doctor.done.unfinished": {"vi": "đã dọn {count} bản lập dở", "en": "{count} unfinished builds are gone"},
    "doctor.done.file": {"vi": "đã bỏ {file}", "en": "{file} is gone"},
    "doctor.done.generation": {"vi": "đã bỏ bản hỏng số {number}", "en": "the damaged generation {number} is gone"},
    "doctor.done.nothing": {
        "vi": "bản số {number} không còn hỏng nữa, được giữ nguyên",
        "en": "generation {number} is not damaged any more, and stays",
    },
    "doctor.done.cache": {
        "vi": "đã bỏ {file}; lần lập tới sẽ làm lại",
        "en": "{file} is gone; the next build makes it anew",
    },
    "doctor.done.aside": {
        "vi": "{file} đã đổi tên thành {aside}; lần lập tới sẽ làm lại",
        "en": "{file} is now {aside}; the next build makes it anew",
    },
    "doctor.done.model": {
        "vi": "đã bỏ {folder}; lần dùng tới sẽ mở gói lại",
        "en": "{folder} is gone; it is unpacked again when it is next used",
    },
    "doctor.done.half_made": {"vi": "đã dọn {count} thư mục mở gói dở", "en": "{count} half-made folders are gone"},
    "doctor.done.whole": {"vi": "{file} không hỏng, được giữ nguyên", "en": "{file} is not damaged, and stays"},
    "doctor.done.database": {
        "vi": "{file} đã đổi tên thành {aside}. Những điều trong đó thì bot không còn biết, kể cả người bị chặn. "
        "Có thể cứu phần đọc được: sqlite3 {aside} .recover",
        "en": "{file} is now {aside}. What is in it the bot no longer knows, not even who is banned. What can still "
        "be read of it: sqlite3 {aside} .recover",
    },
}
