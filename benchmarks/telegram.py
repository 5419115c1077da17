"""How quick, how steady and how faithful the Telegram bot is, over real HTTP with a Bot API server of our own.

    python -m benchmarks.telegram [latency] [sustained] [overload] [limits] [kills] [--seconds 60] [--kills 200]

Without a name, all of them. Prints one `name: value` a line. The bot is `qa-bot telegram`, a process of its own, over
an index of seeds/ and with the bundled model; the server and whoever asks share the machine with it. `kills` uses a
hashing encoder in place of the model, which makes a start quick and changes nothing about what is kept.

latency     10 messages a second from 50 chats, Telegram's limits enforced: from serving an update to its answer
sustained   as many questions as are answered at once, Telegram's limits lifted: answers a second, memory
overload    ten times that: goodput against its peak, who was refused and told, memory
limits      more questions than Telegram's limits allow, limits enforced: answers a second, violations
kills       kill -9 again and again: lost, doubled, out of order
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.latency import QUESTIONS
from embeddings.vietnamese import fold
from tests.bot_api import BotApi, Event, Limits, Person
from tests.telegram_process import REAL, Process, running

ROOT = Path(__file__).parents[1]
OPENINGS = (
    "",
    "Cho hỏi",
    "Bạn ơi",
    "Mình muốn biết",
    "Ad cho em hỏi",
    "Giúp mình với:",
    "Xin hỏi",
    "Cho mình hỏi chút,",
)
UNLIMITED = Limits(enforce=False)
FIGURES = 60.0  # seconds of a measurement unless --seconds says otherwise
RATE = 10.0  # messages a second
CHATS = 50
CROWD = 400  # chats of the heavy measurements: each may get one message a second
WARM_UP = 20  # questions before anything is measured
QUICK_SETTINGS = {"TELEGRAM_MESSAGES_PER_SECOND": "1000"}
DEEP = 100  # questions that wait, while the bot is kept busy

_numbers = itertools.count()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *MEASUREMENTS], metavar="NAME")
    parser.add_argument("--seconds", type=float, default=FIGURES)
    parser.add_argument("--kills", type=int, default=200)
    options = parser.parse_args()
    for name in options.names or MEASUREMENTS:
        MEASUREMENTS[name](options)


def question() -> str:
    """One that was not asked before: the same with another opening, other case, without diacritics, and a number."""
    number = next(_numbers)
    text = QUESTIONS[number % len(QUESTIONS)]
    opening = OPENINGS[number // len(QUESTIONS) % len(OPENINGS)]
    text = f"{opening} {text}".strip()
    if number // (len(QUESTIONS) * len(OPENINGS)) % 2:
        text = fold(text)
    return f"{text} ({number})"


@contextmanager
def served(limits: Limits, **settings: str) -> Iterator[tuple[BotApi, Process]]:
    """A warm bot over seeds/."""
    with tempfile.TemporaryDirectory() as name, BotApi(limits=limits) as api:
        folder = Path(name)
        build = [str(Path(REAL[0]).parent / "rebuild-index"), "--source", str(ROOT / "seeds")]
        subprocess.run([*build, "--index", str(folder / "index")], check=True, capture_output=True, cwd=folder)
        with running(
            api, folder, {"TELEGRAM_ACCESS": "open", "TELEGRAM_QUESTIONS_PER_MINUTE": "6000", **settings}, REAL
        ) as bot:
            for number in range(WARM_UP):
                api.wait_answer(api.say(Person(9_000_000 + number, "Khởi động"), question()), 60)
            yield api, bot


def people(count: int) -> list[Person]:
    return [Person(1000 + number, f"Người {number}") for number in range(count)]


def latency(options: argparse.Namespace) -> None:
    with served(Limits()) as (api, bot):
        before = len(api.latencies())
        askers, asked = people(CHATS), []
        generator = random.Random(7)  # noqa: S311 - no secret
        started = time.perf_counter()
        for number in range(int(options.seconds * RATE)):
            # One asker after the other, at uneven moments: no chat asks twice in a second, which Telegram would not let
            # the bot answer in time.
            at = started + (number + generator.random()) / RATE
            time.sleep(max(0.0, at - time.perf_counter()))
            asked.append(api.say(askers[number % CHATS], question()))
        answered_all(api, asked, 30)
        milliseconds = sorted(1000 * seconds for seconds in api.latencies()[before:])
        show("latency_messages", len(asked))
        show("latency_ms", percentiles(milliseconds))
        show("latency_violations", len(api.violations))
        show("latency_memory_mb", round(bot.memory_mb()))


def sustained(options: argparse.Namespace) -> None:
    with served(UNLIMITED, **QUICK_SETTINGS) as (api, bot):
        memory = [bot.memory_mb()]
        rate, _ = keep_busy(api, options.seconds, lambda: memory.append(bot.memory_mb()))
        show("sustained_answers_per_second", round(rate, 1))
        show("sustained_memory_mb", f"{memory[0]:.0f} at first, {memory[-1]:.0f} at last, {max(memory):.0f} at most")


def overload(options: argparse.Namespace) -> None:
    settings = {**QUICK_SETTINGS, "TELEGRAM_MAX_WAITING": str(DEEP)}
    with served(UNLIMITED, **settings) as (api, bot):
        peak, _ = keep_busy(api, options.seconds / 2)
        show("overload_peak_answers_per_second", round(peak, 1))
        drained(api)
        first = bot.memory_mb()
        askers = people(CROWD)
        events: list[Event] = []
        before, load = answers(api), 10 * peak
        started = time.perf_counter()
        while (now := time.perf_counter()) < started + options.seconds:
            if len(events) < (now - started) * load:
                events.append(api.say(askers[len(events) % CROWD], question()))
            else:
                time.sleep(0.001)
        goodput = (answers(api) - before) / (time.perf_counter() - started)
        show("overload_asked_per_second", round(len(events) / options.seconds, 1))
        show("overload_answers_per_second", round(goodput, 1))
        show("overload_share_of_peak", round(goodput / peak, 3))
        drained(api, 120)
        notices = [call for call in api.calls_of("sendMessage") if "chưa trả lời" in str(call.params.get("text"))]
        show("overload_notices", len(notices))
        told = {call.chat_id for call in notices}
        show("overload_chats_without_any_reply", len({e.chat_id for e in events} - told - answered_chats(api)))
        show("overload_memory_mb", f"{first:.0f} before, {bot.memory_mb():.0f} after")


def limits(options: argparse.Namespace) -> None:
    with served(Limits()) as (api, _bot):
        rate, _ = keep_busy(api, options.seconds)
        show("limits_answers_per_second", round(rate, 1))
        show("limits_violations", len(api.violations))


def kills(options: argparse.Namespace) -> None:
    from tests.telegram_kills import kill_run

    with tempfile.TemporaryDirectory() as name:
        outcome = kill_run(options.kills, 11, Path(name))
    show("kills", outcome)


MEASUREMENTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "latency": latency, "sustained": sustained, "overload": overload, "limits": limits, "kills": kills,
}  # fmt: skip


def keep_busy(api: BotApi, seconds: float, each_second: Callable[[], object] = lambda: None) -> tuple[float, int]:
    """(answers a second, questions) while about DEEP questions wait at any time. The first tenth is not counted."""
    askers, asked, began = people(CROWD), 0, time.perf_counter()
    counted_from, start_answers, tick = began + seconds / 10, 0, began
    base = answers(api)
    while (now := time.perf_counter()) < began + seconds:
        done = answers(api) - base
        if now < counted_from:
            start_answers, start = done, now
        if now > tick:
            each_second()
            tick += 1
        if asked - done < DEEP:
            api.say(askers[asked % CROWD], question())
            asked += 1
        else:
            time.sleep(0.002)
    return (answers(api) - base - start_answers) / (time.perf_counter() - start), asked


def answers(api: BotApi) -> int:
    return len(api.latencies())


def answered_all(api: BotApi, asked: list[Event], timeout: float) -> None:
    numbers = [event.update_id for event in asked]
    api.wait(lambda: all(api.reply_counts().get(number) for number in numbers), timeout)


def answered_chats(api: BotApi) -> set[int | None]:
    return {call.chat_id for call in api.calls_of("sendMessage") if call.outcome == "ok"}


def drained(api: BotApi, timeout: float = 60) -> None:
    """Wait until nothing more is sent for two seconds."""
    last, since, until = -1, time.monotonic(), time.monotonic() + timeout
    while time.monotonic() < until and time.monotonic() - since < 2:
        if (now := answers(api)) != last:
            last, since = now, time.monotonic()
        time.sleep(0.1)


def percentiles(values: list[float]) -> str:
    shown = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    parts = [f"{name} {values[min(len(values) - 1, int(share * len(values)))]:.1f}" for name, share in shown.items()]
    return ", ".join([*parts, f"max {values[-1]:.1f}", f"mean {statistics.mean(values):.1f}"])


def show(name: str, value: object) -> None:
    print(f"{name}: {value}", flush=True)


if __name__ == "__main__":
    main()
