"""From a folder to a published generation: only what is new is encoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings import pipeline
from embeddings.encoders import Encoder
from embeddings.errors import IndexProblem, NoIndex, SourceError, StaleIndex
from embeddings.index import Index, open_index
from embeddings.lexical import FieldWeights
from embeddings.readers import KNOWN
from tests.fakes import PARAGRAPH, HashingEncoder, index_settings, write_articles


class World:
    """A folder of articles, an index, and an encoder that remembers what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.articles = write_articles(folder / "articles")
        self.index_dir = folder / "index"
        self.encoder = HashingEncoder()

    def build(self, *, full: bool = False) -> pipeline.Report:
        self.encoder.encoded.clear()
        encoder: Encoder = self.encoder
        return pipeline.build(index_settings(self.articles, self.index_dir), encoder, full=full)

    def open(self) -> Index:
        return open_index(self.index_dir, self.encoder.fingerprint)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def paths(index: Index) -> dict[str, str]:
    return {Path(article.path).name: article.id for article in index.articles()}


def test_the_first_build_encodes_every_sentence(world: World) -> None:
    report = world.build()
    assert (report.generation, report.unchanged, report.articles, report.reused) == (1, False, 3, 0)
    assert report.encoded == report.sentences == len(world.encoder.encoded) > report.passages >= 3
    index = world.open()
    assert index.manifest.sentences == report.sentences
    assert report.bytes == sum(record.size for record in index.manifest.files.values())
    index.close()


def test_where_nothing_changed_the_encoder_is_never_asked(world: World) -> None:
    first = world.build()
    second = world.build()
    assert world.encoder.encoded == []
    assert second.unchanged
    assert (second.generation, second.encoded, second.reused) == (1, 0, first.sentences)


def test_of_one_new_article_only_its_sentences_are_encoded(world: World) -> None:
    before = world.build()
    (world.articles / "moi.txt").write_text(
        "Huyện Ba Chẽ mở đường\n\n" + PARAGRAPH.replace("cây", "đèn").replace("Hải Hậu", "Ba Chẽ"), "utf-8"
    )
    report = world.build()
    assert (report.articles, report.generation) == (4, 2)
    assert 0 < report.encoded == report.sentences - before.sentences == len(world.encoder.encoded)
    assert all("Ba Chẽ" in text for text in world.encoder.encoded)


def test_of_a_changed_sentence_its_neighbours_are_reused(world: World) -> None:
    world.build()
    file = world.articles / "bai-1.txt"
    file.write_text(file.read_text("utf-8").replace("gấp đôi năm trước", "gấp ba năm trước"), "utf-8")
    assert world.build().encoded == 1
    assert "gấp ba" in world.encoder.encoded[0]


def test_a_full_build_takes_nothing_from_the_cache(world: World) -> None:
    world.build()
    report = world.build(full=True)
    assert (report.generation, report.unchanged, report.reused) == (2, False, 0)
    assert len(world.encoder.encoded) == report.encoded == report.sentences


def test_a_moved_file_keeps_its_id_and_a_removed_one_is_gone(world: World) -> None:
    world.build()
    index = world.open()
    before = paths(index)
    index.close()
    (world.articles / "noi").mkdir()
    (world.articles / "bai-0.txt").rename(world.articles / "noi" / "khac.txt")
    (world.articles / "bai-2.txt").unlink()
    report = world.build()
    assert (report.articles, report.encoded) == (2, 0)
    index = world.open()
    assert paths(index) == {"khac.txt": before["bai-0.txt"], "bai-1.txt": before["bai-1.txt"]}
    assert index.passages_of(before["bai-2.txt"]) == []
    index.close()


def test_two_identical_files_are_one_article_with_both_paths(world: World) -> None:
    (world.articles / "sao.txt").write_bytes((world.articles / "bai-0.txt").read_bytes())
    assert world.build().articles == 3
    index = world.open()
    (article,) = [article for article in index.articles() if article.also_at]
    assert [Path(path).name for path in (article.path, *article.also_at)] == ["bai-0.txt", "sao.txt"]
    index.close()


def test_bad_files_are_listed_and_the_good_ones_indexed(world: World) -> None:
    (world.articles / "empty.txt").write_bytes(b"")
    (world.articles / "odd.\udcff").write_bytes(b"x")
    report = world.build()
    assert report.articles == 3
    assert {Path(item.path).name: item.reason for item in report.skipped} == {
        "empty.txt": "empty",
        "odd.\\xff": f"format .\\xff is not read (known: {KNOWN})",
    }


