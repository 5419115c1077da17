"""From an answer to what people and programs read. Pure: nothing here prints, and no record is changed.

What comes from articles or from a question is untrusted. For people it passes through `printable` and becomes
`rich.text.Text`, which is never read as markup; in JSON it stays as it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.text import Text

from embeddings.console import one_line, printable
from qa_bot.messages import say
from qa_bot.naming import same_words, shown_page
from qa_bot.naming import shown_date as shown_date
from qa_bot.naming import title_of as title_of
from qa_bot.surroundings import goes_on, lines_after, lines_before

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from embeddings.index import StoredPassage
    from embeddings.messages import Language
    from embeddings.records import Article
    from qa_bot.records import Answer, Citation, Ranked

_QUOTED, _MARKED, _ASIDE = "bold", "bold yellow", "dim"
_BULLET = re.compile(r"\s*[-–•+*]\s+")
_SCORE_DIGITS = 4
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def answer_json(answer: Answer, id: object = None) -> dict[str, Any]:  # noqa: A002 - the field's name in the contract
    """One row of `qa-bot ask --json`. Strings stay as they are; whoever shows them neutralises them."""
    return {
        "id": id,
        "question": answer.question,
        "understood_as": answer.understood_as,
        "status": answer.status,
        "answer": answer.text,
        "confidence": round(answer.confidence, _SCORE_DIGITS),
        "citations": [_citation_json(citation) for citation in answer.citations],
        "nearest": [_citation_json(citation) for citation in answer.nearest],
        "unclear": answer.unclear,
        "steps": [{"kind": step.kind, "was": step.was, "now": step.now} for step in answer.steps],
        "timings_ms": dict(answer.timings_ms),
    }


def json_line(value: object) -> str:
    """`value` as one line of JSON: readable, and with nothing in it that steers a terminal or is no valid UTF-8."""
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))


def _citation_json(citation: Citation) -> dict[str, Any]:
    return {
        "n": citation.n,
        "article_id": citation.article_id,
        "path": citation.path,
        "url": citation.url,
        "title": citation.title,
        "published": citation.published.isoformat() if citation.published else None,
        "author": citation.author,
        "source": citation.source,
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
        "marks": [list(mark) for mark in citation.marks],
        "also_in": list(citation.also_in),
        "page": citation.page,
    }


def search_json(query: str, id: object, ranked: Sequence[Ranked]) -> dict[str, Any]:  # noqa: A002 - as above
    """One row of `qa-bot search --json`."""
    passages = [
        {
            "rank": rank,
            "article_id": found.stored.article.id,
            "path": found.stored.article.path,
            "start": found.stored.passage.start,
            "end": found.stored.passage.end,
            "text": found.stored.passage.text,
            "score": round(found.score, _SCORE_DIGITS),
            "dense": round(found.dense, _SCORE_DIGITS),
            "lexical": round(found.lexical, _SCORE_DIGITS),
        }
        for rank, found in enumerate(ranked, start=1)
    ]
    return {"id": id, "query": query, "passages": passages}


@dataclass(frozen=True, slots=True)
class Hanging:
    """Text beside a mark, wrapped between words; further lines stand under the first one's text, unpadded."""

    mark: str
    text: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        width = max(1, options.max_width - len(self.mark))
        lines = self.text.wrap(console, width, overflow="fold", no_wrap=options.no_wrap)
        for number, line in enumerate(lines):
            line.rstrip()
            yield Text(" " * len(self.mark) if number else self.mark).append_text(line)


def sources_of(answer: Answer) -> Mapping[int, Citation]:
    """{the number that people see: source}: what was cited or, after a refusal, what came nearest.

    None, when the question was not clear: what came nearest is near to nothing.
    """
    if answer.unclear:
        return {}
    if answer.status == "answered":
        return {citation.n: citation for citation in answer.citations}
    return dict(enumerate(answer.nearest, start=1))


def answer_text(answer: Answer, language: Language, note: str = "") -> RenderableType:
    """The answer above its sources, or the refusal above what came nearest; `note` says which articles were asked."""
    parts: list[RenderableType] = [Text(printable(note), _ASIDE)] if note else []
    if not same_words(answer.understood_as, answer.question):
        parts.append(Text(say(language, "answer.understood", question=one_line(answer.understood_as)), _ASIDE))
    if answer.status == "answered":
        parts.append(Text(printable(answer.text)))
    elif answer.unclear:
        parts.append(Text(say(language, "answer.unclear")))
    else:
        parts.append(Text(say(language, "answer.not_found")))
        if answer.nearest:
            parts.append(Text(say(language, "answer.nearest"), _ASIDE))
    return Group(*parts, sources_text(answer, language))


