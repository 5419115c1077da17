"""This project, hot: the Bot object, its search for passages, and whole answers.

    python -m benchmarks.contenders.ours INDEX QUESTIONS.jsonl [--answers]

Built and asked cold it is by its commands, `rebuild-index` and `qa-bot`. --answers: whole answers instead of passages.
The last line printed is a report in JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path, PurePath

from benchmarks.contenders import common
from embeddings.settings import Index
from qa_bot.assembly import make_bot, make_encoder
from qa_bot.settings import BotSettings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--answers", action="store_true")
    options = parser.parse_args()
    settings = BotSettings(index=Index(dir=options.index))
    encoder = make_encoder(settings)
    encoder.warm_up()
    bot = make_bot(settings, encoder)

    def search(question: str) -> list[tuple[str, str]]:
        found = bot.search(question, common.TOP)
        return [(PurePath(ranked.stored.article.path).stem, ranked.stored.passage.text) for ranked in found]

    def ask(question: str) -> list[tuple[str, str]]:
        return [(PurePath(citation.path).stem, citation.quote) for citation in bot.ask(question).citations]

    print(json.dumps(common.hot(ask if options.answers else search, options.questions)))
    bot.close()


if __name__ == "__main__":
    main()
