"""Figures over questions whose answers are known, as tables and as a page to look at."""

from qa_bot.evaluation.figures import Figures, Tally, evaluate, figures
from qa_bot.evaluation.gold import Gold, holds_answer, read_gold
from qa_bot.evaluation.outcomes import Outcome, Verdict, ask_all
from qa_bot.evaluation.report import Subject, page
from qa_bot.evaluation.tables import TABLE_WIDTH, summary, table
from qa_bot.evaluation.writing import asking, check_destination, write_report

__all__ = [
    "TABLE_WIDTH",
    "Figures",
    "Gold",
    "Outcome",
    "Subject",
    "Tally",
    "Verdict",
    "ask_all",
    "asking",
    "check_destination",
    "evaluate",
    "figures",
    "holds_answer",
    "page",
    "read_gold",
    "summary",
    "table",
    "write_report",
]
