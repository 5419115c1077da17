"""Copies of sentences and vectors, corpora of any size, recall against exact search."""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import copies, measuring, scale, scale_ask, scale_base, tables
from embeddings import generations, pipeline
from embeddings.index import Index, open_index
from embeddings.sentences import split_sentences
from embeddings.settings import Articles, IndexSettings
from embeddings.settings import Index as IndexSection
from tests.fakes import ROOT, WORDS, HashingEncoder

SYLLABLES = ["trồng", "đường", "nông", "rừng", "học", "cầu", "lúa", "thuyền"]
PLACES = ("Sông Lô", "Hải Hậu", "Bình Liêu", "Mèo Vạc", "Gia Viễn", "Ba Chẽ")


def text_of(number: int) -> str:
    """An article of six sentences; no two have the same."""
    place = PLACES[number % len(PLACES)]
    lines = (
        f"Năm {1990 + number}, bà con ở vùng {place} góp {number + 12} nghìn ngày công làm lại đường ra bến đò cũ.",
        f"Con đường dài {number + 3},5 km nối chợ phiên với trường học và trạm y tế của {number + 2} thôn nằm sát núi.",
        f"Trước đó mỗi mùa lũ, {number + 40} em nhỏ phải nghỉ học nhiều tuần vì nước ngập lối đi duy nhất qua suối.",
        f"Theo trưởng thôn thứ {number}, phần lớn đá và cát được lấy tại chỗ, chỉ xi măng là phải mua từ nơi khác.",
        f"Hội phụ nữ lo cơm nước cho {number + 25} người làm trong suốt ba tháng, còn thanh niên nhận phần việc nặng.",
        f"Đến nay, {number + 7} hộ đã mở quán hai bên đường, và giá lúa tại ruộng tăng thêm {number + 1} phần trăm.",
    )
    return "\n".join(lines)


def unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def cone(count: int, dim: int = 48) -> np.ndarray:
    """Unit vectors that lie as those of E5 models do: at cosines of about 0.8 to each other."""
    chance = np.random.default_rng(3)
    own = unit(chance.normal(size=(count, dim)).astype(np.float32))
    shared = np.zeros(dim, np.float32)
    shared[0] = 2.0
    return unit(own + shared)


# --- sentences ---


@given(st.lists(st.sampled_from([*SYLLABLES, "12/6", "34.500", "Hà", "TP.", "(SN", "1994),", "ông", "…", "“Dạ,", "à"])),
       st.integers(0, 2**32))  # fmt: skip
def test_a_copy_has_as_many_words_and_keeps_those_that_bound_it(words: list[str], seed: int) -> None:
    sentence = " ".join(words)
    copy = copies.perturbed(sentence, SYLLABLES, np.random.default_rng(seed))
    old, new = sentence.split(" "), copy.split(" ")
    assert len(old) == len(new)
    assert (old[0], old[-1]) == (new[0], new[-1])
    for was, now in zip(old, new, strict=True):
        assert was == now or (copies.swappable(was) and now in SYLLABLES) or was[0].isdigit()
        assert len(now) == len(was) or copies.swappable(was)
        assert [c for c in was if not c.isalnum()] == [c for c in now if not c.isalnum()]


def test_a_copy_differs_is_no_rewrite_and_is_the_same_for_the_same_chance() -> None:
    text = text_of(4)
    copy = copies.perturbed(text, SYLLABLES, np.random.default_rng(1))
    assert copy == copies.perturbed(text, SYLLABLES, np.random.default_rng(1))
    changed = sum(a != b for a, b in zip(text.split(), copy.split(), strict=True))
    assert 0.05 < changed / len(text.split()) < 0.3


def test_what_stands_before_a_name_stays_so_that_an_article_is_from_where_it_was() -> None:
    text = "Hôm qua tại tỉnh Đắk Lắk và huyện Mèo Vạc trời mưa rất to."
    for seed in range(50):
        copy = copies.perturbed(text, SYLLABLES, np.random.default_rng(seed))
        assert "tỉnh Đắk Lắk" in copy
        assert "huyện Mèo Vạc" in copy


