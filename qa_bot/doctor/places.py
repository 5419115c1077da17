"""Settings, articles, and the temporary folder: what is there before anything is built."""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from embeddings import leftovers, lexicon
from embeddings.articles import shown, survey
from embeddings.errors import SettingsError, SourceError
from embeddings.settings import DEFAULT_FILE, ENVIRONMENT_PREFIX
from qa_bot.doctor.findings import Finding, Message, shown_size, told
from qa_bot.settings import BotSettings

_TEMPORARY = 64_000_000  # bytes; readers need next to nothing there, other programs more
_READABLE_BY_ALL = 0o004
_SECRETS = ("token", "webhook_secret")  # of the section telegram
_EXPECTED = "format "  # how a survey begins to say that a file is of a kind that is not read: no reason to worry


def settings_used(config: Path | None, environment: Mapping[str, str]) -> Iterator[Finding]:
    """`config`: the file that was asked for; without it, the one at its usual place counts."""
    file = config or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    names = sorted(name for name in environment if name.startswith(ENVIRONMENT_PREFIX))
    what = told("doctor.settings.file", file=shown(file)) if file else told("doctor.settings.defaults")
    yield Finding("settings", "good", what)
    if names:  # their values may be secret
        yield Finding("settings", "good", told("doctor.settings.environment", names=", ".join(names)))
    if file is not None and _shows_a_secret(file):
        cure = told("doctor.cure.run", command=f"chmod 600 {shown(file)}")
        yield Finding("settings", "notice", told("doctor.settings.public", file=shown(file)), cure)


def _shows_a_secret(file: Path) -> bool:
    """Whether the file holds one, and everybody may read it."""
    try:
        telegram = tomllib.loads(file.read_text("utf-8")).get("telegram", {})
        return any(telegram.get(name) for name in _SECRETS) and bool(file.stat().st_mode & _READABLE_BY_ALL)
    except (OSError, ValueError, AttributeError):  # whoever loads it, tells what is wrong with it
        return False


def articles(settings: BotSettings) -> Iterator[Finding]:
    for source in settings.articles.source:
        yield _source(settings, source)
    try:
        lexicon.load(settings.articles.word_lists)
    except SettingsError as error:
        yield Finding("articles", "bad", told("doctor.said", text=error))


def _source(settings: BotSettings, source: Path) -> Finding:
    try:
        files, skipped = survey(settings.articles.model_copy(update={"source": (source,)}))
    except SourceError as error:
        return Finding("articles", "bad", told("doctor.said", text=error))
    closed = [shown(file.path) for file in files if not os.access(file.path, os.R_OK)]
    problems = [f"{item.path}: {item.reason}" for item in skipped if not item.reason.startswith(_EXPECTED)]
    counts = {"source": shown(source), "files": len(files) - len(closed), "skipped": len(skipped)}
    if closed or problems:
        first = problems[0] if problems else closed[0]
        what = told("doctor.articles.closed", **counts, count=len(closed) + len(problems), first=first)
        return Finding("articles", "notice", what, told("doctor.cure.permissions"))
    if not files:
        return Finding("articles", "notice", told("doctor.articles.none", **counts), told("doctor.cure.articles"))
    if skipped:
        first = f"{skipped[0].path}: {skipped[0].reason}"
        return Finding("articles", "good", told("doctor.articles.some", **counts, first=first))
    return Finding("articles", "good", told("doctor.articles.all", **counts))


def temporary() -> Iterator[Finding]:
    """Readers make a folder of links there; killed ones leave it behind."""
    try:
        folder = Path(tempfile.gettempdir())
    except OSError:  # none that can be written
        yield Finding("temporary", "bad", told("doctor.temporary.none"), told("doctor.cure.temporary"))
        return
    free = room_in(folder).free
    if free < _TEMPORARY:
        what = told("doctor.temporary.full", folder=shown(folder), free=shown_size(free))
        yield Finding("temporary", "notice", what, told("doctor.cure.space"))
    found = leftovers.abandoned()
    if found:
        what = told("doctor.temporary.links", folder=shown(folder), count=len(found))
        yield Finding("temporary", "notice", what, repair=_sweep)
    elif free >= _TEMPORARY:
        yield Finding("temporary", "good", told("doctor.temporary.good", folder=shown(folder), free=shown_size(free)))


def _sweep() -> Message:
    return told("doctor.done.links", count=leftovers.sweep())


@dataclass(frozen=True, slots=True)
class Room:
    """What may be written in a folder, or where it will be made."""

    free: int  # bytes
    writable: bool  # by this user


def room_in(folder: Path) -> Room:
    place = os.path.abspath(folder)
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return Room(0, False)
    return Room(free, os.path.isdir(place) and os.access(place, os.R_OK | os.W_OK | os.X_OK))