def sources_text(answer: Answer, language: Language) -> Group:
    """Each source with its number, a line on its article and on others that say the same, and its quote."""
    parts: list[RenderableType] = []
    for number, source in sources_of(answer).items():
        mark, line = f"[{number}] ", _article_line(source, shown_page(source, language))
        if source.also_in:
            line.append(" · " + say(language, "answer.also_in", count=len(source.also_in)), _ASIDE)
        parts += [Text(), Hanging(mark, line), Hanging(" " * len(mark), quote_text(source))]
    return Group(*parts)


def quote_text(citation: Citation) -> Text:
    """The quote on one line, with the words that answer highlighted. Line breaks become dashes, here only."""
    text = Text(printable(citation.quote))
    for start, end in citation.marks:
        text.stylize(_MARKED, start, end)
    return _joined(text, " – ")


def passage_text(stored: StoredPassage, citation: Citation | None, language: Language) -> RenderableType:
    """A whole passage where it stands in its article, with the cited quote highlighted and a few lines around it."""
    text, passage = stored.article.text, stored.passage
    before, after = lines_before(text, passage.start), lines_after(text, passage.end)
    shown = Text(printable(text[before:after]))
    shown.stylize(_ASIDE, 0, passage.start - before)
    shown.stylize(_ASIDE, passage.end - before)
    if citation is not None and citation.start >= before:
        quote = citation.start - before
        shown.stylize(_QUOTED, quote, citation.end - before)
        for start, end in citation.marks:
            shown.stylize(_MARKED, quote + start, quote + end)
    passage_lines = Text.assemble(
        ("… " if goes_on(reversed(text[:before])) else "", _ASIDE),
        _joined(shown, "\n"),
        (" …" if goes_on(text[after:]) else "", _ASIDE),
    )
    return Group(*_heading(stored.article, language), Text(), passage_lines)


def article_text(article: Article, language: Language) -> RenderableType:
    """A whole article under what is known of it."""
    return Group(*_heading(article, language), Text(), _joined(Text(printable(article.text)), "\n"))


def ranked_text(ranked: Sequence[Ranked], note: str = "") -> RenderableType:
    """Passages with their rank, article and score; `note` says which articles were searched."""
    parts: list[RenderableType] = [Text(printable(note), _ASIDE), Text()] if note else []
    for rank, found in enumerate(ranked, start=1):
        mark = f"{rank}. "
        line = _article_line(found.stored.article).append(f" · {found.score:.3f}", _ASIDE)
        text = _joined(Text(printable(found.stored.passage.text)), " – ")
        parts += [*([Text()] if rank > 1 else []), Hanging(mark, line), Hanging(" " * len(mark), text)]
    return Group(*parts)


def _article_line(article: Article | Citation, page: str = "") -> Text:
    """Title · page 3 · 26/11/2020 · author · source · path; what is unknown is left out."""
    known = [page, shown_date(article.published), article.author or "", article.source or ""]
    known += [article.path] if article.title else []
    rest = "".join(f" · {one_line(item)}" for item in known if item)
    return Text.assemble((title_of(article), _QUOTED), (rest, _ASIDE))


def _heading(article: Article, language: Language) -> Iterator[RenderableType]:
    yield Text(title_of(article), _QUOTED)
    facts: Iterable[tuple[str, str | None]] = (
        ("published", shown_date(article.published)),
        ("author", article.author),
        ("source", article.source),
        ("section", article.section),
        ("path", article.path),
        ("url", article.url),
    )
    for name, value in facts:
        if value:
            yield Hanging(f"{say(language, f'passage.{name}')}: ", Text(one_line(value), _ASIDE))


def _joined(text: Text, separator: str) -> Text:
    """The lines of `text` that are not blank, trimmed at their ends, with `separator` between them."""
    lines = [line for line in text.split("\n") if line.plain.strip()]
    for line in lines:
        line.rstrip()
    if separator.strip():  # it marks where a line begins; a bullet would do so once more
        lines = [lines[0], *(line[_bullet(line.plain) :] for line in lines[1:])] if lines else []
    return Text(separator).join(lines)


def _bullet(line: str) -> int:
    """How long the bullet is that a line begins with."""
    match = _BULLET.match(line)
    return match.end() if match else 0
