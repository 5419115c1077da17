"""`qa-bot doctor`: everything is looked at, what can safely be put right is, and a table tells of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import RenderableType

from embeddings.errors import BotError
from embeddings.messages import Language
from qa_bot import assembly
from qa_bot.doctor.caches import caches
from qa_bot.doctor.findings import Finding, Repaired, told
from qa_bot.doctor.index import index
from qa_bot.doctor.model import model
from qa_bot.doctor.places import articles, settings_used, temporary
from qa_bot.doctor.server import server
from qa_bot.doctor.table import report
from qa_bot.doctor.telegram import telegram
from qa_bot.settings import BotSettings


def run(
    settings: BotSettings, language: Language, *, repair: bool, config: Path | None = None
) -> tuple[RenderableType, int]:
    """What was found, and 0 if nothing of it is bad, else 1. `config`: the settings file that was asked for."""
    fingerprint, problem = _fingerprint(settings)

    def look() -> list[Finding]:
        return examine(settings, fingerprint, config=config, problem=problem)

    findings, repaired = look(), list[Repaired]()
    if repair:
        repaired = repair_all(findings)
        findings = look() if repaired else findings
    bad = any(finding.state == "bad" for finding in findings)
    return report(findings, repaired, language), 1 if bad else 0


def _fingerprint(settings: BotSettings) -> tuple[str | None, str | None]:
    """The configured model's fingerprint, or why it is not known. A model that is not here yet is not fetched."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # read when the library is imported, which nothing has done in this command
    try:
        return assembly.make_encoder(settings).fingerprint, None
    except (BotError, OSError) as error:
        return None, str(error)


def examine(
    settings: BotSettings,
    fingerprint: str | None,
    *,
    config: Path | None = None,
    problem: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> list[Finding]:
    """Everything that was found, in the order in which it is shown. Nothing is changed.

    `fingerprint`: of the configured model; None where it is not known, because of `problem`.
    """
    return [
        *settings_used(config, environment),
        *articles(settings),
        *index(settings, fingerprint),
        *server(settings, fingerprint),
        *caches(settings),
        *model(settings, problem),
        *temporary(),
        *telegram(settings),
    ]


def repair_all(findings: Iterable[Finding]) -> list[Repaired]:
    """Run the repairs that the findings come with, one after the other; one that fails holds up none of the others."""
    return [_repaired(finding) for finding in findings if finding.repair is not None]


def _repaired(finding: Finding) -> Repaired:
    assert finding.repair is not None  # noqa: S101 - of those that have one
    try:
        return Repaired(finding, True, finding.repair())
    except (BotError, OSError) as error:
        return Repaired(finding, False, told("doctor.said", text=error))
