"""Articles that are nearly the same text: one story, printed more than once. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from embeddings.records import Article
from embeddings.vietnamese import normalize

_ALIKE = 0.8  # share of two articles' text, by characters, that is the same: the same story
_MOST_STORIES = 8  # that are remembered by one sentence; what stands in more tells none of them
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")


def same_stories(articles: Iterable[Article]) -> list[list[Article]]:
    """Articles of one story together, in the order in which the first of them comes. Linear in the length of all."""
    stories: list[list[Article]] = []
    firsts: list[Mapping[int, int]] = []  # of each story's first article: a sentence's hash -> its length
    known: dict[int, list[int]] = {}  # a sentence's hash -> stories that it is of
    for article in articles:
        sentences = _sentences(article.text)
        near = {story for sentence in sentences for story in known.get(sentence, ())}
        twin = next((story for story in sorted(near) if _alike(sentences, firsts[story])), None)
        if twin is not None:
            stories[twin].append(article)
            continue
        for sentence in sentences:
            told_in = known.setdefault(sentence, [])
            if len(told_in) < _MOST_STORIES:
                told_in.append(len(stories))
        stories.append([article])
        firsts.append(sentences)
    return stories


@lru_cache(maxsize=1000)
def _sentences(text: str) -> Mapping[int, int]:
    """{hash: length} of the sentences, whatever their spaces. The articles asked about are mostly the same ones."""
    said = ("".join(part.split()) for part in _SENTENCE_END.split(normalize(text)))
    return {hash(part): len(part) for part in said if part}


def _alike(sentences: Mapping[int, int], others: Mapping[int, int]) -> bool:
    longest = max(sum(sentences.values()), sum(others.values()))
    return sum(length for sentence, length in sentences.items() if sentence in others) >= _ALIKE * longest