@pytest.mark.parametrize("number", range(12))
def test_a_copy_s_sentences_end_where_the_original_s_do(number: int) -> None:
    chance = np.random.default_rng(number)
    text = text_of(number).replace("\n", " ")
    sentences = [text[a:b] for a, b in split_sentences(text, 0, len(text), WORDS.abbreviations)]
    copied = [copies.perturbed(sentence, SYLLABLES, chance) for sentence in sentences]
    joined = " ".join(copied)
    assert [joined[a:b] for a, b in split_sentences(joined, 0, len(joined), WORDS.abbreviations)] == copied


# --- vectors ---


def test_copies_lie_where_they_should() -> None:
    vectors = cone(400)
    centre = unit(vectors.mean(axis=0, keepdims=True))[0]
    directions = copies.residuals(vectors[:100], centre)
    keys = np.array([copies.key_of(f"câu {n}") for n in range(400)], np.uint64)
    made = copies.varied(vectors, keys, centre, directions)
    assert made.dtype == np.float32
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    cosines = (made * vectors).sum(axis=1)
    assert cosines.min() > copies.FARTHEST - 1e-3
    assert cosines.max() < copies.NEAREST + 1e-3
    assert cosines.std() > 0.01
    assert np.allclose(made @ centre, vectors @ centre, atol=1e-4)  # none leaves the cone
    assert np.allclose(made[7:9], copies.varied(vectors[7:9], keys[7:9], centre, directions), atol=1e-6)
    others = copies.varied(vectors, keys + np.uint64(1), centre, directions)
    assert (np.abs((made * others).sum(axis=1) - 1) > 1e-3).all()


def test_a_vector_with_nothing_of_its_own_stays_a_unit_vector() -> None:
    vectors = cone(20)
    centre = unit(vectors.mean(axis=0, keepdims=True))[0]
    made = copies.varied(centre[None, :], np.array([5], np.uint64), centre, copies.residuals(vectors, centre))
    assert np.allclose(made, centre, atol=1e-3)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20, unique=True))
def test_mixing_keeps_keys_apart(keys: list[int]) -> None:
    assert len(set(copies.mixed(np.array(keys, np.uint64), 0).tolist())) == len(keys)


# --- corpora ---


def settings_of(source: Path, index: Path) -> IndexSettings:
    return IndexSettings(articles=Articles(source=(source,)), index=IndexSection(dir=index))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> scale_base.Base:
    """A base of twenty articles, as an index of a real corpus is taken."""
    folder = tmp_path_factory.mktemp("base")
    scale.export(({"id": f"bai-{n}", "text": text_of(n)} for n in range(20)), folder / "source")
    pipeline.build(settings_of(folder / "source", folder / "index"), HashingEncoder())
    return scale_base.take(folder / "index", folder / "base")


def test_a_base_is_whole_only_when_all_of_it_was_written(base: scale_base.Base, tmp_path: Path) -> None:
    assert scale_base.load(base.folder) == base
    assert scale_base.load(tmp_path) is None
    articles = list(base.articles())
    assert [article.id for article in articles] == [f"bai-{n}" for n in range(20)]
    assert sum(len(article.sentences) for article in articles) == base.sentences
    assert sum(article.passages for article in articles) == base.passages


