"""The words and patterns by which people say when, from [periods] of config/vietnamese.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TypeVar

from embeddings.vietnamese import fold, normalize
from qa_bot.understanding.folding import alternatives, listed

_Value = TypeVar("_Value", str, int)


@dataclass(frozen=True, slots=True, eq=False)
class PeriodWords:
    """See [periods] of config/vietnamese.toml, which says what each list is for. Phrases as written, normalised."""

    years: tuple[str, ...]
    months: tuple[str, ...]
    days: tuple[str, ...]
    quarters: tuple[str, ...]
    begins: tuple[str, ...]
    ends: tuple[str, ...]
    now: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    within: tuple[str, ...]
    decades: tuple[str, ...]
    every: tuple[str, ...]
    several: tuple[str, ...]
    souths: tuple[str, ...]
    terms: tuple[str, ...]
    documents: tuple[str, ...]
    counting: tuple[str, ...]
    counted: tuple[str, ...]
    amounts: tuple[str, ...]
    articles: tuple[str, ...]
    not_articles: tuple[str, ...]
    publishing: tuple[str, ...]
    links: tuple[str, ...]
    newest: tuple[str, ...]
    parts: dict[str, str]  # phrase -> "early", "middle", "late", "first half" or "second half"
    relative: dict[str, str]  # phrase -> unit and how many of them away: "month -1"
    month_names: dict[str, int]
    english_months: dict[str, int]

    @classmethod
    def of(cls, table: Mapping[str, object]) -> PeriodWords:
        """Raises KeyError, TypeError or ValueError where `table` lacks a list or holds something else in its place."""
        numbers = {name: _values(table[name], int) for name in ("month_names", "english_months")}
        said = {name: _values(table[name], str) for name in ("parts", "relative")}
        if not all(re.fullmatch(r"(day|week|month|quarter|year) -?\d", away) for away in said["relative"].values()):
            raise ValueError("[periods] relative: a unit and a count, like 'month -1'")
        lists = [field.name for field in fields(cls) if field.name not in {*numbers, *said}]
        return cls(**{name: listed(table[name]) for name in lists}, **numbers, **said)  # type: ignore[arg-type]


def _values(value: object, kind: type[_Value]) -> dict[str, _Value]:
    if not isinstance(value, dict) or not all(isinstance(said, kind) for said in value.values()):
        raise TypeError(f"a table of {kind.__name__}, not {value!r}")
    return {normalize(phrase): said for phrase, said in value.items()}


@dataclass(frozen=True, slots=True)
class Grammar:
    words: PeriodWords
    rules: tuple[re.Pattern[str], ...]  # moments; a later one is for what the earlier leave
    bare: re.Pattern[str]  # a year without the word
    opening: re.Pattern[str]
    onward: re.Pattern[str]
    until_now: re.Pattern[str]
    skipped: re.Pattern[str]
    only_day: re.Pattern[str]
    counted: re.Pattern[str]
    amount: re.Pattern[str]
    newest: re.Pattern[str]
    spelled: frozenset[str]  # every word of the lists, with its diacritics
    relative: dict[str, tuple[str, str]]  # folded -> as written, unit and count
    parts: dict[str, str]
    months: dict[str, int]


@lru_cache(maxsize=4)
def grammar_of(words: PeriodWords) -> Grammar:
    year, month, day = (alternatives(names) for names in (words.years, words.months, words.days))
    y, n = r"(?P<y>1\d{3}|20\d\d)(?![.,]?\d)", r"\d{1,2}(?!\d)"
    recent = r"(?P<y>(?:19|20)\d\d)(?![.,]?\d)"
    yearly = alternatives(phrase for phrase, away in words.relative.items() if away.startswith("year"))
    tail = rf"(?:(?: ?[/.-] ?|,? )(?:(?:{year}|{alternatives(words.within)}) )?{y}|,? (?P<r>{yearly}))(?!\w)"
    named, english = alternatives(words.month_names), alternatives(words.english_months)
    part = rf"(?:(?P<p>{alternatives(words.parts)})[ -])"
    numbered = rf"(?P<m>{n}|(?:{named})(?!\w))"
    rules = (
        r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)",
        rf"(?:(?:{day}) )?(?P<d>{n})(?P<s> ?[/.-] ?)(?P<m>{n})(?P=s){y}(?![/-]\d)",
        rf"(?:(?:{day}) )?(?P<d>{n}) (?:{month}) {numbered}{tail}",
        rf"(?:{day}) (?P<d>{n})(?: (?:{month}) | ?[/-] ?)(?P<m>{n})(?![/-]\d)",
        rf"(?P<d>{n})(?:st|nd|rd|th)?(?: of)? (?P<e>{english}),? {y}",
        rf"(?P<e>{english}) (?P<d>{n})(?:st|nd|rd|th)?,? {y}",
        rf"(?P<n>{n}) (?:{month})s? {part}(?:(?:{year}) {y}|(?P<r>{yearly})(?!\w))",
        rf"{part}?(?:{month}) {numbered}{tail}",
        rf"{part}?(?:{month}) (?P<m>{n})(?![/.,-]?\d)(?P<monthly>)",
        rf"{part}?(?P<m>{n}) ?[/-] ?{recent}(?![/-]\w)",
        rf"{part}?(?P<e>{english}){tail}",
        rf"(?:(?:{alternatives(words.quarters)}) |q)(?P<q>iv|i{{1,3}}|[1-4])(?!\w)(?:{tail})?",
        rf"(?:{alternatives(words.decades)}) (?P<c>(?:19|20)?\d0)s?(?![\w/-])|(?P<c2>(?:19|20)\d0)s(?!\w)",
        rf"(?:(?:{year}) )?{recent} ?- ?(?:(?P<z>(?:19|20)\d\d)(?![\d/-])|(?P<now>{alternatives(words.now)})(?!\w))",
        rf"{part}?(?:{year}) {y}(?P<yearly>)",
        rf"{part}(?:of )?{recent}",
        rf"{part}?(?P<r>{alternatives(words.relative)})(?!\w)(?P<yearly>)",
    )
    openings = {"from": words.begins, "before": words.before, "after": words.after, "in": words.within}
    opening = "|".join(f"(?P<{name}>{alternatives((*phrases,))})" for name, phrases in openings.items())
    lists = [getattr(words, field.name) for field in fields(words)]
    now, starts = alternatives(words.now), alternatives(words.begins)
    range_end = rf"(?: ?-| (?:{alternatives(words.ends)})) ?(?:(?:{year}) )?\d{{4}}"
    return Grammar(
        words=words,
        rules=tuple(map(re.compile, rules)),
        bare=re.compile(rf"{recent}(?![/-]\w)(?P<unsure>)"),
        opening=re.compile(rf"(?:{opening}) "),
        onward=re.compile(rf" ?- ?(?=\d)| (?:{alternatives(words.ends)}) "),
        until_now=re.compile(rf"(?: ?- ?| (?:{alternatives(words.ends)}) )(?:{alternatives(words.now)})(?!\w)"),
        skipped=re.compile(
            # 22-nq/tw and 03/2021/qd-ttg; a telephone; "nghị định 15/2020"; a term of office
            rf"(?!\d{{4}} ?-(?:{now})(?!\w))\d+(?:[/-]\d+)*[/-][a-z]\w*(?:[/-]\w+)*"
            rf"|(?:\+\d|0)\d{{1,4}}(?:[ .-]\d{{2,4}}){{2,4}}(?![\d/-])(?<![ .-](?:19|20)\d\d)"
            rf"|(?:{alternatives(words.documents)}) (?:so )?\d{{1,3}}(?:/\d{{4}})?(?![\w/-])"
            rf"|(?:{alternatives(words.terms)})(?: (?!{year})[^\W\d]+){{0,3}} ?\(?"
            rf"(?:(?<= )(?:{starts}) (?:(?:{year}) )?)?\d{{4}}(?:{range_end})?"
        ),
        only_day=re.compile(rf"(?:(?:{day}) )?(?P<d>{n})(?= ?-| (?:{alternatives(words.ends)}) )"),
        amount=re.compile(rf" ?(?:%|(?:{alternatives(words.amounts)})(?!\w))"),
        counted=re.compile(rf" ?(?:%|(?:{alternatives(words.counted)})(?!\w))"),
        newest=re.compile(rf"(?<!\w)(?:{alternatives(words.newest)})(?!\w)"),
        spelled=frozenset(word for phrases in lists for phrase in phrases for word in phrase.split()),
        relative={fold(phrase): (phrase, away) for phrase, away in words.relative.items()},
        parts={fold(phrase): place for phrase, place in words.parts.items()},
        months={fold(name): m for name, m in {**words.english_months, **words.month_names}.items()},
    )
