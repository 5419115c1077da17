"""From regions to passages: slices of an article, long enough to stand alone, short enough to be read at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from embeddings.lexicon import Lexicon
from embeddings.records import Article, Kind, Passage, Region, Span
from embeddings.sentences import split_sentences
from embeddings.settings import Chunking

_INDEXED = frozenset({Kind.BODY, Kind.CAPTION, Kind.DATE, Kind.BYLINE, Kind.SOURCE})
_SYLLABLE_CHARS = 12  # a "syllable" longer than this is none: such text is counted by its length
_BREAKS = (re.compile(r"[;:.…](?=\s)"), re.compile(r",(?=\s)"), re.compile(r"\s"))


def chunk(article: Article, regions: list[Region], settings: Chunking, lexicon: Lexicon) -> list[Passage]:
    """The passages of one article, in order.

    A passage lies within one region or spans neighbouring paragraphs of the body; it ends with a sentence.
    It holds `min_syllables` to `max_syllables` where the article's paragraphs allow it.
    """
    passages: list[Passage] = []
    for kind, start, end in _stretches(article, regions):
        if kind is Kind.BODY:
            groups = _group(list(_paragraphs(article.text, start, end, settings, lexicon)), article.text, settings)
        else:
            groups = [[span] for span in _cut(article.text, Span(start, end), settings.max_syllables)]
        passages.extend(_passage(article, kind, sentences) for sentences in groups)
    return passages


def _stretches(article: Article, regions: list[Region]) -> Iterator[tuple[Kind, int, int]]:
    """Indexed regions, body paragraphs that follow each other without anything between them as one."""
    current: tuple[Kind, int, int] | None = None
    for region in regions:
        joins = current is not None and region.kind is current[0] is Kind.BODY
        if current is not None and joins and not article.text[current[2] : region.start].strip():
            current = (Kind.BODY, current[1], region.end)
            continue
        if current is not None:
            yield current
        current = (region.kind, region.start, region.end) if region.kind in _INDEXED else None
    if current is not None:
        yield current


def _paragraphs(text: str, start: int, end: int, settings: Chunking, lexicon: Lexicon) -> Iterator[list[Span]]:
    """The sentences of each paragraph; very short ones joined to the next, monstrous ones cut."""
    for line in re.finditer(r"[^\n]+", text[start:end]):
        spans = split_sentences(text, start + line.start(), start + line.end(), lexicon.abbreviations)
        sentences = [Span(*span) for span in spans]
        if sentences:
            joined = _join_short(sentences, text, settings.min_sentence_syllables)
            yield [part for sentence in joined for part in _cut(text, sentence, settings.max_syllables)]


def _join_short(sentences: list[Span], text: str, shortest: int) -> list[Span]:
    joined = [sentences[0]]
    for sentence in sentences[1:]:
        if count(text, sentence) < shortest or count(text, joined[-1]) < shortest:
            joined[-1] = Span(joined[-1].start, sentence.end)
        else:
            joined.append(sentence)
    return joined


def _cut(text: str, span: Span, longest: int) -> Iterator[Span]:
    """`span` in parts of at most `longest` syllables, cut after a clause, else a word, else anywhere."""
    room = longest * _SYLLABLE_CHARS  # only this much is looked at for each part, however long the rest is
    while span.end - span.start > room or count(text, span) > longest:
        words = list(re.finditer(r"\S+", text[span.start : min(span.end, span.start + room)]))
        limit = words[longest].start() if len(words) > longest else room
        head = text[span.start : span.start + limit]
        marks = (list(pattern.finditer(head, limit // 2)) for pattern in _BREAKS)
        at = next((found[-1].end() for found in marks if found), limit)
        yield _trim(text, Span(span.start, span.start + at))
        span = _trim(text, Span(span.start + at, span.end))
    if span.start < span.end:
        yield span


def _trim(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def _group(paragraphs: list[list[Span]], text: str, settings: Chunking) -> list[list[Span]]:
    """Sentences in passages: short paragraphs together, long ones in parts of about one size."""
    groups: list[list[Span]] = []
    size = 0
    for sentences in paragraphs:
        length = sum(count(text, s) for s in sentences)
        if groups and size < settings.min_syllables and size + length <= settings.max_syllables:
            groups[-1].extend(sentences)
            size += length
            continue
        parts = _balanced(sentences, length, text, settings.max_syllables)
        groups.extend(parts)
        size = sum(count(text, s) for s in parts[-1])
    if len(groups) > 1 and size < settings.min_syllables:
        before = sum(count(text, s) for s in groups[-2])
        if before + size <= settings.max_syllables:
            groups[-2:] = [groups[-2] + groups[-1]]
    return groups


def _balanced(sentences: list[Span], length: int, text: str, longest: int) -> list[list[Span]]:
    """One paragraph in as few parts as fit, each as near to the same size as its sentences allow."""
    parts: list[list[Span]] = [[]]
    size, left = 0, length
    for sentence in sentences:
        syllables = count(text, sentence)
        share = (size + left) / max(1, -(-(size + left) // longest))  # what this part and the rest would hold each
        if parts[-1] and (size + syllables > longest or size + syllables / 2 > share):
            parts.append([])
            size = 0
        parts[-1].append(sentence)
        size, left = size + syllables, left - syllables
    return parts


def count(text: str, span: Span) -> int:
    """Syllables in the span: words between spaces, or its length where there are none."""
    piece = text[span.start : span.end]
    return max(len(piece.split()), -(-len(piece) // _SYLLABLE_CHARS))


def _passage(article: Article, kind: Kind, sentences: list[Span]) -> Passage:
    start, end = sentences[0].start, sentences[-1].end
    return Passage(article.id, kind, start, end, article.text[start:end], tuple(sentences))
