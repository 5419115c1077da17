"""What each mechanism of understanding, retrieval and refusal brings: everything on, then one thing off at a time.

    python -m benchmarks.ablation DATA_FOLDER GOLD.jsonl ARTICLES_FOLDER

DATA_FOLDER as for fit_confidence; GOLD.jsonl as for `qa-bot eval`, over ARTICLES_FOLDER. Prints a Markdown table: right
answers and right refusals on GOLD, recall@1 on XQuAD-vi and MLQA-vi, as typed and without diacritics. Dashes: what is
off plays no part there.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import corpora
from embeddings import lexicon
from embeddings.encoders import Encoder, make_encoder
from embeddings.pipeline import build
from embeddings.settings import Articles
from embeddings.settings import Encoder as EncoderSettings
from embeddings.settings import Index as IndexSection
from embeddings.vietnamese import fold
from qa_bot.answering import Answerer
from qa_bot.bot import Bot, Opened
from qa_bot.evaluation import Gold, holds_answer, read_gold
from qa_bot.records import Query, Typing
from qa_bot.settings import BotSettings
from qa_bot.understanding.restoring import Restored, Restorer
from qa_bot.understanding.translating import Glossary


class Unrestored(Restorer):
    """Leaves every question as it was typed."""

    def restore(self, text: str, _typing: Typing) -> Restored:
        return Restored(text, False, ())


class Uncorrected(Restorer):
    """Takes nothing for a typo."""

    def restore(self, text: str, typing: Typing) -> Restored:
        found = super().restore(text, typing)
        return found if not found.corrected else Restored(text, False, ())


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing off: another way to restore, a change of the query or of the settings, or no history."""

    name: str
    restorer: type[Restorer] = Restorer
    query: Callable[[Query], Query] = lambda query: query
    retrieval: dict[str, float] | None = None
    history: bool = True
    glossary: bool = True
    ranks: bool = True  # it may change which passage comes first


VARIANTS = (
    Variant("everything on"),
    Variant("diacritics not restored", restorer=Unrestored),
    Variant("typos not corrected", restorer=Uncorrected),
    Variant("pairs of syllables count as much as one", retrieval={"pair_weight": 1.0}),
    Variant("words with diacritics only", retrieval={"folded_share": 0.0}),
    Variant("meaning alone", retrieval=dict.fromkeys(("dense_share_accented", "dense_share_bare"), 1.0)),
    Variant("words alone", retrieval=dict.fromkeys(("dense_share_accented", "dense_share_bare"), 0.0)),
    Variant("questions one by one, no history", history=False, ranks=False),
    Variant("no parts", query=lambda q: replace(q, parts=()), ranks=False),
    Variant("no questions on the collection", query=lambda q: replace(q, catalogue=None), ranks=False),
    Variant("no glossary for English", glossary=False, ranks=False),
    Variant(
        "offices, counted things, times and kinds not required",
        query=lambda q: replace(
            q, office=None, counted=(), period=None, person=False, calendar=False, place_head=(), parts=_free(q.parts)
        ),
        ranks=False,
    ),
    Variant("the part of an article itself that is asked about", query=lambda q: replace(q, about=None), ranks=False),
)


def _free(parts: Sequence[Query]) -> tuple[Query, ...]:
    return tuple(
        replace(p, office=None, counted=(), period=None, person=False, calendar=False, place_head=()) for p in parts
    )


class Ablated(Bot):
    """The bot with one thing off."""

    variant = VARIANTS[0]

    def _understand(self, question: str, history: Sequence[str], opened: Opened) -> Query:
        variant, knowledge = self.variant, opened.knowledge
        words = knowledge.words if variant.glossary else replace(knowledge.words, english=Glossary({}))
        restorer = variant.restorer(knowledge.vocabulary, knowledge.lexicon)
        changed = replace(opened, knowledge=replace(knowledge, restorer=restorer, words=words))
        return variant.query(super()._understand(question, history if variant.history else (), changed))


def bot_over(source: Path, work: Path, encoder: Encoder, variant: Variant) -> Ablated:
    settings = BotSettings(articles=Articles(source=(source,)), index=IndexSection(dir=work))
    build(settings, encoder)
    retrieval = settings.retrieval.model_copy(update=variant.retrieval or {})
    bot = Ablated(
        settings.model_copy(update={"retrieval": retrieval}), encoder, Answerer(settings.answering), lexicon.load()
    )
    bot.variant = variant
    return bot


def on_gold(bot: Bot, rows: Sequence[Gold]) -> str:
    right = refused = 0
    answerable = [row for row in rows if row.answerable]
    for row in rows:
        answer = bot.ask(row.question, row.history)
        if row.answerable:
            right += answer.status == "answered" and holds_answer(answer.text, row)
        else:
            refused += answer.status == "not_found"
    return f"{right / len(answerable):.3f} | {refused / max(1, len(rows) - len(answerable)):.3f}"


def recall(bot: Bot, dataset: corpora.Dataset, *, stripped: bool) -> float:
    hits = 0
    for question in dataset.questions:
        found = bot.search(fold(question.text) if stripped else question.text, 1)
        hits += bool(found) and Path(found[0].stored.article.path).name == corpora.file_name(question.paragraph)
    return hits / len(dataset.questions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "gold", "articles"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    rows = read_gold(options.gold)
    encoder = corpora.Remembering(make_encoder(EncoderSettings()))
    print("| off | gold: answer | gold: refused | XQuAD | stripped | MLQA | stripped |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        sets = (corpora.xquad(options.data), corpora.mlqa(options.data))
        for dataset in sets:
            corpora.build(
                dataset, range(len(dataset.paragraphs)), titled=False, encoder=encoder, work=work / dataset.name
            ).close()
        for variant in VARIANTS:
            cells = [on_gold(bot_over(options.articles, work / "gold", encoder, variant), rows)]
            for dataset in sets:
                if not variant.ranks:
                    cells.append("– | –")
                    continue
                bot = bot_over(work / dataset.name / "articles", work / dataset.name / "index", encoder, variant)
                cells.append(" | ".join(f"{recall(bot, dataset, stripped=stripped):.4f}" for stripped in (False, True)))
            print(f"| {variant.name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