def test_the_real_builder_takes_prepared_vectors_for_originals_and_copies(
    base: scale_base.Base, tmp_path: Path
) -> None:
    wanted = [f"bai-{n}" for n in (3, 17)]
    expected = scale_base.write_corpus(base, 5 * base.passages, wanted, tmp_path)
    encoder = scale_base.Prepared(base, tmp_path, HashingEncoder())
    report = pipeline.build(settings_of(tmp_path / "source", tmp_path / "index"), encoder)
    encoder.close()
    assert (report.articles, report.passages) == (expected["articles"], expected["passages"])
    assert report.passages >= 5 * base.passages
    assert report.sentences == 5 * base.sentences
    assert encoder.unknown == 0
    index = open_index(tmp_path / "index", HashingEncoder().fingerprint)
    try:
        ids = [scale_base.article_id(article.path) for article in index.articles()]
        assert ids[:2] == wanted
        assert {scale_base.original(id_) for id_ in ids} == {f"bai-{n}" for n in range(20)}
        _compare(index, base)
    finally:
        index.close()


def _compare(index: Index, base: scale_base.Base) -> None:
    """Each sentence has its original's vector, or one near it where it is a copy's; copies are in other words."""
    vectors = np.fromfile(base.folder / "vectors.f32", "<f4").reshape(-1, base.dim)
    first = {article.id: article.first for article in base.articles()}
    texts = {article.id: article.text for article in base.articles()}
    row, at = 0, dict.fromkeys((a.id for a in index.articles()), 0)
    for stored in index.passages(range(index.passage_count)):
        id_ = scale_base.article_id(stored.article.path)
        parent = scale_base.original(id_)
        count = len(stored.passage.sentences)
        start = first[parent] + at[stored.article.id]
        cosines = (index.vectors_at(range(row, row + count)) * vectors[start : start + count]).sum(axis=1)
        if id_ == parent:
            assert stored.article.text == texts[parent]
            assert np.allclose(cosines, 1, atol=1e-5)
        else:
            assert stored.article.text != texts[parent]
            assert (cosines > copies.FARTHEST - 1e-3).all()
            assert (cosines < 1 - 1e-4).any()  # a sentence in which nothing was swapped stays what it is
        row, at[stored.article.id] = row + count, at[stored.article.id] + count


def test_texts_that_nobody_foresaw_get_unit_vectors_and_are_counted(base: scale_base.Base, tmp_path: Path) -> None:
    scale_base.write_corpus(base, 1, [], tmp_path)
    encoder = scale_base.Prepared(base, tmp_path, HashingEncoder())
    made = encoder.encode_passages(["câu này không có ở đâu", "câu kia cũng vậy"])
    encoder.close()
    assert encoder.unknown == 2
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-4)
    assert np.array_equal(encoder.encode_queries(["a"]), HashingEncoder().encode_queries(["a"]))


# --- recall ---


def test_exact_search_in_blocks_is_a_plain_product(base: scale_base.Base) -> None:
    index = Index(generations.open_newest(base.folder.parent / "index"))
    try:
        queries = HashingEncoder().encode_queries(["con đường ra bến đò", "hội phụ nữ lo cơm nước"])
        everything = index.vectors_at(range(len(index)))
        scores, rows = scale_ask.best_sentences(index, queries, kept=30)
        for query, of_query, at in zip(queries, scores, rows, strict=True):
            products = everything @ query
            assert np.allclose(of_query, np.sort(products)[::-1][:30], atol=1e-6)
            assert np.allclose(products[at], of_query, atol=1e-6)
            best = scale_ask.best_passages(index, of_query, at, 10)
            found = index.dense_search(query, 10)
            assert np.allclose(best, sorted(found.values(), reverse=True)[: len(best)], atol=1e-5)
            assert scale_ask.recall(sorted(found.values(), reverse=True)[:10], best) == 1.0
    finally:
        index.close()


@pytest.mark.parametrize(
    ("found", "exact", "expected"),
    [([0.9, 0.8], [0.9, 0.8], 1.0), ([0.9, 0.5], [0.9, 0.8], 0.5), ([0.8, 0.8, 0.8], [0.9, 0.8], 1.0), ([], [], 1.0)],
)
def test_what_ties_with_the_last_of_the_exact_ones_counts(
    found: list[float], exact: list[float], expected: float
) -> None:
    assert scale_ask.recall(found, exact) == expected


