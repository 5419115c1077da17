"""The pure parts of the benchmarks: percentiles, processes, results, tables, the comparison's questions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import comparison, corpora, measuring, plan, plots, tables, targets
from benchmarks.contenders import common
from embeddings.vietnamese import fold
from tests.fakes import ROOT

DATASET = corpora.Dataset(
    "made up",
    ("Sông Lô", "Hải Hậu"),
    ("Đập dài 120 mét được xây năm 1998.", "Huyện có 34 xã và thị trấn."),
    tuple(corpora.Question(f"q{n}", f"Câu hỏi thứ {n} là gì?", n % 2, ()) for n in range(10)),
)
SUBJECT = {
    "subject": "XQuAD-vi", "paragraphs": 240, "tokens": 48_000, "questions": 1190,
    "processor": "a processor", "cores": 2, "memory_gb": 24, "at": "2026-11-22T10:00:00",
}  # fmt: skip


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[float], share: float) -> None:
    found = measuring.percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-3
    assert sum(value < found for value in values) <= share * len(values)


def test_percentiles_of_a_hundred_are_what_one_expects() -> None:
    assert measuring.spread([float(n) for n in range(1, 101)], "ms_") == {"ms_p50": 50, "ms_p95": 95}


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        measuring.percentile([], 0.5)


def test_a_command_is_timed_and_its_memory_is_its_own() -> None:
    ballast = bytearray(300_000_000)  # what the parent holds is not counted as the child's
    code = "import time; held = bytearray(50_000_000); held[::4096] = held[::4096]; time.sleep(0.2); print('done')"
    run = measuring.run([sys.executable, "-c", code])
    assert run.output == "done\n"
    assert run.seconds >= 0.2
    assert 50 < run.peak_mb < len(ballast) / 2**20


def test_a_failed_command_is_one_line_with_its_last_words() -> None:
    with pytest.raises(measuring.Failed, match=r"ended with 3: too bad$"):
        measuring.run([sys.executable, "-c", "import sys; print('well\\ntoo bad', file=sys.stderr); sys.exit(3)"])


def test_a_command_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    code = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(measuring.Failed, match="took more than 2 s"):
        measuring.run([sys.executable, "-c", code], timeout=2)
    _wait_until_gone(int((tmp_path / "pid").read_text()))


def test_what_is_measured_ends_with_a_measuring_program_that_is_told_to(tmp_path: Path) -> None:
    inner = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    outer = (
        "import sys; from benchmarks import measuring; measuring.end_together()\n"
        f"measuring.run([sys.executable, '-c', {inner!r}])"
    )
    with subprocess.Popen([sys.executable, "-c", outer], cwd=ROOT) as program:
        try:
            _wait_until((tmp_path / "pid").is_file)
            _wait_until(lambda: (tmp_path / "pid").read_text() != "")
            program.send_signal(signal.SIGTERM)
            assert program.wait(30) == 128 + signal.SIGTERM
        finally:
            program.kill()
    _wait_until_gone(int((tmp_path / "pid").read_text()))


def test_memory_is_read_from_what_the_kernel_says() -> None:
    status = "VmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\nRssAnon:\t   51200 kB\nRssFile:\t   51200 kB\nThreads:\t1"
    assert measuring.memory(status) == {"peak_mb": 200, "rss_mb": 100, "anonymous_mb": 50, "file_mb": 50}


def test_results_come_back_in_order_and_without_a_line_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "new" / "results.jsonl"
    assert measuring.results(file) == []
    for size in (1000, 2000):
        measuring.append(file, {"size": size, "name": "Sông Lô"})
    with file.open("a", encoding="utf-8") as out:
        out.write('{"size": 30')
    assert measuring.results(file) == [{"size": 1000, "name": "Sông Lô"}, {"size": 2000, "name": "Sông Lô"}]


def test_a_program_that_reports_nothing_is_told(tmp_path: Path) -> None:
    assert measuring.last_line('chatter\n{"p50": 3}\n') == {"p50": 3}
    for output in ("", "no json", "[1, 2]"):
        with pytest.raises(measuring.Failed, match="no report came"):
            measuring.last_line(output)


def test_stripped_questions_are_the_folded_ones_in_their_case() -> None:
    assert comparison.without_diacritics("Đà Nẵng có bao nhiêu phường ở quận Hải Châu?") == (
        "Da Nang co bao nhieu phuong o quan Hai Chau?"
    )


@given(st.text("aăâđêôơưáàảãạếềẩỡợĐĂ Oo", max_size=30))
def test_stripping_twice_is_stripping_once_and_loses_nothing_that_folding_keeps(text: str) -> None:
    once = comparison.without_diacritics(text)
    assert comparison.without_diacritics(once) == once
    assert fold(once) == fold(text)


@pytest.mark.parametrize(("count", "expected"), [(None, 10), (3, 3), (10, 10), (99, 10)])
def test_some_of_the_questions_are_spread_over_all(count: int | None, expected: int) -> None:
    chosen = comparison.some(DATASET, count).questions
    assert len(chosen) == len(set(chosen)) == expected
    assert set(chosen) <= set(DATASET.questions)


def test_what_is_prepared_is_what_every_contender_reads(tmp_path: Path) -> None:
    files = comparison.prepare(DATASET, tmp_path, tmp_path / "model")
    rows = common.rows_of(files.rows)
    assert [text for _, text in rows] == list(DATASET.paragraphs)
    assert [(files.articles / f"{name}.txt").read_text("utf-8") for name, _ in rows] == list(DATASET.paragraphs)
    typed, stripped = (common.questions_of(files.questions(stripped=flag)) for flag in (False, True))
    assert typed[1] == ("Câu hỏi thứ 1 là gì?", "p001")
    assert stripped[1] == ("Cau hoi thu 1 la gi?", "p001")


def test_hot_questions_are_counted_right_by_the_first_paragraph(tmp_path: Path) -> None:
    files = comparison.prepare(DATASET, tmp_path, tmp_path / "model")
    report = common.hot(lambda _: [("p000", "…"), ("p001", "…")], files.questions(stripped=False))
    assert (report["questions"], report["recall_at_1"]) == (10, 0.5)
    assert {"p50", "p95", "processor_p50", "rss_mb", "peak_mb"} <= set(report)


@pytest.mark.parametrize("missing", ["data", "others"])
def test_what_is_missing_for_the_comparison_is_one_line(missing: str, tmp_path: Path) -> None:
    if missing == "others":
        (tmp_path / "xquad.vi.json").write_text('{"data": []}', encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.comparison", str(tmp_path), "--others", str(tmp_path / "python")]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT)
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert ("no xquad.vi.json in" if missing == "data" else "make .venv-bench/installed") in run.stderr


def _measurements() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [SUBJECT]
    for name, slower in (("ours", 1.0), ("theirs", 3.0)):
        for extra in (0.0, 1.0):
            shared = {"contender": name, "seconds": slower + extra, "peak_mb": 100 * slower, "load": 1.5}
            rows.append({**shared, "measure": "build", "indexing_seconds": 4 * slower + extra})
            rows.append({**shared, "measure": "cold"})
            found = {"p50": slower, "p95": slower, "processor_p50": slower, "recall_at_1": 1 - slower / 10}
            rows += [{**shared, **found, "measure": measure} for measure in ("hot", "stripped")]
    return rows


def test_the_comparison_shows_the_best_in_bold_and_the_median_beside_it() -> None:
    lines = tables.comparison_table(_measurements()).splitlines()
    assert lines[0] == "|  | ours | theirs |"
    assert "| build, paragraphs/s | **60.0** (54.0) | 20.0 (19.2) |" in lines
    assert "| recall@1 | **0.9000** | 0.7000 |" in lines
    assert "| hot answer (`ask`), p50, ms | – | – |" in lines
    assert "load average while measuring 1.5 to 1.5; 2026-11-22" in lines[-1]


def test_a_picture_shows_the_best_round_of_each() -> None:
    assert plots.best(_measurements(), plots.BARS[0]) == {"ours": 4.0, "theirs": 12.0}
    assert plots.best(_measurements(), plots.BARS[4]) == {"ours": 0.9, "theirs": 0.7}


def test_a_curve_has_the_sizes_in_order_and_leaves_out_what_was_not_measured() -> None:
    rows = [
        {"kind": "size", "passages": 3000, "memory": {"rss_mb": 30}},
        {"kind": "size", "passages": 1000, "memory": {"rss_mb": 10}},
        {"kind": "size", "passages": 2000, "memory": {}},
        {"kind": "real", "passages": 1500, "memory": {"rss_mb": 15}},
    ]
    assert plots.points(rows, plots.Line("", "rss_mb", "", inside="memory")) == [(1000, 10), (3000, 30)]


@given(st.text(), st.text(), st.text(max_size=50))
def test_a_table_goes_between_its_marks_and_nothing_else_changes(before: str, after: str, table: str) -> None:
    begin, end = "<!-- scale -->", "<!-- end of scale -->"
    document = f"{before}{begin}an old table{end}{after}"
    if document.count(begin) == document.count(end) == 1 and begin not in table and end not in table:
        once = tables.marked(document, "scale", table)
        assert once == f"{before}{begin}\n{table}\n{end}{after}"
        assert tables.marked(once, "scale", table) == once


def test_a_document_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="needs one line <!-- scale -->"):
        tables.marked("# Performance", "scale", "")


def test_the_documents_have_the_marks_that_tables_go_between() -> None:
    document = (ROOT / "docs" / "performance.md").read_text("utf-8")
    for name in ("comparison", "scale", "plan", "targets"):
        assert "a table" in tables.marked(document, name, "a table")


def test_the_comparison_pins_everything_and_the_project_s_own_versions() -> None:
    text = (ROOT / "benchmarks" / "requirements-comparison.txt").read_text("utf-8")
    pins = dict(line.split("==") for line in text.splitlines() if not line.startswith("#"))
    ours = (ROOT / "requirements.lock").read_text("utf-8")
    for name in ("torch", "sentence-transformers", "transformers", "tokenizers", "faiss-cpu", "numpy"):
        assert f"\n{name}=={pins[name]}\n" in ours, name
    assert "://" not in text
    assert json.dumps(pins)  # one pin a line


def _wait_until(happened: object, seconds: float = 30.0) -> None:
    assert callable(happened)
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def _wait_until_gone(pid: int) -> None:
    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    _wait_until(gone)


def test_the_plan_grows_with_the_passages_and_names_its_assumptions() -> None:
    given = plan.Assumptions()
    for index in plan.INDEXES:
        assert plan.gigabytes(10**9, index, given) == pytest.approx(
            tuple(1000 * part for part in plan.gigabytes(10**6, index, given))
        )
    assert plan.gigabytes(10**6, plan.INDEXES[0], given)[0] == pytest.approx(2.65 * 1536 / 1000)
    assert plan.encoding_core_hours(10**6, given) == pytest.approx(2.65e6 * 37 / 4200 / 3600)
    assert plan.nodes(10**6, plan.SHARED, given) >= 1
    text = plan.plan(given)
    assert "2.65 sentences a passage" in text
    assert "| 1 M | 10 M | 100 M | 1 B |" in text


def test_more_sentences_a_passage_need_more_of_everything() -> None:
    few, many = plan.Assumptions(), plan.Assumptions(sentences=5)
    assert plan.encoding_core_hours(10**7, many) > plan.encoding_core_hours(10**7, few)
    assert plan.nodes(10**9, plan.SHARED, many) > plan.nodes(10**9, plan.SHARED, few)


def test_targets_are_reached_missed_or_not_measured() -> None:
    cold = {"contender": "ours", "measure": "seeds", "seconds": 0.8, "peak_mb": 500}
    again = {**cold, "seconds": 1.2}
    limited = {"kind": "real", "articles": 500, "resumed": False, "build_seconds": 60}
    lines = targets.targets_table([SUBJECT, cold, again, limited]).splitlines()
    assert "| cold `qa-bot ask` over seeds/, whole process, s | ≤ 0.9 | 0.80 | reached |" in lines
    assert "| … its memory peak, MB | ≤ 450 | 500 | **missed** |" in lines
    assert "| 22,643 news articles, minutes | ≤ 45 | not measured |  |" in lines
    build = {"contender": "ours", "measure": "build", "indexing_seconds": 4}
    assert "| building, XQuAD, tokens/s | ≥ 8,400 | 12,000 | reached |" in targets.targets_table([SUBJECT, build])


def test_figures_of_a_busy_machine_say_so() -> None:
    assert tables.busy([0.9, 2.9], 2) == ""
    assert "busy machine" in tables.busy([1.0, 3.1], 2)