def test_scores_are_those_of_the_best_sentence_by_hand(world: World) -> None:
    world.build()
    index = world.open()
    query = world.encoder.encode_queries(["huyện Mèo Vạc trồng cây"])[0]
    found = index.dense_search(query, index.passage_count)
    for stored in index.passages(range(index.passage_count)):
        by_sentence = index.sentence_scores(query, [stored.row])[0]
        assert len(by_sentence) == len(stored.passage.sentences)
        assert found[stored.row] == pytest.approx(float(np.max(by_sentence)), abs=1e-5)
        assert stored.article.text[stored.passage.start : stored.passage.end] == stored.passage.text
    best = max(found, key=lambda row: found[row])
    assert "Mèo Vạc" in index.passages([best])[0].article.text
    assert set(index.dense_search(query, 1)) <= set(found)
    assert index.dense_search(query, 0) == {}
    words = index.lexical_search("meo vac", 10, FieldWeights(0, 1, 0.5))
    assert {index.passages([row])[0].context.place for row in words} == {"Mèo Vạc"}
    index.close()


def test_a_generation_holds_the_words_of_its_articles(world: World) -> None:
    (world.articles / "moi.txt").write_text("Trạm bơm Ngòi Lao (TBNL) ở Ba Chẽ chạy tốt.\n\n" + PARAGRAPH, "utf-8")
    world.build()
    index = world.open()
    assert index.vocabulary.forms(["vac", "khong"]) == {"vac": {"vạc": 3}}  # title, place, text
    assert index.vocabulary.names(["meo vac", "trong cay"]) == {"meo vac": "Mèo Vạc"}
    assert index.vocabulary.abbreviations == {"TBNL": "Trạm bơm Ngòi Lao"}
    assert index.vocabulary.counted(["cay xanh", "tram bom"]) == {"cay xanh"}
    assert "meo vac" in index.places
    index.close()


def test_what_an_article_abbreviates_is_found_by_its_full_form_in_others(world: World) -> None:
    (world.articles / "mot.txt").write_text("Trạm bơm Ngòi Lao (TBNL) chạy tốt.\n\n" + PARAGRAPH, "utf-8")
    (world.articles / "hai.txt").write_text("Nước về đồng\n\nTBNL chạy suốt mùa khô, nước về đồng.\n", "utf-8")
    world.build()
    index = world.open()
    found = index.lexical_search("ngòi lao", 10, FieldWeights(1, 0, 0))
    assert {Path(index.passages([row])[0].article.path).name for row in found} == {"mot.txt", "hai.txt"}
    index.close()


def test_an_index_whose_vocabulary_is_damaged_is_not_served(world: World) -> None:
    world.build()
    (file,) = world.index_dir.rglob("vocabulary.sqlite")
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(IndexProblem, match=r"vocabulary\.sqlite"):
        world.open()


def test_an_index_of_another_model_is_refused_and_both_are_named(world: World) -> None:
    world.build()
    with pytest.raises(
        StaleIndex, match=r"built with 'hashing@256', but the configured model is 'other@8'\. Rebuild it: rebuild-index"
    ):
        open_index(world.index_dir, HashingEncoder(8, "other").fingerprint)


def test_without_an_index_the_command_that_builds_it_is_named(world: World) -> None:
    with pytest.raises(NoIndex, match=r"no index in .*Build it: rebuild-index"):
        world.open()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"articles' does not exist"),
        ({}, r"There is no article in .*articles\. Put files there that can be read: \.txt"),
        ({"a.txt": b"", "b.txt": b"\0"}, r"no article in .*\(2 skipped; first: .*a\.txt: empty\)"),
        ({"a.txt": b"12345\n---\n"}, r"no article in .*first: .*a\.txt: nothing in it but page furniture"),
    ],
    ids=["missing", "empty", "bad", "furniture"],
)
def test_a_folder_without_articles_is_one_line_and_the_old_index_serves(
    content: dict[str, bytes] | None, message: str, world: World
) -> None:
    world.build()
    for file in world.articles.iterdir():
        file.unlink()
    if content is None:
        world.articles.rmdir()
    for name, data in (content or {}).items():
        (world.articles / name).write_bytes(data)
    with pytest.raises(SourceError, match=message) as caught:
        world.build()
    assert "\n" not in str(caught.value)
    index = world.open()
    assert len(index.articles()) == 3
    index.close()
