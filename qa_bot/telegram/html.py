"""Answers, sources, passages and the reasons behind an answer as Telegram messages. Pure.

What comes from articles and people is data: it is shown as text and never becomes markup or a link of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embeddings.console import one_line
from qa_bot.messages import CATALOGUE, say, step_in_words
from qa_bot.naming import name_of, same_words, shown_date, shown_page
from qa_bot.telegram.styled import (
    BOLD,
    ELLIPSIS,
    FOLDED,
    ITALIC,
    LINK,
    QUOTE,
    Part,
    Styled,
    fits,
    foreign,
    joined,
    packed,
    part_of,
)
from qa_bot.telegram.text import LIMIT, escape, markup, split, web_address
from qa_bot.telegram.windows import in_article

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embeddings.index import StoredPassage
    from embeddings.messages import Language
    from embeddings.records import Article
    from qa_bot.records import Citation, Ranked
    from qa_bot.telegram.threads import Snapshot

__all__ = [
    "LIMIT",
    "Part",
    "above",
    "answer_parts",
    "article_line",
    "escape",
    "own_parts",
    "passage_part",
    "quote_part",
    "quoted",
    "sources_parts",
    "split",
    "text_parts",
    "why_parts",
]

_TITLE, _NAME, _QUESTION = 256, 128, 300  # units: more of it is cut off
_FOLLOWING = 400  # units of what follows a quote
_SHORTEST = 60  # units: of a quote, less than that is worth nothing


def text_parts(text: str) -> list[Part]:
    """A text that may hold words of articles or people."""
    return packed([foreign(text)])


def own_parts(text: str) -> list[Part]:
    """A text of ours alone: its commands and addresses can be tapped."""
    return [Part(markup(part), part) for part in split(text)]


def answer_parts(snapshot: Snapshot, language: Language, ranked: Sequence[Ranked] = ()) -> list[Part]:
    """The answer above its sources, or the refusal above what came nearest: one message, if shorter quotes do it.

    Quotes go on with what follows them in `ranked`, the passages of the answer: unfolded, they are worth reading.
    """
    head = joined("\n", _head(snapshot, language))
    lines = [_source_line(source, language) for source in snapshot.sources]
    quotes = [joined(" ", [_quote(source), *_following(source, ranked)]) for source in snapshot.sources]
    whole = _with_sources(head, lines, quotes)
    if not fits(whole):
        bare = _with_sources(head, lines, [])
        quotes = _shared(quotes, LIMIT - bare.size - len(quotes))
        whole = _with_sources(head, lines, quotes)
    return packed([whole] if fits(whole) else [head, Styled(""), *lines])


def sources_parts(snapshot: Snapshot, language: Language) -> list[Part]:
    """Each source with its whole quote, in as many messages as that takes."""
    if not snapshot.sources:
        return text_parts(say(language, "telegram.no_sources"))
    heading = Styled(say(language, "answer.sources")).within(BOLD)
    return packed(
        [heading, *(joined("\n", [_source_line(s, language), _quote(s).within(FOLDED)]) for s in snapshot.sources)]
    )


def why_parts(snapshot: Snapshot, language: Language) -> list[Part]:
    """What the question was understood as and how, the confidence and its reasons, and the passages weighed."""
    understood = say(language, "answer.understood", question=one_line(snapshot.understood_as))
    lines = [foreign(understood), Styled(say(language, "why.confidence", percent=round(100 * snapshot.confidence)))]
    if snapshot.steps:
        lines += [Styled(""), Styled(say(language, "table.understood")).within(BOLD)]
    for step in snapshot.steps:
        lines.append(joined("", [Styled("• "), _brief(step_in_words(step, language), _QUESTION)]))
    if snapshot.reasons:
        lines += [Styled(""), _columns(language, "reason", "value", "weight")]
    for reason in snapshot.reasons:
        name = say(language, f"reason.{reason.name}") if f"reason.{reason.name}" in CATALOGUE else reason.name
        lines.append(joined("", [Styled("• "), _brief(name), Styled(f": {reason.value:.3f} · {reason.weight:+.3f}")]))
    if snapshot.ranked:
        lines += [Styled(""), _columns(language, "article", "dense", "lexical", "score")]
    for rank, (title, dense, lexical, score) in enumerate(snapshot.ranked, start=1):
        scores = Styled(f": {dense:.3f} · {lexical:.2f} · {score:.3f}")
        lines.append(joined("", [Styled(f"{rank}. "), _brief(title, _TITLE), scores]))
    return packed(lines)


def passage_part(stored: StoredPassage, citation: Citation | None, language: Language, page: int, pages: int) -> Part:
    """A passage where it stands in its article, a few lines around it, the quote in bold. `page` is 1 to `pages`.

    What is too long for one message loses the lines around first, then the ends of the passage that are farther from
    the quote, or from its beginning.
    """
    article = stored.article
    footer = Styled(say(language, "telegram.page", page=page, pages=pages))
    if address := web_address(article.url):
        original = Styled(say(language, "telegram.open_address")).within(LINK, address)
        footer = joined(" · ", [footer, original])
    frame = [_heading(article), footer]
    room = LIMIT - joined("\n", [frame[0], Styled(""), frame[1]]).size
    return part_of(
        joined("\n", [frame[0], in_article(stored, citation, room, first=page == 1).within(QUOTE), frame[1]])
    )


def quote_part(citation: Citation, language: Language) -> Part:
    """The sentence as it was cited, where its article says something else by now."""
    note = Styled(say(language, "telegram.article_changed")).within(ITALIC)
    return _one_message(joined("\n", [note, _article_line(citation)]), citation)


def quoted(citation: Citation) -> Part:
    """A source by itself: its article and its quote."""
    return _one_message(_article_line(citation), citation)


def article_line(article: Article | Citation) -> Part:
    """Title · 26/11/2020 · author · source; what is unknown is left out."""
    return part_of(_article_line(article))


def above(question: str, part: Part) -> Part:
    """`part` below the question that it answers, which is shortened where there is no room for it."""
    mark = "❓ "
    room = LIMIT - Styled(part.plain).size - len(f"{mark}\n")
    if room < _SHORTEST:
        return part
    line = part_of(joined("", [Styled(mark), _brief(question, min(room, _QUESTION))]))
    return Part(f"{line.html}\n{part.html}", f"{line.plain}\n{part.plain}")


def _head(snapshot: Snapshot, language: Language) -> Iterator[Styled]:
    if not same_words(snapshot.understood_as, snapshot.question):
        understood = say(language, "answer.understood", question=one_line(snapshot.understood_as))
        yield _brief(understood, _QUESTION).within(ITALIC)
    if snapshot.status == "answered":
        yield _said(snapshot)
    elif snapshot.unclear:
        yield Styled(say(language, "answer.unclear"))
    else:
        yield Styled(say(language, "answer.not_found"))
        if snapshot.sources:
            yield Styled(say(language, "answer.nearest"))


def _said(snapshot: Snapshot) -> Styled:
    """The answer's text. Where it says a quote, or a part of one before its number, the words that answer are bold."""
    spans: list[tuple[int, int]] = []
    text, at = snapshot.text, 0
    for source in snapshot.sources:
        quote = _lit(source).respaced(" – ", " ")
        found, excerpt = text.find(quote.text, at), quote
        if found < 0:
            number = text.find(f" [{source.n}]", at)
            part = text[at : max(at, number)].strip(f"{ELLIPSIS} ")
            start = quote.text.find(part)
            if not part or start < 0:
                continue
            found, excerpt = text.index(part, at), quote.cut(start, start + len(part))
        spans += [(mark.start + found, mark.end + found) for mark in excerpt.marks]
        at = found + len(excerpt.text)
    return Styled(text).marked(spans, BOLD).safe()


