"""Time and memory of processes, and results as JSON lines. The standard library alone: it runs in every environment.

python measuring.py FILE COMMAND …    runs COMMAND and writes its time and memory into FILE
"""

from __future__ import annotations

import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_CPU = Path("/proc/cpuinfo")
_MEMORY = {"VmRSS": "rss_mb", "RssAnon": "anonymous_mb", "RssFile": "file_mb", "VmHWM": "peak_mb"}

Row = Mapping[str, object]
"""One result: names to numbers and words."""


class Failed(Exception):
    """A measured command ended with an error; the text is its own last words."""


@dataclass(frozen=True, slots=True)
class Run:
    """A process from its start to its end."""

    seconds: float  # of the clock
    processor_seconds: float  # of all processors together
    peak_mb: float  # the most that was resident
    output: str  # standard output


def run(command: Sequence[str], *, timeout: float = 7200.0, quiet: bool = True) -> Run:
    """Run a command to its end, from the project's root. Raises Failed, also after `timeout` seconds.

    The kernel counts what the parent held before the command took its place as the command's own memory, so it is
    started by a small process and not by this one. Not `quiet`: what it says on standard error is shown as it comes.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        wrapped = [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(report), *command]
        with subprocess.Popen(
            wrapped,
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8", errors="replace",
            stderr=subprocess.PIPE if quiet else None, process_group=0,
        ) as child:  # fmt: skip
            try:
                output, words = child.communicate(timeout=timeout)
            except subprocess.TimeoutExpired as error:
                raise Failed(f"{shown(command)} took more than {timeout:.0f} s") from error
            finally:
                if child.poll() is None:
                    os.killpg(child.pid, signal.SIGKILL)
        if child.returncode:
            last = ((words or "").strip() or output.strip() or "no message").splitlines()[-1]
            raise Failed(f"{shown(command)} ended with {child.returncode}: {last}")
        measured = json.loads(report.read_text("utf-8"))
    return Run(measured["seconds"], measured["processor_seconds"], measured["peak_mb"], output)


def end_together() -> None:
    """From now on SIGTERM ends this process as Ctrl-C does: what it started ends with it."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def shown(command: Sequence[str]) -> str:
    """A command's beginning, for messages."""
    return " ".join(Path(part).name if "/" in part else part for part in command[:4])


def memory(status: str | None = None) -> dict[str, float]:
    """What this process holds in memory, in MB: all of it, what is its own, what is mapped from files, the most."""
    lines = (status or Path("/proc/self/status").read_text("utf-8")).splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return {name: round(int(fields[field].split()[0]) / 1024, 1) for field, name in _MEMORY.items() if field in fields}


def machine() -> dict[str, object]:
    """What ran here, and what else did: processor, cores, memory, load average of the last minute, day and hour."""
    lines = _CPU.read_text("utf-8").splitlines() if _CPU.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        **moment(),
    }


def moment() -> dict[str, object]:
    return {"load": round(os.getloadavg()[0], 2), "at": datetime.now(UTC).isoformat(timespec="seconds")}


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank). Raises ValueError without any."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1_000_000) * len(ordered) // 1_000_000) - 1))]


def spread(values: Sequence[float], prefix: str = "", digits: int = 2) -> dict[str, float]:
    """{prefix + "p50": …, prefix + "p95": …}"""
    return {f"{prefix}p{share}": round(percentile(values, share / 100), digits) for share in (50, 95)}


def least_and_median(values: Sequence[float]) -> tuple[float, float]:
    return min(values), statistics.median(values)


def append(file: Path, row: Row) -> None:
    """Add one result, on disk when this returns: hours of measuring must not be lost to a kill."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
        out.flush()
        os.fsync(out.fileno())


def results(file: Path) -> list[dict[str, object]]:
    """The results in a file, in order; none where it is not there. A last line that was cut off is passed over."""
    rows: list[dict[str, object]] = []
    for line in file.read_text("utf-8").splitlines() if file.is_file() else []:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def last_line(output: str) -> dict[str, object]:
    """What a measured program reports: JSON on its last line. Raises Failed when there is none."""
    try:
        row = json.loads(output.strip().splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise Failed(f"no report came, but: {output[-200:]!r}") from error
    if not isinstance(row, dict):
        raise Failed(f"no report came, but: {row!r}")
    return row


def _wrap(report: str, command: Sequence[str]) -> int:
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], list(command), os.environ)
    _, status, usage = os.wait4(pid, 0)
    measured = {
        "seconds": time.perf_counter() - started,
        "processor_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": round(usage.ru_maxrss / 1024, 1),
    }
    Path(report).write_text(json.dumps(measured), encoding="utf-8")
    return min(255, abs(os.waitstatus_to_exitcode(status)))


if __name__ == "__main__":
    sys.exit(_wrap(sys.argv[1], sys.argv[2:]))
