"""What the doctor found, as people see it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from embeddings.console import one_line
from embeddings.messages import Language
from qa_bot.doctor.findings import Finding, Message, Repaired, State
from qa_bot.doctor_words import say

_MARKS: dict[State, tuple[str, str]] = {"good": ("✓", "green"), "notice": ("!", "yellow"), "bad": ("✗", "red")}


def report(findings: Sequence[Finding], repaired: Sequence[Repaired], language: Language) -> RenderableType:
    """What was repaired, a row for each finding, and in words whether all is well."""
    lines = [_repair_line(item, language) for item in repaired]
    table = Table(show_header=False, box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        table.add_row(_mark(finding.state), say(language, f"doctor.area.{finding.area}"), _told(finding, language))
    return Group(*lines, *([Text()] if lines else []), table, Text(), _verdict(findings, repaired, language))


def _mark(state: State) -> Text:
    return Text(*_MARKS[state])


def _told(finding: Finding, language: Language) -> Text:
    """What was found, and below it what to do about it."""
    text = Text(_in_words(finding.what, language))
    cure = finding.cure or (Message("doctor.cure.repair") if finding.repair else None)
    return text.append(f"\n→ {_in_words(cure, language)}", "bold") if cure else text


def _repair_line(item: Repaired, language: Language) -> Text:
    name = "doctor.repaired" if item.done else "doctor.not_repaired"
    return Text(one_line(say(language, name, said=_in_words(item.said, language))))


def _verdict(findings: Sequence[Finding], repaired: Sequence[Repaired], language: Language) -> Text:
    counts = {state: sum(finding.state == state for finding in findings) for state in _MARKS}
    state: State = "bad" if counts["bad"] else "notice" if counts["notice"] else "good"
    text = Text(say(language, f"doctor.all.{state}", count=counts[state]), _MARKS[state][1])
    repairable = sum(finding.repair is not None for finding in findings)
    if repairable and not repaired:
        text.append(f" {say(language, 'doctor.all.repairable', count=repairable)}")
    return text


def _in_words(message: Message, language: Language) -> str:
    return one_line(say(language, message.name, **message.values))
