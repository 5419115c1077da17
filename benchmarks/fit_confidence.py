"""Fit qa_bot/models.json: which sentence to cite, and the probability that it answers.

    python -m benchmarks.fit_confidence DATA_FOLDER [--write]

DATA_FOLDER holds xquad.vi.json, mlqa_dev_vi.{passages,questions}.jsonl and squad_dev-v2.0.json. Of each corpus every
second paragraph is indexed, first the even ones, then the odd ones, and all questions are asked each time: half of
them have no answer there, though their subjects are. Once with the articles' titles and once without; once as typed
and once without diacritics, and XQuAD's once more in English.

The choice of a sentence is a softmax over the sentences of a question's passages, fitted on questions whose answer
is there; the confidence a logistic regression on the chosen sentence (1: it is of the paragraph that answers), times
what confidence.requirements leaves. Prints figures for each corpus from models fitted on the other one alone.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks import corpora
from embeddings import lexicon
from embeddings.encoders import make_encoder
from embeddings.index import Index
from embeddings.settings import Encoder
from embeddings.vietnamese import UPPER, fold, normalize
from qa_bot.confidence import requirements
from qa_bot.evidence import NAMES, Features, candidates
from qa_bot.retrieval import Retriever
from qa_bot.settings import Answering, BotSettings
from qa_bot.understanding import asking_words, knowledge_of, understand

CHOICE = ("dense", "passage", "in_sentence", "near", "pairs", "focus", "kind", "length")
CONFIDENCE = (
    "dense", "dense_lead", "dense_gap", "dense_beside", "passage", "passage_gap", "passage_lead", "near", "in_passage",
    "pairs", "names", "numbers", "length",
)  # fmt: skip
NEAR_MISS_WEIGHT = 0.15  # of a near miss beside another question: more costs more on public questions than it brings
_TRIED = 40  # details of which one is taken
CHOICE_PENALTY = 1e-3
CONFIDENCE_C = 0.3
TARGET = Path(__file__).parents[1] / "qa_bot" / "models.json"


@dataclass(frozen=True, slots=True)
class Case:
    """One question over one half of a corpus."""

    corpus: str
    typed: str  # "accented", "bare" or "english"
    here: bool  # its paragraph is indexed
    features: np.ndarray  # (sentences, features)
    right: np.ndarray  # (sentences,) bool: the sentence is of the paragraph that the question was asked about
    holds: np.ndarray  # (sentences,) bool: and it holds the answer
    near_miss: bool  # one detail of the question was changed, so that nothing answers it


def cases(data: Path) -> list[Case]:
    encoder = corpora.Remembering(make_encoder(Encoder()))
    found: list[Case] = []
    for dataset in (corpora.xquad(data), corpora.mlqa(data)):
        typed = _typed(dataset, data)
        swapped = _typed(replace(dataset, questions=tuple(near_misses(dataset))), data)
        for titled, half in product((False, True), (0, 1)):
            with tempfile.TemporaryDirectory() as folder:
                keep = range(half, len(dataset.paragraphs), 2)
                index = corpora.build(dataset, keep, titled=titled, encoder=encoder, work=Path(folder))
                for name, questions in typed.items():
                    found += _asked(index, dataset.name, name, half, questions, encoder)
                    if name != "english":
                        found += _asked(index, dataset.name, name, half, swapped[name], encoder, near_miss=True)
                index.close()
            print(f"{dataset.name}: {len(found)} cases so far", flush=True)
    return found


def _asked(
    index: Index,
    corpus: str,
    typed: str,
    half: int,
    questions: Sequence[corpora.Question],
    encoder: corpora.Remembering,
    *,
    near_miss: bool = False,
) -> list[Case]:
    """All `questions` over an index of the even (0) or odd (1) paragraphs. No near miss has an answer there."""
    settings = BotSettings()
    lists = lexicon.load()
    knowledge = knowledge_of(index, lists, asking_words(lists))
    queries = [understand(question.text, (), knowledge, date.today()) for question in questions]
    vectors = encoder.encode_queries([query.text for query in queries])
    retriever = Retriever(index, settings.retrieval)
    found = []
    for question, query, vector in zip(questions, queries, vectors, strict=True):
        top = retriever.search(query, vector, settings.answering.passages)
        sentences = candidates(query, vector, top, index, knowledge.lexicon)
        gold = corpora.file_name(question.paragraph)
        answers = [normalize(answer) for answer in question.answers]
        right = np.array([Path(c.ranked.stored.article.path).name == gold and not near_miss for c in sentences], bool)
        said = [normalize(c.ranked.stored.passage.sentence_texts()[c.sentence]) for c in sentences]
        holds = np.array([any(answer in text for answer in answers) for text in said], bool) & right
        features = np.array([c.features.vector() for c in sentences])
        here = question.paragraph % 2 == half and not near_miss
        found.append(Case(corpus, typed, here, features, right, holds, near_miss))
    return found


_DETAIL = re.compile(rf"(?<![.!?] )(?<!^)(?:[{UPPER}][^\W\d_]+(?: [{UPPER}][^\W\d_]+)*|\b\d[\d.,]*\d\b)")


def near_misses(dataset: corpora.Dataset) -> Iterator[corpora.Question]:
    """Questions with a name or number replaced by one from a question on another paragraph, where it does not stand."""
    generator = random.Random(1)  # noqa: S311 (no secret)
    details = [(q.paragraph, m[0]) for q in dataset.questions for m in _DETAIL.finditer(q.text)]
    for question in dataset.questions:
        own = [m.span() for m in _DETAIL.finditer(question.text)]
        if not own:
            continue
        start, end = generator.choice(own)
        text = fold(normalize(dataset.paragraphs[question.paragraph]))
        others = [
            detail
            for paragraph, detail in generator.sample(details, min(_TRIED, len(details)))
            if paragraph != question.paragraph
            and detail[0].isdigit() == question.text[start].isdigit()
            and fold(normalize(detail)) not in text
        ]
        if others:
            yield replace(question, text=question.text[:start] + others[0] + question.text[end:])


def _typed(dataset: corpora.Dataset, data: Path) -> dict[str, list[corpora.Question]]:
    """The same questions as they may be typed; in English where SQuAD has the one that XQuAD translated."""
    questions = list(dataset.questions)
    typed = {"accented": questions, "bare": [replace(q, text=fold(q.text)) for q in questions]}
    if dataset.name == "xquad":
        english = corpora.squad_questions(data)
        typed["english"] = [replace(q, text=english[q.id]) for q in questions if q.id in english]
    return typed


def fit_choice(rows: list[Case]) -> np.ndarray:
    """Weights of CHOICE that make the sentences holding the answer most likely among a question's sentences."""
    columns = [NAMES.index(name) for name in CHOICE]
    usable = [row for row in rows if row.holds.any()]
    longest = max(len(row.holds) for row in usable)
    x = np.zeros((len(usable), longest, len(columns)))
    absent = np.full((len(usable), longest), -np.inf)
    wrong = np.full((len(usable), longest), -np.inf)
    for i, row in enumerate(usable):
        n = len(row.holds)
        x[i, :n] = row.features[:, columns]
        absent[i, :n] = 0
        wrong[i, :n][row.holds] = 0

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = x @ weights + absent
        every, right = logsumexp(scores, axis=1), logsumexp(scores + wrong, axis=1)
        p_every, p_right = np.exp(scores - every[:, None]), np.exp(scores + wrong - right[:, None])
        gradient = np.einsum("ij,ijk->k", p_every - p_right, x) / len(usable)
        return float(
            (every - right).mean() + CHOICE_PENALTY * weights @ weights
        ), gradient + 2 * CHOICE_PENALTY * weights

    return np.asarray(minimize(loss, np.zeros(len(columns)), jac=True, method="L-BFGS-B").x)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Of each question, the sentence that would be cited."""

    features: np.ndarray  # (questions, features)
    right: np.ndarray  # (questions,) bool: it is of the paragraph that answers
    holds: np.ndarray  # (questions,) bool: it holds the answer
    here: np.ndarray  # (questions,) bool: the paragraph that answers is indexed
    near_miss: np.ndarray  # (questions,) bool


def chosen(rows: list[Case], weights: np.ndarray) -> Chosen:
    columns = [NAMES.index(name) for name in CHOICE]
    best = [int((row.features[:, columns] @ weights).argmax()) for row in rows]
    pairs = list(zip(rows, best, strict=True))
    return Chosen(
        features=np.array([row.features[i] for row, i in pairs]),
        right=np.array([row.right[i] for row, i in pairs]),
        holds=np.array([row.holds[i] for row, i in pairs]),
        here=np.array([row.here for row in rows]),
        near_miss=np.array([row.near_miss for row in rows]),
    )


def fit_confidence(data: Chosen) -> tuple[np.ndarray, float]:
    """Weights of CONFIDENCE in the features' own units, and the intercept."""
    x = data.features[:, [NAMES.index(name) for name in CONFIDENCE]]
    scale = x.std(axis=0) + 1e-6
    importance = np.where(data.near_miss, NEAR_MISS_WEIGHT, 1.0)
    model = LogisticRegression(C=CONFIDENCE_C, max_iter=1000).fit((x - x.mean(axis=0)) / scale, data.right, importance)
    weights = model.coef_[0] / scale
    return weights, float(model.intercept_[0] - weights @ x.mean(axis=0))


