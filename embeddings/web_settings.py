"""The settings of sources on the web."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class WebSettings(BaseModel):
    """How often pages are asked for, how politely, and how much of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    refresh_hours: float = Field(24.0, ge=0)  # a page asked for within it is not asked for again; lists always are
    delay_seconds: float = Field(1.0, ge=0)  # between two requests to one host; a longer Crawl-delay of its own wins
    max_pages: int = Field(2000, ge=1)  # of one source, the newest
    max_megabytes: float = Field(20.0, gt=0, le=500)
    deadline_seconds: float = Field(20.0, gt=0)  # of one request
    total_minutes: float = Field(60.0, gt=0)  # of one build
    allow_private: bool = False  # the local network, and ports other than 80 and 443
