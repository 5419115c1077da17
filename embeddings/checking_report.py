"""`rebuild-index --verify` as people see it: a progress bar, a table of the generations, and what to do."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from embeddings.checking import Checked, cure, verify_all
from embeddings.console import one_line
from embeddings.messages import Catalogue, Language, say
from embeddings.progress import Bar

VERIFY: Catalogue = {
    "verify.title": {"vi": "Các bản chỉ mục · {folder}", "en": "Index generations · {folder}"},
    "verify.number": {"vi": "Số", "en": "Number"},
    "verify.created": {"vi": "Lập lúc (UTC)", "en": "Created (UTC)"},
    "verify.articles": {"vi": "Bài viết", "en": "Articles"},
    "verify.passages": {"vi": "Đoạn", "en": "Passages"},
    "verify.size": {"vi": "Dung lượng", "en": "Size"},
    "verify.state": {"vi": "Tình trạng", "en": "State"},
    "verify.sound": {"vi": "nguyên vẹn", "en": "sound"},
    "verify.damaged": {"vi": "hỏng: {problem}", "en": "damaged: {problem}"},
    "verify.wrong": {"vi": "nội dung không khớp: {problem}", "en": "does not belong together: {problem}"},
    "verify.stale": {"vi": "thuộc phiên bản khác: {problem}", "en": "of another version: {problem}"},
    "verify.well": {
        "vi": "Bản mới nhất nguyên vẹn, bạn cứ yên tâm dùng.",
        "en": "The newest generation is sound; you can rely on it.",
    },
    "verify.falls_back": {
        "vi": "Bản mới nhất không dùng được; bản số {number} đang trả lời thay. Lập lại chỉ mục: {cure}",
        "en": "The newest generation cannot be used; generation {number} answers instead. Build the index anew: {cure}",
    },
    "verify.wrong_serves": {
        "vi": "Bản mới nhất còn đủ tệp nhưng nội dung không khớp nhau, đừng dựa vào câu trả lời. "
        "Lập lại chỉ mục: {cure}",
        "en": "The newest generation has all its files, but they do not belong together; do not rely on its answers. "
        "Build the index anew: {cure}",
    },
    "verify.none_sound": {
        "vi": "Không bản nào dùng được. Lập lại chỉ mục từ các bài viết: {cure}",
        "en": "No generation can be used. Build the index anew from the articles: {cure}",
    },
    "verify.none": {
        "vi": "Chưa có chỉ mục nào trong {folder}. Lập chỉ mục: {cure}",
        "en": "There is no index in {folder} yet. Build it: {cure}",
    },
}


def verify_in_sight(index_dir: Path, bar: Bar, language: Language) -> int:
    """Check every generation, show how far that is, print what was found: 0 when the newest is sound, else 1."""
    with bar:
        checked = verify_all(index_dir, bar)
    Console().print(report(checked, str(index_dir), language))
    return 0 if cure(checked) is None else 1


def report(checked: list[Checked], folder: str, language: Language) -> RenderableType:
    """A row for each generation, newest first, and below them one line: all is well, or the cure."""
    verdict = Text(one_line(_verdict(checked, folder, language)))
    if not checked:
        return verdict
    title = Text(one_line(say(VERIFY, language, "verify.title", folder=folder)))
    table = Table(title=title, title_justify="left")
    for name in ("number", "created", "articles", "passages", "size", "state"):
        number = name in ("number", "articles", "passages", "size")
        table.add_column(
            say(VERIFY, language, f"verify.{name}"), justify="right" if number else "left", overflow="fold"
        )
    for item in checked:
        state = say(VERIFY, language, f"verify.{item.fault or 'sound'}", problem=item.problem)
        known = (f"{item.articles}", f"{item.passages}") if item.created else ("-", "-")
        created = Text(one_line(item.created) or "-")
        table.add_row(f"{item.number}", created, *known, f"{item.bytes / 1e6:.1f} MB", Text(one_line(state)))
    return Group(table, verdict)


def _verdict(checked: list[Checked], folder: str, language: Language) -> str:
    command = cure(checked)
    if command is None:
        return say(VERIFY, language, "verify.well")
    if not checked:
        return say(VERIFY, language, "verify.none", folder=folder, cure=command)
    if checked[0].fault == "wrong":
        return say(VERIFY, language, "verify.wrong_serves", cure=command)
    serving = next((item.number for item in checked if item.fault in (None, "wrong")), None)
    if serving is None:
        return say(VERIFY, language, "verify.none_sound", cure=command)
    return say(VERIFY, language, "verify.falls_back", number=serving, cure=command)
