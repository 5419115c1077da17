"""How long things take: an unchanged rebuild, a hot question over seeds/, the first prompt.

    python -m benchmarks.latency [QUESTIONS.txt]

Prints one `name: value` a line.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from embeddings import pipeline
from embeddings.settings import Articles
from embeddings.settings import Index as IndexSection
from qa_bot.assembly import make_bot, make_encoder
from qa_bot.settings import BotSettings

ROOT = Path(__file__).parents[1]
QUESTIONS = (
    "Đảng bộ huyện Hải Hậu có bao nhiêu đảng viên?",
    "thu nhap binh quan dau nguoi o hai hau la bao nhieu",
    "Ai viết bài về Sông Lô?",
    "Phương châm 3 rõ ở Bình Liêu gồm những gì?",
    "Thời tiết Hà Nội hôm nay?",
    "Who is the Party secretary of Meo Vac district?",
)
ROUNDS = 20


def main() -> None:
    questions = Path(sys.argv[1]).read_text("utf-8").splitlines() if len(sys.argv) > 1 else list(QUESTIONS)
    with tempfile.TemporaryDirectory() as folder:
        index_dir = Path(folder) / "index"
        settings = BotSettings(articles=Articles(source=(ROOT / "seeds",)), index=IndexSection(dir=index_dir))
        encoder = make_encoder(settings)
        pipeline.build(settings, encoder)
        command = [sys.executable, "-m", "embeddings", "--source", str(ROOT / "seeds"), "--index", str(index_dir)]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        print(f"rebuild_unchanged_whole_process_s: {time.perf_counter() - started:.2f}")
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "qa_bot.cli", "ask", questions[0], "--index", str(index_dir)],
            check=True,
            capture_output=True,
        )
        print(f"ask_cold_whole_process_s: {time.perf_counter() - started:.2f}")
        bot = make_bot(settings, encoder)
        bot.ask(questions[0])
        totals: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for question in questions:
                for name, value in bot.ask(question).timings_ms.items():
                    totals.setdefault(name, []).append(value)
        for name, values in totals.items():
            values.sort()
            print(
                f"hot_question_{name}_ms: p50 {statistics.median(values):.1f} p95 {values[int(0.95 * len(values))]:.1f}"
            )
        bot.close()


if __name__ == "__main__":
    main()
