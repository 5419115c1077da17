"""The settings of articles, chunking, embedding model and index; parsed once, passed on by section.

Order of precedence: the defaults below, the file (config/qa-bot.toml), environment variables
`QA_BOT_<SECTION>_<KEY>`. config/qa-bot.toml says what each is for; a test holds the two together.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from embeddings.errors import SettingsError
from embeddings.web_settings import WebSettings

DEFAULT_FILE = Path("config/qa-bot.toml")
ENVIRONMENT_PREFIX = "QA_BOT_"
_SECRET = re.compile("token|secret")
ANSWERING_SECTIONS = frozenset({"retrieval", "answering", "telegram", "state"})
"""Sections of the same file that the question side reads (qa_bot.settings); known here so that a typo is seen."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Articles(Section):
    source: tuple[Path, ...] = (Path("seeds"),)
    ignore: tuple[str, ...] = (".*", "README*")
    max_megabytes: float = Field(20.0, gt=0)
    max_export_megabytes: float = Field(2000.0, gt=0)
    word_lists: Path | None = None

    @field_validator("source", "ignore", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class Exports(Section):
    """Names of fields in JSON and CSV files, tried in order before those that are known anyway."""

    id: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    abstract: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    section: tuple[str, ...] = ()
    url: tuple[str, ...] = ()

    @field_validator("*", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    def names(self) -> dict[str, tuple[str, ...]]:
        """{our name: names there} of those that are set."""
        return {name: names for name, names in self if names}


class Readers(Section):
    seconds: float = Field(60.0, gt=0)
    megabytes: int = Field(512, ge=64)


class Web(WebSettings):
    addresses: tuple[str, ...] = ()

    @field_validator("addresses", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("addresses")
    @classmethod
    def _on_the_web(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not address.casefold().startswith(("http://", "https://")):
                raise ValueError(f"{address!r} is no address; it must begin with https:// or http://")
        return value


class Chunking(Section):
    min_syllables: int = Field(60, ge=1)
    max_syllables: int = Field(200, ge=20)
    min_sentence_syllables: int = Field(5, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_syllables > self.max_syllables:
            raise ValueError("min_syllables is greater than max_syllables")
        return self


class Encoder(Section):
    model: str = "bundled"
    preset: Literal["auto", "e5", "bge-m3", "plain"] = "auto"
    query_prefix: str | None = None
    passage_prefix: str | None = None
    max_tokens: int = Field(512, ge=16)
    batch_size: int = Field(32, ge=1)
    context: bool = True
    cache_dir: Path | None = None


class Index(Section):
    dir: Path = Path("index")
    keep_generations: int = Field(2, ge=2)
    writer_megabytes: int = Field(64, ge=15)
    exact_sentences: int = Field(10_000, ge=0)
    backend: Literal["faiss", "milvus"] = "faiss"
    milvus_uri: str = "http://127.0.0.1:19530"
    milvus_token: SecretStr = SecretStr("")
    milvus_prefix: str = "qa_bot"
    milvus_timeout_seconds: float = Field(5.0, gt=0)
    milvus_build_minutes: float = Field(60.0, gt=0)
    milvus_vector_index: Literal["auto", "FLAT", "HNSW", "IVF_RABITQ", "DISKANN"] = "auto"
    milvus_shards: int = Field(1, ge=1, le=16)
    milvus_replicas: int = Field(1, ge=1)
    milvus_cache_dir: Path | None = None

    @field_validator("milvus_token", mode="before")
    @classmethod
    def _text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) else value  # digits in the environment are read as a number

    @field_validator("milvus_uri")
    @classmethod
    def _address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/@]+/?", value):
            raise ValueError("write it as http://host:port; who asks goes into QA_BOT_INDEX_MILVUS_TOKEN")
        return value

    @field_validator("milvus_prefix")
    @classmethod
    def _name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", value):
            raise ValueError("Milvus takes letters, digits and _ in names, a letter or _ first, here at most 100")
        return value


class Terminal(Section):
    language: Literal["auto", "vi", "en"] = "auto"
    history_file: Path | None = None


class IndexSettings(BaseModel):
    """What `rebuild-index` needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    articles: Articles = Articles()
    exports: Exports = Exports()
    readers: Readers = Readers()
    web: Web = Web()
    chunking: Chunking = Chunking()
    encoder: Encoder = Encoder()
    index: Index = Index()
    terminal: Terminal = Terminal()


S = TypeVar("S", bound=BaseModel)


def load(model: type[S], file: Path | None = None, environment: Mapping[str, str] = os.environ) -> S:
    """Settings of `model` from `file` (default: config/qa-bot.toml, where it exists) and the environment.

    Raises SettingsError that names the setting, where it stands, and the nearest valid one.
    """
    path = file or DEFAULT_FILE
    values = _read(path) if file is not None or path.is_file() else {}
    sections = set(model.model_fields)
    for name in values:
        if name not in sections | ANSWERING_SECTIONS:
            raise SettingsError(_unknown(f"section [{name}]", str(path), name, sections | ANSWERING_SECTIONS))
    values = {name: value for name, value in values.items() if name in sections}
    _check_keys(model, values, str(path))
    for section, keys in _from_environment(model, environment).items():
        values[section] = {**values.get(section, {}), **keys}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_first_problem(error, path)) from error


def default_cache_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Where unpacked models are kept unless `encoder.cache_dir` says otherwise: the user's cache folder."""
    base = environment.get("XDG_CACHE_HOME") or (Path.home() / ".cache")
    return Path(base) / "qa-bot"


def language(setting: str, environment: Mapping[str, str] = os.environ) -> Literal["vi", "en"]:
    """The language to speak: as set, else English where the locale is English, else Vietnamese."""
    if setting in ("vi", "en"):
        return "en" if setting == "en" else "vi"
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return "en" if locale.casefold().startswith("en") else "vi"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read ({error.strerror}). Check --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} is not valid TOML: {error}.") from error


def _check_keys(model: type[BaseModel], values: Mapping[str, Any], where: str) -> None:
    for section, keys in values.items():
        valid = _keys_of(model, section)
        if not isinstance(keys, dict):
            raise SettingsError(f"{section!r} in {where} is a section; write [{section}] and its settings below it.")
        for key in keys:
            if key not in valid:
                raise SettingsError(_unknown(f"setting {section}.{key}", where, key, valid))


def _from_environment(model: type[BaseModel], environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """{section: {key: value}}; a value that is JSON (a list, a number) counts as such."""
    found: dict[str, dict[str, Any]] = {}
    names = {f"{ENVIRONMENT_PREFIX}{s}_{k}".upper(): (s, k) for s in model.model_fields for k in _keys_of(model, s)}
    sections = tuple(f"{ENVIRONMENT_PREFIX}{section}_".upper() for section in model.model_fields)
    for name, text in environment.items():
        if name in names:
            section, key = names[name]
            try:
                found.setdefault(section, {})[key] = json.loads(text)
            except ValueError:
                found.setdefault(section, {})[key] = text
        elif name.startswith(sections):
            raise SettingsError(_unknown(f"setting {name}", "the environment", name, names))
    return found


def _keys_of(model: type[BaseModel], section: str) -> list[str]:
    return list(type(model.model_fields[section].default).model_fields)


def _unknown(what: str, where: str, name: str, valid: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(valid), n=1, cutoff=0.0)
    return f"Unknown {what} in {where}. Did you mean {near[0]!r}?"


def _first_problem(error: ValidationError, path: Path) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"][:2])
    value = first.get("input")
    # A section as a whole, and whatever may be a secret, is not shown.
    shown = "" if isinstance(value, dict) or _SECRET.search(name) else f" = {value!r}"
    return f"Setting {name}{shown} ({path} or the environment): {first['msg']}."
