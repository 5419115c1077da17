"""What an article's title, place, date and author add to a passage of it when it is encoded and indexed.

A sentence alone seldom says which district or whose report it is from. The text that is shown and cited stays
as it is; only what the model and the lexical index see is longer. Measured forms: docs/quality.md.
"""

from __future__ import annotations

from embeddings.abbreviations import expansions
from embeddings.lexicon import Lexicon
from embeddings.ordinals import ordinals
from embeddings.records import Context, Kind
from embeddings.vietnamese import normalize


def heading(context: Context) -> str:
    """Title, and the place where the title does not name it; "" where both are unknown."""
    title, place = context.title or "", context.place or ""
    if title and place and normalize(place) not in normalize(title):
        return f"{title} ({place})"
    return title or place


def encoded_text(sentence: str, kind: Kind, context: Context, lexicon: Lexicon) -> str:
    """What the embedding model reads for one sentence: "Title (Place). words for its kind: sentence"."""
    words = lexicon.context_words.get(kind)
    labelled = f"{words}: {sentence}" if words else sentence
    above = heading(context)
    return f"{above}. {labelled}" if above else labelled


def indexed_text(text: str, kind: Kind, lexicon: Lexicon) -> str:
    """What the words of a passage or sentence are: its own, its kind's ("tác giả …"), abbreviations in full, and Roman
    ordinals as "thứ 18".
    """
    arabic = (f"thứ {number}" for _, _, number in ordinals(text))
    return "\n".join((text, lexicon.context_words.get(kind, ""), *expansions(text, lexicon), *arabic))


def context_text(context: Context, lexicon: Lexicon) -> str:
    """What the lexical index adds to every passage of an article, in a field of its own."""
    published = context.published
    parts = (
        heading(context),
        *expansions(heading(context), lexicon),
        f"ngày {published.day} tháng {published.month} năm {published.year}" if published else "",
        context.author or "",
        context.source or "",
    )
    return "\n".join(part for part in parts if part)
