"""As tests.telegram_child, but rebuilds take a while, and so does a question with PATIENCE in it:

python -m tests.telegram_slow_child
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from embeddings.console import complain
from embeddings.errors import BotError
from embeddings.settings import load
from qa_bot import assembly
from qa_bot.settings import BotSettings
from qa_bot.telegram import service
from tests import telegram_child
from tests.fakes import HashingEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from embeddings.encoders import BatchDone

SECONDS = 0.02  # for one sentence
PATIENCE = "thong thả"
PATIENT_SECONDS = 3.0  # for a question with that in it
_AT_ONCE = 5  # sentences


class Unhurried(HashingEncoder):
    """As long as a model would take, batch by batch."""

    def encode_passages(self, texts: Sequence[str], done: BatchDone | None = None) -> np.ndarray:
        for at in range(0, len(texts), _AT_ONCE):
            batch = texts[at : at + _AT_ONCE]
            time.sleep(SECONDS * len(batch))
            if done is not None:
                done(len(batch))
        return super().encode_passages(texts)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        if any(PATIENCE in text for text in texts):
            time.sleep(PATIENT_SECONDS)
        return super().encode_queries(texts)


def main() -> int:
    try:
        settings = load(BotSettings)
        parts = telegram_child.parts(settings, Unhurried())
        service.run(settings, replace(parts, build=assembly.make_build(settings, Unhurried())))
    except BotError as error:
        complain(f"qa-bot: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
