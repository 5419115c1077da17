"""Reprints are found by sketches of fixed size: laws, with sets of shingles that are really compared as the oracle."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.duplicates import (
    NUMBER_WEIGHT,
    PERMUTATIONS,
    SHINGLE,
    alike,
    bands,
    packed,
    same_story,
    signature,
    sketch,
    unpacked,
)
from embeddings.vietnamese import fold, syllables
from tests.fakes import PARAGRAPH, ROOT, pages, time_limit
from tests.reprinted import FORM, SYLLABLES, paragraph, paragraphs

_SETTLED = settings(
    derandomize=True, deadline=None
)  # the laws of chance below are to hold for the same texts each time


def weighed(text: str) -> set[tuple[str, int]]:
    """What is compared: each shingle, those with a number several times."""
    units = syllables(fold(text))
    runs = {" ".join(units[at : at + SHINGLE]) for at in range(max(1, len(units) - SHINGLE + 1))}
    return {(run, n) for run in runs for n in range(NUMBER_WEIGHT if any(c.isdigit() for c in run) else 1)}


def jaccard(a: str, b: str) -> float:
    return len(weighed(a) & weighed(b)) / len(weighed(a) | weighed(b))


mixed = st.lists(st.one_of(st.sampled_from(SYLLABLES), st.integers(0, 9).map(str)), min_size=SHINGLE, max_size=120).map(
    " ".join
)


@given(pages)
def test_neither_accents_nor_case_nor_spaces_nor_the_composition_of_characters_matter(text: str) -> None:
    same = signature(text)
    for other in (
        unicodedata.normalize("NFD", text),
        fold(text),
        text.upper(),
        f" {text}\n\n".replace(" ", "\u00a0\n"),
    ):
        assert alike(signature(other), same) == 1


@given(pages, st.randoms(use_true_random=False))
def test_the_order_of_shingles_is_none_of_a_sketch_and_the_same_again_adds_nothing(text: str, r: random.Random) -> None:
    assert sketch(f"{text}\n{text}").shingles <= sketch(text).shingles + (SHINGLE - 1) * NUMBER_WEIGHT
    parts = [paragraph(number) for number in range(8)]
    shuffled = list(parts)
    r.shuffle(shuffled)
    borders = (len(parts) - 1) * (SHINGLE - 1)
    kept = (8 * 38) / (8 * 38 + 2 * borders)  # only what crosses a border changes
    assert jaccard("\n".join(parts), "\n".join(shuffled)) >= kept
    assert same_story(sketch("\n".join(parts)), sketch("\n".join(shuffled)))


@_SETTLED
@given(mixed, mixed, mixed)
def test_the_estimate_is_near_the_share_of_shingles_in_common(a: str, b: str, both: str) -> None:
    one, other = f"{a} {both}", f"{both} {b}"
    exact = jaccard(one, other)
    error = (exact * (1 - exact) / PERMUTATIONS) ** 0.5
    assert abs(alike(signature(one), signature(other)) - exact) <= 4 * error + 2 / PERMUTATIONS


@pytest.mark.parametrize("shared", [1, 3, 5, 7, 9])
def test_estimates_err_to_neither_side(shared: int) -> None:
    errors = []
    for n in range(150):
        one, other = paragraphs(20 * n, 20 * n + 10), paragraphs(20 * n + 10 - shared, 20 * n + 20 - shared)
        errors.append(alike(signature(one), signature(other)) - jaccard(one, other))
    expected = jaccard(one, other)
    deviation = (expected * (1 - expected) / PERMUTATIONS) ** 0.5
    assert abs(np.mean(errors)) <= 4 * deviation / len(errors) ** 0.5
    assert np.std(errors) == pytest.approx(deviation, rel=0.25)


@given(pages)
def test_a_sketch_counts_what_it_was_made_of(text: str) -> None:
    made = sketch(text)
    assert made.shingles == len(weighed(text)) or len(syllables(fold(text))) < SHINGLE
    assert made.signature.shape == (PERMUTATIONS,)
    assert made.signature.dtype == np.uint32
    assert same_story(made, made)
    assert (unpacked(packed(made)).signature == made.signature).all()
    assert unpacked(packed(made)).shingles == made.shingles


def test_a_sketch_is_the_same_bytes_in_every_version() -> None:
    made = sketch(f"{PARAGRAPH}\n{FORM}")
    kept = [packed(made), *(key.to_bytes(8, "little", signed=True) for key in bands(made.signature))]
    assert (
        hashlib.sha256(b"".join(kept)).hexdigest() == "68fd6345c37446a3156467b4264ddbcd9205bb8cd4598d07d1c92c92ddfd185e"
    )


def test_a_sketch_is_the_same_bytes_in_every_process() -> None:
    program = (
        "import sys; from embeddings.duplicates import *; s = sketch(sys.argv[1]);"
        "print(packed(s).hex(), *bands(s.signature))"
    )
    here = sketch(PARAGRAPH)
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", program, PARAGRAPH],
            cwd=ROOT, env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}, capture_output=True, encoding="utf-8",
            timeout=60, check=True,
        )  # fmt: skip
        assert ran.stdout.split() == [packed(here).hex(), *map(str, bands(here.signature))]


@pytest.mark.parametrize("data", [b"", b"x" * 4, packed(sketch("a"))[:-1], packed(sketch("a")) + b"x"])
def test_bytes_that_are_no_sketch_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=f"a sketch has {4 * (1 + PERMUTATIONS)} bytes, not {len(data)}"):
        unpacked(data)


def test_long_texts_are_sketched_as_their_parts_would_be() -> None:
    parts = [paragraphs(n, n + 40) for n in range(0, 400, 40)]
    ends = ["", *(" ".join(part.split()[1 - SHINGLE :]) for part in parts)]  # what crosses a border is in both
    lowest = np.min([signature(f"{end}\n{part}") for end, part in zip(ends, parts, strict=False)], axis=0)
    assert (signature("\n".join(parts)) == lowest).all()


# --- bands ---


def shared_keys(a: str, b: str) -> int:
    return len(set(bands(signature(a))) & set(bands(signature(b))))


def test_keys_are_whole_numbers_that_sqlite_keeps_and_tell_bands_apart() -> None:
    keys = bands(np.zeros(PERMUTATIONS, np.uint32))
    assert len(set(keys)) == len(keys)
    assert all(-(2**63) <= key < 2**63 for key in keys)


def test_bands_find_what_is_alike_and_rarely_what_is_not() -> None:
    reprints = [(paragraphs(n, n + 12), paragraphs(n + 2, n + 12)) for n in range(0, 2400, 12)]
    apart = [(paragraphs(n, n + 12), paragraphs(n + 10, n + 22)) for n in range(0, 2400, 12)]
    assert jaccard(*reprints[0]) > 0.7
    assert jaccard(*apart[0]) < 0.12
    assert sum(shared_keys(*pair) > 0 for pair in reprints) == len(reprints)
    assert sum(shared_keys(*pair) > 0 for pair in apart) < 0.1 * len(apart)
    assert not any(shared_keys(paragraphs(n, n + 9), paragraphs(n + 9, n + 18)) for n in range(0, 1800, 18))


@pytest.mark.parametrize("text", ["a" * 10**6, "một " * 200_000, "1.000 " * 100_000, "\ud800 \x00" * 10_000])
def test_hostile_texts_are_sketched_in_time(text: str) -> None:
    with time_limit(20):
        assert same_story(sketch(text), sketch(text))