# --- the command ---


def news(folder: Path, count: int = 12) -> Path:
    """A data folder as the command wants it."""
    folder.mkdir(exist_ok=True)
    rows = [{"id": f"bai-{n}", "title": "x", "abstract": "y", "text": text_of(n)} for n in range(count)]
    with lzma.open(folder / scale.NEWS, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    asked = [{"question": f"Con đường ở {PLACES[n % 6]} năm {1990 + n}", "context_id": f"bai-{n}"} for n in (9, 4, 7)]
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in asked]
    (folder / scale.HEADLINES).write_text("".join(lines), encoding="utf-8")
    return folder


def test_bodies_come_without_title_and_abstract_those_asked_for_first(tmp_path: Path) -> None:
    data = news(tmp_path)
    assert scale.headlines(data)[0] == {"question": "Con đường ở Mèo Vạc năm 1999", "right": "bai-9"}
    few = list(scale.bodies(data, ["bai-9", "bai-4"], 3))
    assert [row["id"] for row in few] == ["bai-4", "bai-9", "bai-0"]
    assert set(few[0]) == {"id", "text"}
    assert [row["id"] for row in scale.bodies(data, ["bai-9"], None)] == [f"bai-{n}" for n in range(12)]


def test_an_export_is_read_back_whole(tmp_path: Path) -> None:
    rows = [{"id": f"bai-{n}", "text": text_of(n)} for n in range(2500)]
    ids = scale.export(iter(rows), tmp_path / "source")
    assert len(list((tmp_path / "source").iterdir())) == 3
    assert ids == scale.exported(tmp_path / "source") == {row["id"] for row in rows}


def command(data: Path, work: Path, *more: str) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "benchmarks.scale", str(data), "--work", str(work), *more]
    return subprocess.run(run, capture_output=True, encoding="utf-8", cwd=ROOT)


@pytest.mark.parametrize("missing", ["news", "index"])
def test_what_is_missing_is_one_line_with_its_cure(missing: str, tmp_path: Path) -> None:
    data = tmp_path if missing == "news" else news(tmp_path / "data")
    run = command(data, tmp_path / "work", "--sizes", "100")
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert ("There is no vietnews.jsonl.xz in" if missing == "news" else "Build one first (--real)") in run.stderr


def test_real_news_and_a_size_are_measured_once(model_cache: Path, tmp_path: Path) -> None:
    data, work = news(tmp_path / "data"), tmp_path / "work"
    arguments = ("--real", "--limit", "8", "--sizes", "40", "--asks", "2", "--exact", "3")
    first = command(data, work, *arguments)
    assert first.returncode == 0, first.stderr
    real, size = measuring.results(work / "scale.jsonl")
    assert (real["kind"], real["articles"], real["questions"], real["recall_at_10"]) == ("real", 8, 3, 1.0)
    assert (size["kind"], size["size"], size["unknown"], size["dense_recall_at_10"]) == ("size", 40, 0, 1.0)
    assert tables.number(size, "passages") >= 40
    assert not (work / "size-40").exists()
    again = command(data, work, *arguments)
    assert again.returncode == 0, again.stderr
    assert measuring.results(work / "scale.jsonl") == [real, size]
    assert tables.scale_table([real, size]) in again.stdout


def test_headlines_without_an_article_among_those_indexed_are_refused(tmp_path: Path) -> None:
    asked = scale.headlines(news(tmp_path))
    with pytest.raises(measuring.Failed, match=r"No article that vietnews_headlines.jsonl asks for is indexed"):
        scale.write_questions(asked, {"bai-1"}, tmp_path / "questions.jsonl")
    scale.write_questions(asked, {"bai-4", "bai-1"}, tmp_path / "questions.jsonl")
    assert measuring.results(tmp_path / "questions.jsonl") == [asked[1]]
