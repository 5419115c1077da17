"""The command qa-bot. Each subcommand parses, calls, shows; what a person can put right is one line."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.console import complain
from embeddings.errors import BotError
from embeddings.settings import language, load

if TYPE_CHECKING:
    from embeddings.messages import Language
    from qa_bot.batch import Row
    from qa_bot.bot import Bot
    from qa_bot.settings import BotSettings

_INTERRUPTED = 130

Command = Callable[[argparse.Namespace, "BotSettings"], int]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # whatever a terminal's encoding lacks is no reason to fail
    command: Command = options.command
    try:
        from qa_bot.settings import BotSettings  # late, so that --help is quick

        settings = load(BotSettings, options.config)
        if options.index is not None:
            settings = settings.model_copy(update={"index": settings.index.model_copy(update={"dir": options.index})})
        code = command(options, settings)
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
    ask.add_argument(
        "--history",
        action="append",
        default=[],
        metavar="TEXT",
        help="an earlier question; may be repeated, oldest first",
    )
    search = add("search", _search, "passages only, best first")
    search.add_argument("question", nargs="?", metavar="query", help="what to look for")
    search.add_argument("--top", type=_positive, default=5, metavar="N", help="how many passages (default: 5)")
    for sub in (ask, search):
        sub.add_argument("--json", action="store_true", help="one JSON line instead of text")
        sub.add_argument(
            "--batch",
            metavar="FILE",
            help='JSON lines with "id", "question" and perhaps "history"; - is standard input',
        )
    add("chat", _chat, "ask and read in the terminal")
    add("telegram", _telegram, "answer in Telegram")
    add("status", _status, "what is indexed")
    evaluation = add("eval", _eval, "figures over questions whose answers are known")
    evaluation.add_argument("gold", type=Path, metavar="GOLD.jsonl", help="questions with article, accept, evidence")
    evaluation.add_argument("--json", action="store_true", help="one JSON object instead of a table")
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
    from qa_bot.rendering import answer_json, answer_text

    if options.batch is not None:
        return _batch(options, settings, lambda bot, row: answer_json(bot.ask(row.question, row.history), row.id))
    answer = _open(settings).ask(_question(options), options.history)
    if options.json:
        return _print_json(answer_json(answer))
    return _print(answer_text(answer, _language(settings)))


def _search(options: argparse.Namespace, settings: BotSettings) -> int:
    from qa_bot.rendering import ranked_text, search_json

    if options.batch is not None:
        return _batch(
            options,
            settings,
            lambda bot, row: search_json(row.question, row.id, bot.search(row.question, options.top, row.history)),
        )
    question = _question(options)
    ranked = _open(settings).search(question, options.top)
    if options.json:
        return _print_json(search_json(question, None, ranked))
    return _print(ranked_text(ranked))


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


def _status(options: argparse.Namespace, settings: BotSettings) -> int:  # noqa: ARG001
    from embeddings.generations import open_newest
    from qa_bot.tables import status_table

    held = open_newest(settings.index.dir)
    with held.hold:
        return _print(status_table(held.manifest, settings.index.dir, _language(settings), held.warning))


def _eval(options: argparse.Namespace, settings: BotSettings) -> int:
    from qa_bot import evaluation

    gold = evaluation.read_gold(options.gold)
    figures = evaluation.evaluate(_open(settings), gold)
    if options.json:
        return _print_json(figures.model_dump())
    return _print(evaluation.table(figures))


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

    if options.question is not None:
        raise BotError("Give a question or --batch, not both.")
    bot = _open(settings)
    code = 0
    with read_rows(options.batch) as rows:
        for row in rows:
            try:
                _print_json(answer(bot, row.parsed()))
            except BotError as error:
                complain(f"qa-bot: {options.batch} line {row.line}: {error}")
                code = 1
    return code


def _question(options: argparse.Namespace) -> str:
    if options.question is None:
        raise BotError("Nothing was asked. Give a question, or --batch FILE.")
    return str(options.question)


def _language(settings: BotSettings) -> Language:
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
