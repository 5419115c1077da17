"""The Milvus server, where that is what answers: whether it is there, and what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from embeddings.errors import BotError, NoIndex
from embeddings.opening import place_of, source_of
from qa_bot.doctor.findings import Finding, told
from qa_bot.settings import BotSettings


def server(settings: BotSettings, fingerprint: str | None) -> Iterator[Finding]:
    """`fingerprint`: of the configured model, where it is known. Nothing where the folder itself answers."""
    if settings.index.backend == "faiss":
        return
    place = place_of(settings.index)
    try:
        with closing(source_of(settings.index)) as source:
            manifest, _ = source.manifest()
    except NoIndex:
        yield Finding(
            "index", "bad", told("doctor.server.none", place=place), told("doctor.cure.run", command="rebuild-index")
        )
        return
    except BotError as error:
        yield Finding("index", "bad", told("doctor.said", text=error))
        return
    if fingerprint is not None and manifest.fingerprint != fingerprint:
        what = told(
            "doctor.index.other_model", number=manifest.number, built=manifest.fingerprint, configured=fingerprint
        )
        yield Finding("index", "bad", what, told("doctor.cure.run", command="rebuild-index"))
        return
    what = told(
        "doctor.server.serves", place=place, number=manifest.number, articles=manifest.articles,
        passages=manifest.passages, created=manifest.created,
    )  # fmt: skip
    yield Finding("index", "good", what)
