"""Looks at everything that the program needs, names what is wrong, and repairs what can safely be repaired."""

from qa_bot.doctor.examining import examine, repair_all, run
from qa_bot.doctor.findings import Finding, Message, Repaired

__all__ = ["Finding", "Message", "Repaired", "examine", "repair_all", "run"]
