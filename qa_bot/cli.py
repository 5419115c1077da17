"""The command qa-bot. Each subcommand parses, calls, shows; what a person can put right is one line."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.console import complain
from embeddings.errors import BotError
from qa_bot import cli_index

if TYPE_CHECKING:
    from embeddings.messages import Language
    from qa_bot.batch import Row
    from qa_bot.bot import Bot
    from qa_bot.records import Filters
    from qa_bot.settings import BotSettings

_INTERRUPTED = 130

Command = Callable[[argparse.Namespace, "BotSettings"], int]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # whatever a terminal's encoding lacks is no reason to fail
    try:
        from embeddings.settings import load  # late, so that --help is quick
        from qa_bot.settings import BotSettings

        settings = load(BotSettings, options.config)
        if options.index is not None:
            settings = settings.model_copy(update={"index": settings.index.model_copy(update={"dir": options.index})})
        code: int = options.command(options, settings)
        sys.stdout.flush()
    except BotError as error:
        complain(f"qa-bot: {error}")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read us has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qa-bot",
        description="Ask your Vietnamese articles; answers come with exact citations. Index them first: rebuild-index.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: Command, help_line: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_line, description=help_line)
        sub.add_argument("--index", type=Path, metavar="DIR", help="where the index lies (default: index/)")
        sub.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: config/qa-bot.toml)")
        sub.set_defaults(command=command)
        return sub

    ask = add("ask", _ask, "one question, or a file of them, and the answers")
    ask.add_argument("question", nargs="?", help="the question, with or without diacritics")
    ask.add_argument("--history", action="append", default=[], metavar="TEXT", help="earlier question; repeatable")
    search = add("search", _search, "passages only, best first")
    search.add_argument("question", nargs="?", metavar="query", help="what to look for")
    search.add_argument("--top", type=_positive, default=5, metavar="N", help="how many passages (default: 5)")
    for sub in (ask, search):
        sub.add_argument(
            "--from", dest="first", metavar="DAY", help="only articles from then on: 2020, 6/2021, 5/5/2021"
        )
        sub.add_argument("--to", dest="last", metavar="DAY", help="only articles until then")
        sub.add_argument("--in", dest="title", metavar="WORDS", help="only articles with these words in their title")
        sub.add_argument("--json", action="store_true", help="one JSON line instead of text")
        sub.add_argument(
            "--batch",
            metavar="FILE",
            help='JSON lines with "id", "question" and perhaps "history", "from", "to", "in"; - is standard input',
        )
    add("chat", _chat, "ask and read in the terminal")
    add("telegram", _telegram, "answer in Telegram")
    cli_index.add_commands(add)
    calibrate = add("calibrate", _calibrate, "fit the confidence on the index: ask with and without what answers")
    calibrate.add_argument("--questions", type=_positive, default=200, metavar="N", help="at most (default: 200)")
    calibrate.add_argument("--undo", action="store_true", help="go back to the confidence as it came")
    evaluation = add("eval", _eval, "figures over questions whose answers are known")
    evaluation.add_argument("gold", type=Path, metavar="GOLD.jsonl", help="questions with article, accept, evidence")
    evaluation.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    evaluation.add_argument(
        "--report", type=Path, metavar="FILE.html", help="also write a page with plots and every failure side by side"
    )
    feedback = add("feedback", _feedback, "readers' votes on answers, as questions for eval")
    feedback.add_argument("--out", type=Path, metavar="FILE", help="write there instead of to standard output")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _open(settings: BotSettings) -> Bot:
    from qa_bot.assembly import make_bot, make_encoder

    bot = make_bot(settings, make_encoder(settings))
    if bot.index.warning:
        complain(f"qa-bot: {bot.index.warning}")
    return bot


def _ask(options: argparse.Namespace, settings: BotSettings) -> int:
    from qa_bot.filters import note
    from qa_bot.rendering import answer_json, answer_text

    if options.batch is not None:
        return _batch(
            options, settings, lambda bot, row: answer_json(bot.ask(row.question, row.history, row.filters), row.id)
        )
    wanted, question = _filters(options), _question(options)
    bot = _open(settings)
    answer = bot.ask(question, options.history, wanted)
    if options.json:
        return _print_json(answer_json(answer))
    return _print(answer_text(answer, _language(settings), note(wanted, bot.headers, _language(settings))))


def _search(options: argparse.Namespace, settings: BotSettings) -> int:
    from qa_bot.filters import note
    from qa_bot.rendering import ranked_text, search_json

    def found(bot: Bot, row: Row) -> dict[str, object]:
        return search_json(row.question, row.id, bot.search(row.question, options.top, row.history, row.filters))

    if options.batch is not None:
        return _batch(options, settings, found)
    wanted, question = _filters(options), _question(options)
    bot = _open(settings)
    ranked = bot.search(question, options.top, filters=wanted)
    if options.json:
        return _print_json(search_json(question, None, ranked))
    return _print(ranked_text(ranked, note(wanted, bot.headers, _language(settings))))


def _chat(options: argparse.Namespace, settings: BotSettings) -> int:  # noqa: ARG001 - every command has these two
    from rich.console import Console

    from qa_bot import assembly, terminal

    encoder = assembly.make_encoder(settings)
    bot = assembly.make_bot(settings, encoder)
    bot.warm_up()
    rebuild = assembly.make_rebuild(settings, encoder)
    return terminal.run(bot, rebuild, _language(settings), assembly.history_file(settings), Console())


def _telegram(options: argparse.Namespace, settings: BotSettings) -> int:  # noqa: ARG001
    from qa_bot import assembly
    from qa_bot.settings import state_dir
    from qa_bot.telegram import service

    encoder = assembly.make_shared_encoder(settings)
    parts = service.Parts(
        open_bot=lambda: assembly.make_bot(settings, encoder),
        warm_up=encoder.warm_up,
        build=assembly.make_build(settings, encoder),
        state_dir=state_dir(settings),
    )
    service.run(settings, parts)
    return 0


def _calibrate(options: argparse.Namespace, settings: BotSettings) -> int:
    from qa_bot import calibrating

    return _print(calibrating.run(settings, _language(settings), options.questions, undo=options.undo))


def _eval(options: argparse.Namespace, settings: BotSettings) -> int:
    from datetime import datetime

    from rich.console import Console

    from qa_bot import evaluation

    gold = evaluation.read_gold(options.gold)
    if options.report is not None:
        evaluation.check_destination(options.report, options.gold)  # before minutes of asking
    bot = _open(settings)
    bot.warm_up().join()  # loading the model is no part of the first question's time
    with evaluation.asking(len(gold), _language(settings), Console(stderr=True)) as done:
        outcomes = evaluation.ask_all(bot, gold, done)
    figures = evaluation.figures(outcomes)
    if options.report is not None:
        manifest = bot.index.manifest
        subject = evaluation.Subject(
            options.gold.name, manifest.articles, manifest.passages, manifest.fingerprint,
            settings.answering.min_confidence, datetime.now().astimezone(),
        )  # fmt: skip
        evaluation.write_report(options.report, evaluation.page(outcomes, figures, subject, _language(settings)))
    if options.json:
        return _print_json(figures.model_dump())
    console = Console(width=None if sys.stdout.isatty() else evaluation.TABLE_WIDTH)
    console.print(evaluation.table(figures), evaluation.summary(figures), sep="\n")
    return 0


def _feedback(options: argparse.Namespace, settings: BotSettings) -> int:
    from qa_bot import feedback
    from qa_bot.rendering import json_line
    from qa_bot.settings import state_dir

    lines = [json_line(row) + "\n" for row in feedback.read(state_dir(settings))]
    if options.out is None:
        sys.stdout.writelines(lines)
        return 0
    try:
        with open(options.out, "w", encoding="utf-8", opener=_private) as file:
            file.writelines(lines)
    except OSError as error:
        raise BotError(f"{options.out} cannot be written ({error.strerror}). Give another --out FILE.") from error
    return 0


def _private(path: str, flags: int) -> int:
    """Open a file that holds what people asked."""
    return os.open(path, flags, 0o600)


def _batch(options: argparse.Namespace, settings: BotSettings, answer: Callable[[Bot, Row], dict[str, object]]) -> int:
    from qa_bot.batch import read_rows
    from qa_bot.filters import completed

    if options.question is not None:
        raise BotError("Give a question or --batch, not both.")
    wanted = _filters(options)
    bot = _open(settings)
    code = 0
    with read_rows(options.batch) as rows:
        for row in rows:
            try:
                parsed = row.parsed()
                _print_json(answer(bot, replace(parsed, filters=completed(parsed.filters, wanted))))
            except BotError as error:
                complain(f"qa-bot: {options.batch} line {row.line}: {error}")
                code = 1
    return code


def _question(options: argparse.Namespace) -> str:
    if options.question is None:
        raise BotError("Nothing was asked. Give a question, or --batch FILE.")
    return str(options.question)


def _filters(options: argparse.Namespace) -> Filters:
    from qa_bot.filters import parse

    return parse(options.first, options.last, options.title)


def _language(settings: BotSettings) -> Language:
    from embeddings.settings import language

    return language(settings.terminal.language)


def _print_json(value: object) -> int:
    from qa_bot.rendering import json_line

    sys.stdout.write(json_line(value) + "\n")
    sys.stdout.flush()
    return 0


def _print(renderable: object) -> int:
    from rich.console import Console

    Console().print(renderable)
    return 0


if __name__ == "__main__":
    sys.exit(main())