def _with_sources(head: Styled, lines: Sequence[Styled], quotes: Sequence[Styled]) -> Styled:
    """Sources below the head, each quote below its line; without quotes, the lines alone."""
    blocks: list[Styled] = []
    for number, line in enumerate(lines):
        blocks += [line, *(quote.within(FOLDED) for quote in quotes[number : number + 1])]
    return joined("\n", [head, *([Styled("")] if blocks else []), *blocks])


def _shared(quotes: Sequence[Styled], room: int) -> list[Styled]:
    """The quotes in `room` units: the longest are shortened, all to the same length. None, if that were too short."""
    level = room
    for number, size in enumerate(sorted(quote.size for quote in quotes)):
        level = room // (len(quotes) - number)
        if size > level:
            break
        room -= size
    return [quote.shortened(level) for quote in quotes] if level >= _SHORTEST else []


def _lit(citation: Citation) -> Styled:
    """The quote as it stands, with the words that answer marked."""
    return Styled(citation.quote).marked(citation.marks, BOLD)


def _quote(citation: Citation) -> Styled:
    """The quote on one line."""
    return _lit(citation).respaced(" – ").safe()


def _following(citation: Citation, ranked: Sequence[Ranked]) -> Iterator[Styled]:
    """How the passage of a quote goes on, on one line."""
    for found in ranked:
        stored = found.stored
        if stored.row == citation.passage_row and stored.article.id == citation.article_id:
            rest = Styled(stored.passage.text[citation.end - stored.passage.start :]).respaced(" – ").safe()
            if rest.text:
                yield rest.shortened(_FOLLOWING)


def _brief(text: str, limit: int = _NAME) -> Styled:
    return foreign(one_line(text)).shortened(limit)


def _source_line(citation: Citation, language: Language) -> Styled:
    """[1] Title · 26/11/2020 · source · also in 2 more"""
    others = say(language, "answer.also_in", count=len(citation.also_in)) if citation.also_in else ""
    facts = [shown_page(citation, language), shown_date(citation.published), citation.source or "", others]
    return joined("", [Styled(f"[{citation.n}] "), _titled(citation, facts)])


def _article_line(article: Article | Citation) -> Styled:
    return _titled(article, _facts(article))


def _titled(article: Article | Citation, facts: Sequence[str]) -> Styled:
    title = _brief(name_of(article), _TITLE).within(BOLD)
    return joined(" · ", [title, *(_brief(fact) for fact in facts if fact)])


def _heading(article: Article) -> Styled:
    """The title above date, author and source."""
    title = _brief(name_of(article), _TITLE).within(BOLD)
    facts = [_brief(fact) for fact in _facts(article) if fact]
    return joined("\n", [title, *([joined(" · ", facts)] if facts else [])])


def _facts(article: Article | Citation) -> list[str]:
    return [shown_date(article.published), article.author or "", article.source or ""]


def _columns(language: Language, name: str, *numbers: str) -> Styled:
    """A bold heading with the names of the numbers below it."""
    titles = " · ".join(say(language, f"table.{number}") for number in numbers)
    return joined("", [Styled(say(language, f"table.{name}")).within(BOLD), Styled(f" ({titles})")])


def _one_message(head: Styled, citation: Citation) -> Part:
    quote = _quote(citation).shortened(LIMIT - head.size - 1)
    return part_of(joined("\n", [head, quote.within(QUOTE)]))