def probabilities(data: Chosen, weights: np.ndarray, intercept: float) -> np.ndarray:
    score = data.features[:, [NAMES.index(name) for name in CONFIDENCE]] @ weights + intercept
    left = [requirements(Features(*row)) for row in data.features]
    return np.asarray(np.array(left) / (1 + np.exp(-score)))


def report(train: list[Case], test: list[Case], name: str) -> None:
    choice = fit_choice([row for row in train if row.here])
    weights, intercept = fit_confidence(chosen(train, choice))
    near = (
        probabilities(chosen([row for row in test if row.near_miss], choice), weights, intercept)
        if any(row.near_miss for row in test)
        else np.zeros(0)
    )
    data = chosen([row for row in test if not row.near_miss], choice)
    here, p = data.here, probabilities(data, weights, intercept)
    print(
        f"{name}: right sentence {data.holds[here].mean():.4f} right paragraph {data.right[here].mean():.4f} "
        f"auroc_answerable {roc_auc_score(here, p):.4f} auroc_right {roc_auc_score(data.right, p):.4f} "
        f"brier {((p - data.right) ** 2).mean():.4f}"
    )
    for threshold in sorted({0.2, 0.3, 0.4, 0.5, Answering().min_confidence}):
        refused = p < threshold
        print(
            f"  below {threshold}: answerable refused {refused[here].mean():.4f} "
            f"unanswerable refused {refused[~here].mean():.4f} "
            f"right sentences refused {refused[data.holds].mean():.4f} "
            f"near misses refused {(near < threshold).mean() if len(near) else 0:.4f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help=f"write {TARGET.name}")
    options = parser.parse_args()
    rows = cases(options.data)
    models = {}
    for name in ("accented", "bare", "english"):
        kept = [row for row in rows if row.typed == name]
        for test in ("xquad", "mlqa"):
            train, held_out = [r for r in kept if r.corpus != test], [r for r in kept if r.corpus == test]
            if train and held_out:
                report(train, held_out, f"{name}, fitted on the other corpus, tested on {test}")
        choice = fit_choice([row for row in kept if row.here])
        weights, intercept = fit_confidence(chosen(kept, choice))
        models[name] = {
            "choice": dict(zip(CHOICE, (round(float(w), 4) for w in choice), strict=True)),
            "confidence": dict(zip(CONFIDENCE, (round(float(w), 4) for w in weights), strict=True)),
            "intercept": round(intercept, 4),
        }
    print(json.dumps(models, indent=1))
    if options.write:
        data = "XQuAD-vi (CC BY-SA 4.0), MLQA-vi dev (CC BY-SA 3.0), SQuAD 2.0 dev (CC BY-SA 4.0, English questions)"
        made_by = f"python -m benchmarks.fit_confidence DATA --write, on {data}"
        TARGET.write_text(json.dumps({"made_by": made_by, "models": models}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
