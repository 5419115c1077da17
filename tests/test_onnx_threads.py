"""As many threads as encode fastest: measured, remembered, measured anew where something else runs the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from embeddings import onnx_threads


def counting(seconds: dict[int, float]) -> tuple[list[int], Callable[[int], float]]:
    measured: list[int] = []

    def measure(threads: int) -> float:
        measured.append(threads)
        return seconds[threads]

    return measured, measure


@pytest.mark.parametrize(
    ("seconds", "threads"),
    [({8: 1.0, 4: 1.5}, 8), ({8: 1.0, 4: 0.97}, 8), ({8: 1.5, 4: 1.0}, 4)],
)
def test_fewer_threads_than_processors_run_only_where_they_are_clearly_faster(
    seconds: dict[int, float], threads: int, tmp_path: Path
) -> None:
    _, measure = counting(seconds)
    assert onnx_threads.chosen(tmp_path, 8, "1", measure) == threads


def test_what_was_measured_is_remembered_until_the_machine_or_the_library_is_another(tmp_path: Path) -> None:
    measured, measure = counting({8: 1.5, 4: 1.0, 6: 1.0, 3: 1.5})
    assert [onnx_threads.chosen(tmp_path, 8, "1", measure) for _ in range(3)] == [4, 4, 4]
    once = len(measured)
    assert onnx_threads.chosen(tmp_path, 8, "2", measure) == 4
    assert onnx_threads.chosen(tmp_path, 6, "2", measure) == 6
    assert len(measured) == 3 * once


@pytest.mark.parametrize("written", ["", "{", "[]", '{"threads": 4}', '{"circumstances": null, "threads": "x"}'])
def test_a_damaged_note_is_measured_anew(written: str, tmp_path: Path) -> None:
    (tmp_path / "threads.json").write_text(written)
    assert onnx_threads.chosen(tmp_path, 8, "1", counting({8: 1.0, 4: 2.0})[1]) == 8


def test_one_or_two_processors_are_all_used_without_measuring(tmp_path: Path) -> None:
    measured, measure = counting({})
    assert [onnx_threads.chosen(tmp_path, n, "1", measure) for n in (1, 2)] == [1, 2]
    assert measured == []


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    assert onnx_threads.chosen(tmp_path / "not there", 4, "1", counting({4: 2.0, 2: 1.0})[1]) == 2
