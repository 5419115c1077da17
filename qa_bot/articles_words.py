"""What `qa-bot articles` says, in Vietnamese and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embeddings import messages

if TYPE_CHECKING:
    from embeddings.messages import Catalogue, Language

ARTICLES: Catalogue = {
    "articles.number": {"vi": "#", "en": "#"},
    "articles.title": {"vi": "Bài viết", "en": "Article"},
    "articles.published": {"vi": "Ngày", "en": "Date"},
    "articles.author": {"vi": "Tác giả", "en": "Author"},
    "articles.source": {"vi": "Nguồn", "en": "Source"},
    "articles.removed_at": {"vi": "Ngày bỏ", "en": "Removed"},
    "articles.count": {"vi": "{count} bài", "en": "{count} articles"},
    "articles.count_one": {"vi": "1 bài", "en": "1 article"},
    "articles.count_of": {"vi": "{count}/{total} bài", "en": "{count} of {total} articles"},
    "articles.more": {"vi": "… và {count} bài nữa (--limit 0 để xem hết)", "en": "… and {count} more (--limit 0: all)"},
    "articles.also": {"vi": "cũng đăng ở {paths}", "en": "also printed as {paths}"},
    "articles.also_more": {"vi": "và {count} bài nữa", "en": "and {count} more"},
    "articles.none": {"vi": "Không bài nào hợp.", "en": "No article matches."},
    "articles.id": {"vi": "Mã", "en": "Id"},
    "articles.section": {"vi": "Chuyên mục", "en": "Section"},
    "articles.place": {"vi": "Địa phương", "en": "Place"},
    "articles.also_at": {"vi": "Tệp giống hệt", "en": "Same file"},
    "articles.reprints": {"vi": "Cũng đăng ở", "en": "Also printed as"},
    "articles.size": {"vi": "Độ dài", "en": "Length"},
    "articles.size_of": {
        "vi": "{passages} đoạn, {characters} ký tự",
        "en": "{passages} passages, {characters} characters",
    },
    "articles.pages": {"vi": "{count} trang", "en": "{count} pages"},
    "articles.which_to_show": {
        "vi": "--show cần biết bài nào: thêm mã, đường dẫn hay vài chữ của tiêu đề.",
        "en": "--show needs to know which article: add its id, its path, or words of its title.",
    },
    "articles.several": {
        "vi": "Có {count} bài hợp; ghi rõ hơn, bằng mã hay đường dẫn.",
        "en": "{count} articles match; be more exact, with an id or a path.",
    },
    "articles.which_to_remove": {
        "vi": "--remove cần biết bài nào: thêm mã, đường dẫn, vài chữ của tiêu đề, hay --from, --to, --source, "
        "--author.",
        "en": "--remove needs to know which articles: add ids, paths, words of titles, or --from, --to, --source, "
        "--author.",
    },
    "articles.ask_remove": {
        "vi": "Bỏ {count} bài khỏi chỉ mục? Các tệp vẫn giữ nguyên. [c/K]",
        "en": "Remove {count} articles from the index? Their files stay as they are. [y/N]",
    },
    "articles.ask_remove_one": {
        "vi": "Bỏ 1 bài khỏi chỉ mục? Tệp vẫn giữ nguyên. [c/K]",
        "en": "Remove 1 article from the index? Its file stays as it is. [y/N]",
    },
    "articles.ask_restore": {
        "vi": "Đưa {count} bài trở lại chỉ mục? [c/K]",
        "en": "Take {count} articles back into the index? [y/N]",
    },
    "articles.ask_restore_one": {
        "vi": "Đưa 1 bài trở lại chỉ mục? [c/K]",
        "en": "Take 1 article back into the index? [y/N]",
    },
    "articles.no_terminal": {
        "vi": "Không có ai ở bàn phím để hỏi lại. Nếu chắc chắn, thêm --yes.",
        "en": "There is no terminal to ask at. If you are sure, add --yes.",
    },
    "articles.left_alone": {"vi": "Không thay đổi gì.", "en": "Nothing was changed."},
    "articles.removed": {
        "vi": "Đã bỏ {count} bài; còn {left} bài trả lời. Đưa trở lại: qa-bot articles --restore",
        "en": "{count} removed; articles that answer now: {left}. Take back: qa-bot articles --restore",
    },
    "articles.restored": {
        "vi": "{count} bài không còn bị bỏ; giờ có {left} bài trả lời.",
        "en": "{count} taken back; articles that answer now: {left}.",
    },
    "articles.nothing_left": {
        "vi": "Bỏ hết thì không còn bài nào để trả lời, nên không bỏ bài nào. Hãy để lại ít nhất một bài.",
        "en": "Nothing would be left to answer from, so nothing was removed. Leave at least one article.",
    },
    "articles.other_sources": {
        "vi": "{path} (trong {count} bài như vậy) nằm ngoài articles.source ({sources}), lập lại chỉ mục sẽ làm mất. "
        "Đặt articles.source là nơi chỉ mục đã được lập từ đó, hay chạy rebuild-index trước.",
        "en": "{path} (one of {count}) lies in none of articles.source ({sources}): building the index again would "
        "lose it. Set articles.source to where the index was built from, or run rebuild-index first.",
    },
    "articles.limit": {
        "vi": "--limit là số bài được liệt kê, từ 1 trở lên, hay 0 để xem hết.",
        "en": "--limit is how many articles are listed, 1 or more, or 0 for all.",
    },
    "articles.nothing_removed": {"vi": "Chưa bỏ bài nào.", "en": "No article has been removed."},
    "articles.restore_by_words": {
        "vi": "--restore chỉ tìm theo mã, đường dẫn hay chữ của tiêu đề, không theo --from, --to, --source, --author.",
        "en": "--restore goes by ids, paths and words of titles, not by --from, --to, --source or --author.",
    },
    "articles.not_undone": {
        "vi": "Danh sách bài đã bỏ đã đổi nhưng chỉ mục thì chưa ({reason}). Lần lập tới sẽ theo danh sách: "
        "rebuild-index",
        "en": "The list of removed articles has changed, but the index has not yet ({reason}). The next build follows "
        "the list: rebuild-index",
    },
}


def say(language: Language, name: str, /, **values: object) -> str:
    return messages.say(ARTICLES, language, name, **values)
