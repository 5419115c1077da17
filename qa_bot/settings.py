"""All settings: those of the index, and those of retrieval and answering."""

from __future__ import annotations

from pydantic import Field

from embeddings.settings import IndexSettings, Section


class Retrieval(Section):
    depth: int = Field(400, ge=10)
    dense_share_accented: float = Field(0.55, ge=0, le=1)
    dense_share_bare: float = Field(0.1, ge=0, le=1)
    dense_share_foreign: float = Field(0.7, ge=0, le=1)
    folded_share: float = Field(0.3, ge=0, le=1)
    context_weight: float = Field(0.3, ge=0)


class Answering(Section):
    min_confidence: float = Field(0.3, ge=0, le=1)
    passages: int = Field(5, ge=1)
    max_characters: int = Field(280, ge=80)
    max_question_characters: int = Field(4000, ge=100)
    nearest: int = Field(3, ge=0)


class BotSettings(IndexSettings):
    """What `qa-bot` needs."""

    retrieval: Retrieval = Retrieval()
    answering: Answering = Answering()
