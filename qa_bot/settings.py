"""All settings: those of the index, and those of retrieval, answering and the Telegram bot."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from embeddings.settings import IndexSettings, Section


class Retrieval(Section):
    depth: int = Field(400, ge=10)
    dense_share_accented: float = Field(0.55, ge=0, le=1)
    dense_share_bare: float = Field(0.55, ge=0, le=1)
    dense_share_foreign: float = Field(0.8, ge=0, le=1)
    folded_share: float = Field(0.3, ge=0, le=1)
    context_weight: float = Field(0.3, ge=0)
    pair_weight: float = Field(0.25, ge=0)


class Answering(Section):
    min_confidence: float = Field(0.14, ge=0, le=1)
    passages: int = Field(5, ge=1)
    max_characters: int = Field(360, ge=80)
    max_question_characters: int = Field(4000, ge=100)
    nearest: int = Field(3, ge=0)


class Telegram(Section):
    token: SecretStr = SecretStr("")
    base_url: str = "https://api.telegram.org/bot"
    access: Literal["open"] | tuple[int, ...] = ()
    admins: tuple[int, ...] = ()
    questions_per_minute: int = Field(30, ge=1)
    max_waiting: int = Field(2000, ge=1)
    answers_at_once: int = Field(8, ge=1)
    messages_per_second: int = Field(30, ge=1)
    messages_per_minute_in_group: int = Field(20, ge=1)
    conversation_minutes: float = Field(30, gt=0)
    keep_days: float = Field(30, gt=0)
    max_document_megabytes: float = Field(20.0, gt=0, le=20)
    private_links: bool = False
    webhook_url: str = ""
    webhook_secret: SecretStr = SecretStr("")
    webhook_listen: str = "127.0.0.1"
    webhook_port: int = Field(8443, ge=0, le=65535)
    webhook_max_kilobytes: int = Field(1024, ge=16)
    metrics_listen: str = "127.0.0.1"
    metrics_port: int = Field(0, ge=0, le=65535)

    @field_validator("token", "webhook_secret", mode="before")
    @classmethod
    def _text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) else value  # digits in the environment are read as a number

    @field_validator("access", "admins", mode="before")
    @classmethod
    def _ids(cls, value: object) -> object:
        """Numeric ids as a list, as one number, or as a text with commas between them; names move, ids don't."""
        if isinstance(value, int):
            return (value,)
        if isinstance(value, str) and value.strip() != "open":
            parts = [part.strip() for part in value.split(",") if part.strip()]
            if not all(re.fullmatch(r"-?\d{1,19}", part) for part in parts):
                raise ValueError("give numeric ids with commas between them (access may also be 'open')")
            return tuple(int(part) for part in parts)
        return value.strip() if isinstance(value, str) else value

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://\S+/bot", value):
            raise ValueError("write it as http://host:port/bot")
        return value

    @model_validator(mode="after")
    def _guarded_webhook(self) -> Self:
        if self.webhook_url and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", self.webhook_secret.get_secret_value()):
            raise ValueError("webhook_url needs webhook_secret: 16 to 256 of A-Z, a-z, 0-9, _ and -")
        if self.webhook_url and not re.fullmatch(r"https?://[^\s/]+/\S+", self.webhook_url):
            raise ValueError("webhook_url needs a path that nobody guesses: https://host/path")
        return self


class State(Section):
    dir: Path | None = None


class BotSettings(IndexSettings):
    """What `qa-bot` needs."""

    retrieval: Retrieval = Retrieval()
    answering: Answering = Answering()
    telegram: Telegram = Telegram()
    state: State = State()


def state_dir(settings: BotSettings, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the Telegram bot keeps its database: as set, else in the user's state folder."""
    base = environment.get("XDG_STATE_HOME") or (Path.home() / ".local" / "state")
    return settings.state.dir or Path(base) / "qa-bot"
