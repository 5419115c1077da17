"""Confidence fitted on one's own index: Platt scaling, learnt from questions whose answer is known.

    p' = sigmoid(slope * logit(p) + shift), and never more than p

Fitted by Newton's method under a Gaussian prior around (1, 0), and only where the confidence is too high by more than
chance explains. docs/calibration.md has the reasons, and what it brings. (Platt 1999.)
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from embeddings.errors import StorageError

FILE = "calibration.json"
VERSION = 1
_PRIOR_QUESTIONS = 30  # that the prior is worth: an index with fewer trials changes little
_INFORMATION = 0.25  # of one question on the shift, at most: p * (1 - p) at p = 0.5
_CHANCE = 2.0  # standard deviations of the number of right answers: a smaller excess is no reason to change anything
_LOGITS = 12.0  # p is kept so far from 0 and 1
_STEPS = 100  # of Newton's method; a handful is enough
_LONGEST_STEP = 1.0  # the loss is convex; shorter steps keep far beginnings from overshooting
_ENOUGH = 1e-10  # a step this short ends it
_SLOPES = (0.1, 10.0)  # the order of answers must survive
_SHIFTS = (-20.0, 0.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What an index makes of a probability; (1, 0) leaves it as it is. `warning`: why a file was not used."""

    slope: float = 1.0
    shift: float = 0.0
    warning: str | None = field(default=None, compare=False)

    def apply(self, p: float) -> float:
        """Monotone, never above `p`, 0 for 0."""
        if p <= 0 or (self.slope, self.shift) == (1.0, 0.0):
            return p
        return min(p, sigmoid(self.slope * logit(p) + self.shift))


AS_FITTED = Calibration()
"""What public questions taught, no more."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A question asked of the index: `confidence` in what would be cited, and whether that is `right`."""

    confidence: float
    right: bool
    present: bool  # the passage that it was made of was there


@dataclass(frozen=True, slots=True)
class Record:
    """The file: a calibration, and what it was learnt from."""

    version: int
    slope: float
    shift: float
    questions: int
    right: int  # of them, with the passage there
    fingerprint: str  # of the encoder
    made: str  # ISO 8601


def logit(p: float) -> float:
    if p <= 0 or p >= 1:
        return math.copysign(_LOGITS, p - 0.5)
    return max(-_LOGITS, min(_LOGITS, math.log(p / (1 - p))))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def fit(trials: Sequence[Trial]) -> Calibration:
    """What makes the confidence of these trials right on average, as far as it is too high; else (1, 0).

    Both halves count the same: nobody knows how many of people's questions have an answer, and the model that gave the
    confidence was fitted on halves too.
    """
    x = np.array([logit(trial.confidence) for trial in trials])
    p = 1 / (1 + np.exp(-x))
    y = np.array([trial.right for trial in trials], np.float64)
    if (p - y).sum() <= _CHANCE * math.sqrt((p * (1 - p)).sum()):
        return Calibration()
    slope, shift = _newton(np.column_stack([x, np.ones_like(x)]), y)
    return Calibration(_within(slope, _SLOPES), _within(shift, _SHIFTS))


def _newton(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(slope, shift) of the highest posterior; `x` (trials, 2) is logits and ones, `y` (trials,) is 0 or 1."""
    prior, precision = np.array([1.0, 0.0]), _PRIOR_QUESTIONS * _INFORMATION
    found = prior.copy()
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-x @ found))
        gradient = x.T @ (p - y) + precision * (found - prior)
        hessian = (x.T * (p * (1 - p))) @ x + precision * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        step *= min(1.0, _LONGEST_STEP / (float(np.abs(step).max()) or 1.0))
        found -= step
        if np.abs(step).max() < _ENOUGH:
            break
    return float(found[0]), float(found[1])


def _within(value: float, limits: tuple[float, float]) -> float:
    return max(limits[0], min(limits[1], value))


def load(index_dir: Path, fingerprint: str) -> Calibration:
    """The calibration of the index in `index_dir`; (1, 0) where there is none, or with a warning none of use."""
    file = index_dir / FILE
    try:
        data = json.loads(file.read_text("utf-8"))
        record = Record(**data)
        slope, shift = float(record.slope), float(record.shift)
    except FileNotFoundError:
        return Calibration()
    except (OSError, ValueError, TypeError, RecursionError):
        return Calibration(warning=f"{file} cannot be read and is not used. Make it anew: qa-bot calibrate")
    if record.version != VERSION or not (_SLOPES[0] <= slope <= _SLOPES[1] and _SHIFTS[0] <= shift <= _SHIFTS[1]):
        return Calibration(warning=f"{file} is not of this version and is not used. Make it anew: qa-bot calibrate")
    if record.fingerprint != fingerprint:
        return Calibration(warning=f"{file} is of another model and is not used. Make it anew: qa-bot calibrate")
    return Calibration(slope, shift)


def write(index_dir: Path, record: Record) -> None:
    """The old file or the new one, whatever happens meanwhile. Raises StorageError."""
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f"{FILE}-", dir=index_dir)
        temporary = Path(name)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(record), file, indent=1)
            file.write("\n")
            os.fchmod(file.fileno(), 0o644)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, index_dir / FILE)
        _sync(index_dir)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise StorageError(
            f"{index_dir / FILE} cannot be written ({error.strerror}). Check the disk and its permissions."
        ) from error


def remove(index_dir: Path) -> bool:
    """Whether there was one. Raises StorageError."""
    try:
        (index_dir / FILE).unlink()
        _sync(index_dir)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(
            f"{index_dir / FILE} cannot be removed ({error.strerror}). Check its permissions."
        ) from error
    return True


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
