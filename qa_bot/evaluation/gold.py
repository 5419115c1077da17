"""Questions whose answers are known.

A gold file holds JSON lines: `question`, `history`?, `kind`?, `article` (file name, several, or null where the
articles do not answer), `accept`? (texts one of which the answer must hold), `key_points`? (or all of these),
`evidence`? (what a citation must quote), `vote`? (below 0: `article` and `evidence` are what readers disliked, not
what is right; see qa_bot.feedback), `id`? and `note`? (for whoever reads the report).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from embeddings.vietnamese import normalize
from qa_bot.errors import BatchError
from qa_bot.records import Citation

DISLIKED = "disliked"
ANSWERABLE, UNANSWERABLE = "answerable", "unanswerable"

_QUOTES = re.compile("[“”\"'«»]")
_DASHES = re.compile(r"\s*[-–—]\s*")


def _as_list(value: Any) -> Any:
    return [] if value is None else [value] if isinstance(value, str) else value


def _as_text(value: Any) -> str:
    return "" if value is None else str(value)


Texts = Annotated[list[str], BeforeValidator(_as_list)]
Label = Annotated[str, BeforeValidator(_as_text)]


class Gold(BaseModel):
    """One question and what a good answer holds."""

    question: str
    history: Texts = []
    kind: str = "question"
    article: Texts = []
    accept: Texts = []
    key_points: Texts = []
    evidence: Texts = []
    vote: int = 0  # readers' votes for this answer minus those against it
    id: Label = ""
    note: Label = ""

    @property
    def answerable(self) -> bool:
        return bool(self.article)

    @property
    def kinds(self) -> list[str]:
        """What the row counts under; a disliked refusal, of which nobody said what would be right, under nothing."""
        if self.vote < 0:
            return [DISLIKED] if self.answerable else []
        return [self.kind, ANSWERABLE] if self.answerable else [UNANSWERABLE]


def read_gold(file: Path) -> list[Gold]:
    """Raises BatchError that names the line."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BatchError(f"The gold file {file} cannot be read ({error}).") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(Gold.model_validate(json.loads(line)))
            except (ValidationError, ValueError, RecursionError) as error:
                raise BatchError(f"{file} line {number} is not a gold row ({str(error).splitlines()[0]}).") from error
    if not rows:
        raise BatchError(f"The gold file {file} holds no question.")
    return rows


def cites_all(row: Gold, citations: Sequence[Citation]) -> bool:
    """Whether every right article is cited."""
    return {Path(citation.path).name for citation in citations}.issuperset(row.article)


def quotes_all(row: Gold, citations: Sequence[Citation]) -> bool:
    """Whether every piece of evidence is quoted, whole or in part; true where the row names none."""
    return all(any(overlap(evidence, citation.quote) for citation in citations) for evidence in row.evidence)


def is_right(row: Gold, text: str, citations: Sequence[Citation]) -> bool:
    """Whether the text holds what is accepted; where the row does not say: whether articles and evidence are right."""
    if row.accept or row.key_points:
        return holds_answer(text, row)
    return cites_all(row, citations) and quotes_all(row, citations)


def holds_answer(text: str, row: Gold) -> bool:
    """Whether one accepted answer stands in the text, or all key points; XVIII does not stand in XXVIII."""
    points = bool(row.key_points) and all(_stands_in(text, point) for point in row.key_points)
    return points or any(_stands_in(text, accepted) for accepted in row.accept)


def overlap(a: str, b: str) -> bool:
    """Whether one text stands in the other, whatever the spelling, quotation marks and dashes."""
    a, b = _comparable(a), _comparable(b)
    return a in b or b in a


def _stands_in(text: str, part: str) -> bool:
    pattern = rf"(?<!\w)(?<!\d[.,/]){re.escape(_comparable(part))}(?!\w)(?![.,/]\d)"
    return re.search(pattern, _comparable(text)) is not None


def _comparable(text: str) -> str:
    return " ".join(_DASHES.sub("-", _QUOTES.sub("", normalize(text))).split())
