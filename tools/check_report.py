"""Look at a report of `qa-bot eval --report` in a real browser: wide and narrow, light and dark.

python tools/check_report.py out.html [--pictures FOLDER]

Fails when a page is wider than its window, loads anything, cuts off a plot's words or lacks a failure of the file.
Needs Chromium or Chrome in PATH.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from embeddings.console import complain
from embeddings.errors import BotError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTHS = (1280, 390)  # a desk, a phone
SCHEMES = {"light": 1, "dark": 0}  # Blink's own numbers
TALLEST = 16000  # pixels that a picture may have
SECONDS = 120

# The page allows no script, so the one that measures stands around it.
_AROUND = """<!DOCTYPE html><style>body{margin:0}iframe{border:0;display:block;width:WIDTHpx;height:HEIGHTpx}</style>
<iframe src="report.html"></iframe><pre></pre><script>
addEventListener("load", () => {
  const inner = document.querySelector("iframe").contentWindow, page = inner.document;
  for (const folded of page.querySelectorAll("details")) folded.open = true;
  const cut = [...page.querySelectorAll("svg text")].filter(text => {
    const a = text.getBoundingClientRect(), b = text.closest("svg").getBoundingClientRect();
    return a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1;
  });
  const measured = {
    width: page.documentElement.scrollWidth,
    height: page.documentElement.scrollHeight,
    loaded: inner.performance.getEntriesByType("resource").map(entry => entry.name),
    failures: page.querySelectorAll("article.case").length,
    cut: cut.map(text => text.textContent),
  };
  if (!FOLDED) document.querySelector("pre").textContent = JSON.stringify(measured);
  else for (const folded of page.querySelectorAll(".case details, .group:not([id^=wrong])")) folded.open = false;
});
</script>"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Pixels; `loaded` are addresses, `cut` the words of plots that do not fit."""

    width: int
    height: int
    loaded: list[str]
    failures: int
    cut: list[str]


def main() -> int:
    parser = argparse.ArgumentParser(description="Look at a report in a real browser.")
    parser.add_argument("report", type=Path)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="where pictures of it go")
    options = parser.parse_args()
    try:
        for line in check(options.report, options.pictures):
            sys.stdout.write(line + "\n")
    except BotError as error:
        complain(f"check_report: {error}")
        return 1
    return 0


def check(report: Path, pictures: Path | None) -> list[str]:
    """A line a width. Raises BotError for what is wrong with the page, and where there is no browser or report."""
    browser = find_browser()
    try:
        html = report.read_text("utf-8")
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
    except (OSError, UnicodeDecodeError) as error:
        raise BotError(f"The report {report} cannot be looked at ({error}).") from error
    wanted = len(re.findall('<article class="case"', html))
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "report.html").write_text(html, "utf-8")
        for width in WIDTHS:
            measured = measure(browser, Path(folder), width)
            judge(measured, width, wanted)
            lines.append(
                f"{width} px: {measured.height} px long unfolded, {measured.failures} failures, nothing cut off"
            )
            if pictures is not None:
                for scheme in SCHEMES:
                    picture(browser, Path(folder), width, measured.height, scheme, pictures / f"{width}-{scheme}.png")
    return lines


def find_browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise BotError(f"No browser is in PATH ({', '.join(BROWSERS)}). Install one: apt-get install chromium")
    return found


def judge(measured: Measured, width: int, failures: int) -> None:
    """Raises BotError that names what is wrong."""
    if measured.width > width:
        raise BotError(f"At {width} pixels the page is {measured.width} wide: it would scroll sideways.")
    if measured.loaded:
        raise BotError(f"The page loads {measured.loaded[0]}; it should need nothing.")
    if measured.failures != failures:
        raise BotError(f"The browser shows {measured.failures} failures, the file holds {failures}.")
    if measured.cut:
        raise BotError(f"At {width} pixels plots cut off: {', '.join(measured.cut)}.")


def measure(browser: str, folder: Path, width: int) -> Measured:
    """With everything unfolded."""
    around(folder, width, 1000, folded=False)
    dumped = run(browser, folder, "--dump-dom", "--virtual-time-budget=5000")
    found = re.search("<pre>(.+?)</pre>", dumped)
    if found is None:
        raise BotError("The browser measured nothing. Look at the report in it by hand.")
    return Measured(**json.loads(unescape(found[1])))


def picture(browser: str, folder: Path, width: int, height: int, scheme: str, file: Path) -> None:
    height = min(height, TALLEST)
    around(folder, width, height, folded=True)
    run(
        browser, folder, f"--screenshot={file.resolve()}", f"--window-size={width},{height}", "--hide-scrollbars",
        f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
    )  # fmt: skip


def around(folder: Path, width: int, height: int, *, folded: bool) -> None:
    page = _AROUND.replace("WIDTH", f"{width}").replace("HEIGHT", f"{height}").replace("FOLDED", f"{folded}".lower())
    (folder / "around.html").write_text(page, "utf-8")


def run(browser: str, folder: Path, *options: str) -> str:
    """What the browser prints. Raises BotError."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses root in its sandbox
    common = ["--headless", "--disable-gpu", "--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}"]
    command = [browser, *common, *sandbox, *options, (folder / "around.html").as_uri()]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise BotError(f"{browser} did not show the report ({type(error).__name__}).") from error
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
