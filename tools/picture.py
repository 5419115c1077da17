"""Draw docs/conversation.svg: a real exchange with the articles in seeds/, as a terminal shows it.

rebuild-index && python tools/picture.py
"""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.text import Text

from embeddings.errors import BotError
from qa_bot.assembly import make_bot, make_encoder
from qa_bot.rendering import answer_text, passage_text
from qa_bot.settings import BotSettings

ROOT = Path(__file__).parents[1]
WIDTH = 96
QUESTIONS = ("dang bo huyen hai hau co bao nhieu dang vien?", "Ai viết bài về Sông Lô?", "Thời tiết Hà Nội hôm nay?")


def main() -> None:
    settings = BotSettings()
    bot = make_bot(settings, make_encoder(settings))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for number, question in enumerate(QUESTIONS):
        console.print(Text.assemble(("Hỏi> ", "bold cyan"), question))
        answer = bot.ask(question)
        console.print(answer_text(answer, "vi"))
        if number == 0:
            if not answer.citations:
                raise BotError("The first question was not answered; is the index of seeds/ there?")
            first = answer.citations[0]
            console.print(Text.assemble("\n", ("Hỏi> ", "bold cyan"), ":open 1"))
            console.print(passage_text(bot.passage(first.passage_row), first, "vi"))
        console.print()
    (ROOT / "docs" / "conversation.svg").write_text(console.export_svg(title="qa-bot chat"), "utf-8")


if __name__ == "__main__":
    main()
