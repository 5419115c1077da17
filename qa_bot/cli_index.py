"""The commands of qa-bot that look after the index: status, articles, doctor. Each parses, calls, shows."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embeddings.messages import Language
    from qa_bot.settings import BotSettings

Command = Callable[[argparse.Namespace, "BotSettings"], int]
Add = Callable[[str, Command, str], argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Declare them; `add` takes a name, what it does, and a line about it."""
    add("status", _status, "what is indexed")
    articles = add("articles", _articles, "list what is indexed, show an article, leave some out")
    articles.add_argument("words", nargs="*", help="words of title, author, outlet or path; an id")
    articles.add_argument("--from", dest="first", metavar="DAY", help="only articles from then on")
    articles.add_argument("--to", dest="last", metavar="DAY", help="only articles until then")
    articles.add_argument("--source", metavar="OUTLET", help="only articles of this outlet")
    articles.add_argument("--author", metavar="NAME", help="only articles by this author")
    articles.add_argument("--sort", choices=["newest", "title", "path"], default="newest")
    articles.add_argument(
        "--limit", type=int, default=50, metavar="N", help="how many are listed; 0: all (default: 50)"
    )
    articles.add_argument("--json", action="store_true", help="one JSON line an article")
    what = articles.add_mutually_exclusive_group()
    for name, line in (
        ("show", "one article, whole"),
        ("remove", "leave articles out of the index; their files stay"),
        ("restore", "take articles back that were left out"),
    ):
        what.add_argument(f"--{name}", dest="action", action="store_const", const=name, default="list", help=line)
    articles.add_argument("--yes", action="store_true", help="do not ask before --remove and --restore")
    doctor = add("doctor", _doctor, "look at everything, say what is wrong and what to do")
    doctor.add_argument("--repair", action="store_true", help="do what can be done without harm")


def _status(options: argparse.Namespace, settings: BotSettings) -> int:  # noqa: ARG001 - every command has these two
    from rich.console import Console

    from embeddings.opening import place_of, source_of
    from qa_bot import calibration
    from qa_bot.tables import status_table

    with closing(source_of(settings.index)) as source:
        manifest, warning = source.manifest()
    fitted = calibration.load(settings.index.dir, manifest.fingerprint)
    warnings = " ".join(filter(None, (warning, fitted.warning)))
    spoken = _language(settings)
    Console().print(status_table(manifest, place_of(settings.index), spoken, warnings))
    return 0


def _articles(options: argparse.Namespace, settings: BotSettings) -> int:
    from rich.console import Console

    from qa_bot import articles_command, assembly
    from qa_bot.articles_query import Wanted
    from qa_bot.filters import parse

    spoken = _language(settings)
    wanted = Wanted(
        options.action, tuple(options.words), parse(options.first, options.last, None), options.source, options.author,
        options.sort, options.limit, options.json, options.yes,
    )  # fmt: skip
    rebuild = assembly.make_quiet_rebuild(settings, spoken)
    return articles_command.run(wanted, settings, rebuild, spoken, Console(), articles_command.asking(spoken))


def _doctor(options: argparse.Namespace, settings: BotSettings) -> int:
    from rich.console import Console

    from qa_bot import doctor

    shown, code = doctor.run(settings, _language(settings), repair=options.repair, config=options.config)
    Console().print(shown)
    return code


def _language(settings: BotSettings) -> Language:
    from embeddings.settings import language

    return language(settings.terminal.language)
