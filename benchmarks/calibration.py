"""What `qa-bot calibrate` brings: real questions over an index, before and after it was calibrated with its own.

    python -m benchmarks.calibration DATA SEEDS GOLD.jsonl

SEEDS is a folder of articles with its questions; DATA holds `xquad.vi.json`, of which the even paragraphs are indexed
and 300 questions on even and odd ones each are asked. A model that is too sure of itself is had by adding to the
logit of every confidence, of made questions and real ones alike.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks import corpora
from embeddings import lexicon, pipeline
from embeddings.encoders import Encoder, make_encoder
from embeddings.index import Index
from embeddings.settings import Articles
from embeddings.settings import Encoder as EncoderSettings
from embeddings.settings import Index as IndexSection
from qa_bot.answering import Answerer
from qa_bot.bot import Bot
from qa_bot.calibrating import Asker, questions
from qa_bot.calibration import Calibration, Trial, fit, logit, sigmoid
from qa_bot.evaluation import ask_all, read_gold
from qa_bot.settings import BotSettings

_OF_EACH_HALF = 300
_TOO_SURE = (0.0, 1.0, 2.0, 3.0)  # added to logits
_BINS = 10


def _made(index: Index, encoder: Encoder) -> list[Trial]:
    return Asker(index, encoder, BotSettings(), lexicon.load(), date.today()).trials(questions(index))


def _on_seeds(seeds: Path, gold: Path, encoder: Encoder, work: Path) -> tuple[list[Trial], list[Trial]]:
    settings = BotSettings(articles=Articles(source=(seeds,)), index=IndexSection(dir=work / "index"))
    pipeline.build(settings, encoder)
    bot = Bot(settings, encoder, Answerer(settings.answering), lexicon.load())
    assert isinstance(bot.index, Index)  # noqa: S101 - of a folder, as the settings here say
    made = _made(bot.index, encoder)
    judged = ((o.answer.confidence, o.would_be_right, o.row.answerable) for o in ask_all(bot, read_gold(gold)))
    real = [Trial(p, right, present) for p, right, present in judged if right is not None]
    bot.close()
    return made, real


def _on_xquad(data: Path, encoder: Encoder, work: Path) -> tuple[list[Trial], list[Trial]]:
    dataset = corpora.xquad(data)
    index = corpora.build(dataset, range(0, len(dataset.paragraphs), 2), titled=True, encoder=encoder, work=work)
    asker = Asker(index, encoder, BotSettings(), lexicon.load(), date.today())
    real = []
    for half in (0, 1):
        of_half = [question for question in dataset.questions if question.paragraph % 2 == half]
        asked = [of_half[n * len(of_half) // _OF_EACH_HALF] for n in range(_OF_EACH_HALF)]
        for question, answer in zip(asked, asker.answers([q.text for q in asked]), strict=True):
            cited = [Path(citation.path).name for citation in answer.citations[:1]]
            real.append(Trial(answer.confidence, cited == [corpora.file_name(question.paragraph)], half == 0))
    made = _made(index, encoder)
    index.close()
    return made, real


def _too_sure(trials: list[Trial], by: float) -> list[Trial]:
    return [replace(t, confidence=sigmoid(logit(t.confidence) + by)) if t.confidence else t for t in trials]


def _line(trials: list[Trial], learnt: Calibration, threshold: float) -> str:
    p = np.array([learnt.apply(trial.confidence) for trial in trials])
    y = np.array([trial.right for trial in trials], float)
    present = np.array([trial.present for trial in trials])
    bins = np.minimum((p * _BINS).astype(int), _BINS - 1)
    error = sum(abs((p - y)[bins == n].sum()) for n in range(_BINS)) / len(p)
    refused = p < threshold
    return (
        f"Brier {((p - y) ** 2).mean():.4f} ECE {error:.4f} "
        f"refused answerable {refused[present].mean():.3f} unanswerable {refused[~present].mean():.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "seeds", "gold"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    encoder = make_encoder(EncoderSettings())
    threshold = BotSettings().answering.min_confidence
    with tempfile.TemporaryDirectory() as folder:
        sets = {
            "xquad": _on_xquad(options.data, encoder, Path(folder) / "xquad"),
            "seeds": _on_seeds(options.seeds, options.gold, encoder, Path(folder) / "seeds"),
        }
    for name, (made, real) in sets.items():
        print(f"{name}: {len(made) // 2} questions made, {len(real)} real ones")
        for by in _TOO_SURE:
            learnt = fit(_too_sure(made, by))
            print(f"  logit +{by:.0f}, slope {learnt.slope:.2f} shift {learnt.shift:+.2f}")
            for when, calibration in (("before", Calibration()), ("after", learnt)):
                print(f"    {when:6} {_line(_too_sure(real, by), calibration, threshold)}")


if __name__ == "__main__":
    main()
