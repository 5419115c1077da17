"""A build that goes on from the generation before gives what a build from nothing gives."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings import layout, pipeline
from embeddings.index import Index, open_index
from embeddings.lexical import FieldWeights
from embeddings.vietnamese import fold, syllables
from tests.fakes import HashingEncoder, index_settings

WEIGHTS = FieldWeights(1.0, 0.3, 0.3, 0.25)
PLACES = ("Hải Hậu", "Mèo Vạc", "Bình Liêu", "Sông Lô", "Ba Chẽ", "Nho Quan", "Yên Khánh", "Cô Tô")
THINGS = ("cây xanh", "đường làng", "trường học", "hồ nước", "đèn đường", "chợ quê", "trạm bơm", "cầu gỗ")


def article(number: int) -> str:
    place, thing = PLACES[number % 8], THINGS[(number // 8) % 8]
    return (
        f"Huyện {place} làm thêm {thing} năm {2000 + number}\n\n"
        f"Năm {2000 + number}, Hội Làm vườn {place} (HLV) và huyện {place} đã làm {number + 3} {thing} cho các xã. "
        f"Ở {place}, HLV cho biết mỗi {thing} tốn {number * 7 + 5} triệu đồng, dân góp một nửa số tiền ấy.\n"
    )


# One step: which file, and what becomes of it. None: it is removed.
steps = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 40)), min_size=1, max_size=4),
    min_size=1,
    max_size=4,
)


class Growing:
    """A folder that changes, and an index that keeps up with it."""

    def __init__(self, folder: Path) -> None:
        self.source, self.index_dir = folder / "articles", folder / "index"
        self.source.mkdir(parents=True)
        (self.source / "luon.txt").write_text(article(63), "utf-8")
        self.encoder = HashingEncoder()

    def change(self, changes: list[tuple[int, int | None]]) -> None:
        for file, number in changes:
            path = self.source / f"bai-{file}.txt"
            if number is None:
                path.unlink(missing_ok=True)
            else:
                path.write_text(article(number), "utf-8")

    def build(self, index_dir: Path | None = None, *, full: bool = False) -> pipeline.Report:
        return pipeline.build(index_settings(self.source, index_dir or self.index_dir), self.encoder, full=full)

    def open(self, index_dir: Path | None = None) -> Index:
        return open_index(index_dir or self.index_dir, self.encoder.fingerprint)


def vocabulary(index_dir: Path) -> dict[str, list[tuple[object, ...]]]:
    (file,) = sorted(index_dir.rglob(layout.VOCABULARY_FILE))[-1:]
    connection = sqlite3.connect(file)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    found = {name: sorted(connection.execute(f"SELECT * FROM {name}")) for name in names}  # noqa: S608 - its own names
    connection.close()
    return found


def contents(index: Index) -> dict[str, tuple[object, ...]]:
    """{path: all that is stored of the article there}, whatever the order."""
    return {
        of.path: (
            replace(of, also_at=()),
            sorted(of.also_at),
            [stored.passage for stored in index.passages_of(of.id)],
        )
        for of in index.articles()
    }


def found(index: Index, encoder: HashingEncoder, question: str) -> tuple[dict[str, float], dict[str, float]]:
    """Dense and lexical scores by passage, named by article and place in it."""

    def named(scores: dict[int, float]) -> dict[str, float]:
        stored = index.passages(list(scores))
        return {
            f"{item.article.id}:{item.passage.start}": round(score, 4)
            for item, score in zip(stored, scores.values(), strict=True)
        }

    query = encoder.encode_queries([question])[0]
    count = index.passage_count
    return named(index.dense_search(query, count)), named(index.lexical_search(question, count, WEIGHTS))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=steps)
def test_after_any_changes_the_index_is_the_one_that_a_full_build_gives(
    rounds: list[list[tuple[int, int | None]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    growing = Growing(tmp_path_factory.mktemp("growing"))
    growing.build()
    for changes in rounds:
        growing.change(changes)
        growing.build()
    fresh_dir = growing.index_dir.with_name("fresh")
    growing.build(fresh_dir)
    kept, fresh = growing.open(), growing.open(fresh_dir)
    try:
        assert contents(kept) == contents(fresh)
        assert vocabulary(growing.index_dir) == vocabulary(fresh_dir)
        assert kept.vocabulary.abbreviations == fresh.vocabulary.abbreviations
        names = [" ".join(syllables(fold(place))) for place in PLACES]
        assert kept.vocabulary.names(names) == fresh.vocabulary.names(names)
        for question in ("huyện Mèo Vạc làm bao nhiêu cây xanh?", "ho nuoc o ba che", "HLV cho biết gì"):
            assert found(kept, growing.encoder, question)[0] == found(fresh, growing.encoder, question)[0]
        if kept.manifest.forgotten == 0:
            question = "Hội Làm vườn Sông Lô"
            assert found(kept, growing.encoder, question)[1] == found(fresh, growing.encoder, question)[1]
    finally:
        kept.close()
        fresh.close()
        shutil.rmtree(growing.source.parent)


def test_vectors_stay_with_their_sentences(tmp_path: Path) -> None:
    growing = Growing(tmp_path)
    growing.change([(0, 1), (1, 2), (2, 3), (3, 4)])
    growing.build()
    growing.change([(1, None), (2, 30), (4, 31)])
    growing.build()
    index = growing.open()
    for stored in index.passages(range(index.passage_count)):
        for text, score in zip(
            stored.passage.sentence_texts(),
            index.sentence_scores(
                growing.encoder.encode_queries([stored.passage.sentence_texts()[0]])[0], [stored.row]
            )[0],
            strict=True,
        ):
            if text == stored.passage.sentence_texts()[0]:
                assert score > 0.7
    index.close()


def test_of_a_large_index_only_what_changed_is_written_anew(tmp_path: Path) -> None:
    growing = Growing(tmp_path)
    for number in range(120):
        (growing.source / f"nhieu-{number}.txt").write_text(article(number), "utf-8")
    growing.build()
    growing.encoder.encoded.clear()
    (growing.source / "nhieu-7.txt").unlink()
    (growing.source / "moi.txt").write_text(article(200), "utf-8")
    report = growing.build()
    assert report.articles == 120
    assert all("2200" in text or "1405" in text for text in growing.encoder.encoded)
    index = growing.open()
    assert 0 < index.manifest.forgotten < 0.05 * index.passage_count
    assert index.lexical_search("nhieu huyện làm 203", 3, WEIGHTS)
    rows = index.holding(["2200"], 10)
    assert [stored.article.path.endswith("moi.txt") for stored in index.passages(rows)] == [True]
    assert index.holding(["2007"], 10) == []
    index.close()


def test_an_abbreviation_that_a_new_article_defines_is_known_in_the_old_ones(tmp_path: Path) -> None:
    growing = Growing(tmp_path)
    for number in range(60):
        (growing.source / f"nhieu-{number}.txt").write_text(article(number), "utf-8")
    old = article(9).replace("(HLV)", "").replace("HLV cho biết", "TBNL cho biết")
    (growing.source / "cu.txt").write_text(old, "utf-8")
    growing.build()
    index = growing.open()
    assert index.holding(["ngoi", "lao"], 5) == []
    index.close()
    (growing.source / "moi.txt").write_text(
        "Trạm mới ở Ba Chẽ đã chạy\n\nTrạm bơm Ngòi Lao (TBNL) ở Ba Chẽ đã chạy thử ba ngày liền, nước về tới ruộng.\n",
        "utf-8",
    )
    growing.build()
    index = growing.open()
    assert index.manifest.forgotten > 0  # gone on with, not begun anew
    texts = [stored.passage.text for stored in index.passages(index.holding(["ngoi", "lao"], 5))]
    assert len(texts) == 2
    assert any("TBNL cho biết" in text for text in texts)
    index.close()
    (growing.source / "moi.txt").unlink()
    growing.build()
    index = growing.open()
    assert index.holding(["ngoi", "lao"], 5) == []
    assert (
        index.vocabulary.abbreviations == {"HLV": "Hội Làm vườn Ba Chẽ"} or "TBNL" not in index.vocabulary.abbreviations
    )
    index.close()


def test_the_numbers_of_what_was_removed_are_not_used_again(tmp_path: Path) -> None:
    growing = Growing(tmp_path)
    growing.change([(0, 1)])
    growing.build()
    growing.change([(0, 2)])
    growing.build()
    growing.change([(0, 1)])
    report = growing.build()
    assert (report.articles, report.encoded) == (2, 0)
    index = growing.open()
    assert np.isfinite(index.vectors_at([0])).all()
    assert [len(index.passages_of(of.id)) > 0 for of in index.articles()] == [True, True]
    index.close()
