"""From a page to all that an index stores of it. Pure, so that it can be done anywhere; draft.Draft.store keeps it.

What was prepared elsewhere comes back as JSON: no pickle between processes or machines. Passages go as offsets, since
their text is the article's own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from embeddings.chunking import chunk
from embeddings.cleaning import clean
from embeddings.counting import Counts, count_all, definitions
from embeddings.duplicates import Sketch, packed, sketch, unpacked
from embeddings.lexicon import Lexicon
from embeddings.metadata import context_of, describe
from embeddings.records import Article, Context, Kind, Page, Passage, Span
from embeddings.settings import Chunking
from embeddings.vietnamese import visible

_PAIRS = "pairs"  # of Counts: the one whose keys are two texts


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article as an index stores it. There is at least one passage."""

    article: Article
    context: Context
    passages: tuple[Passage, ...]
    sketch: Sketch
    definitions: tuple[tuple[str, str, int], ...]  # (short form, full form, how often)
    counts: Counts


def prepare(page: Page, chunking: Chunking, lexicon: Lexicon) -> Prepared | None:
    """The article on a page; None where there is no text of an article."""
    regions = clean(page, lexicon)
    article = describe(page, regions, lexicon)
    passages = chunk(article, regions, chunking, lexicon)
    if not passages:
        return None
    context = context_of(article, lexicon)
    texts = [context.title or "", *(passage.text for passage in passages)]
    return Prepared(
        article=article,
        context=context,
        passages=tuple(passages),
        sketch=sketch(_told(passages)),
        definitions=tuple(definitions(visible(page.text))),
        counts=count_all(texts, (context.place, context.author, context.source)),
    )


def title_of(page: Page, lexicon: Lexicon) -> str | None:
    """What the article on a page is called."""
    return describe(page, clean(page, lexicon), lexicon).title


def _told(passages: Sequence[Passage]) -> str:
    """What an article tells: its body, or whatever there is instead."""
    body = [passage.text for passage in passages if passage.kind is Kind.BODY]
    return "\n".join(body or [passage.text for passage in passages])


# --- as JSON ---


def stated(prepared: Prepared) -> dict[str, Any]:
    """What JSON can say of it; `restored` makes the same of that."""
    article, context = prepared.article, prepared.context
    return {
        "article": {
            **{name: getattr(article, name) for name in _ARTICLE},
            "published": article.published.isoformat() if article.published else None,
        },
        "context": [context.published.isoformat() if context.published else None, context.place],
        "passages": [
            [p.kind.value, p.start, p.end, [[s.start, s.end] for s in p.sentences]] for p in prepared.passages
        ],
        "sketch": packed(prepared.sketch).hex(),
        "definitions": prepared.definitions,
        "counts": {part.name: _counted(getattr(prepared.counts, part.name), part.name) for part in fields(Counts)},
    }


def restored(values: dict[str, Any]) -> Prepared:
    """What `stated` was given. Raises KeyError, TypeError or ValueError where `values` is nothing of the kind."""
    own = values["article"]
    article = Article(
        **{
            **own,
            "also_at": tuple(own["also_at"]),
            "pages": tuple(own["pages"]),
            "published": date.fromisoformat(own["published"]) if own["published"] else None,
        }
    )
    published, place = values["context"]
    day = date.fromisoformat(published) if published else None
    return Prepared(
        article=article,
        context=Context(article.title, day, place, article.author, article.source),
        passages=tuple(
            Passage(
                article.id, Kind(kind), start, end, article.text[start:end], tuple(Span(a, b) for a, b in sentences)
            )
            for kind, start, end, sentences in values["passages"]
        ),
        sketch=unpacked(bytes.fromhex(values["sketch"])),
        definitions=tuple((short, full, n) for short, full, n in values["definitions"]),
        counts=Counts(**{name: _counter(columns) for name, columns in values["counts"].items()}),
    )


_ARTICLE = tuple(part.name for part in fields(Article))


def _counted(counter: Counter[Any], name: str) -> list[list[Any]]:
    """Columns, in order: the keys, or the first and second halves of them; and how often."""
    keys = [list(half) for half in zip(*counter, strict=True)] or [[], []] if name == _PAIRS else [list(counter)]
    return [*keys, list(counter.values())]


def _counter(columns: list[list[Any]]) -> Counter[Any]:
    """A dictionary's own speed: Counter's constructor would add one by one."""
    *keys, counts = columns
    found: Counter[Any] = Counter()
    dict.update(found, zip(zip(*keys, strict=True) if len(keys) > 1 else keys[0], counts, strict=True))
    return found


def as_json(value: object) -> bytes:
    """Half characters, which text that was decoded wrongly may hold, survive."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def from_json(data: bytes) -> Any:
    return json.loads(data.decode("utf-8", "surrogatepass"))
