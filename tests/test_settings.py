"""Settings are parsed once; a mistake is named with its cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings import lexicon
from embeddings.errors import SettingsError
from embeddings.settings import IndexSettings, default_cache_dir, language, load


def loaded(text: str, tmp_path: Path, **environment: str) -> IndexSettings:
    file = tmp_path / "qa-bot.toml"
    file.write_text(text, "utf-8")
    return load(IndexSettings, file, environment)


def test_the_file_overrides_the_defaults_and_the_environment_both(tmp_path: Path) -> None:
    text = "[chunking]\nmin_syllables = 30\nmax_syllables = 90\n[index]\ndir = 'x'\n"
    settings = loaded(text, tmp_path, QA_BOT_CHUNKING_MAX_SYLLABLES="120", QA_BOT_ARTICLES_SOURCE='["a", "b"]')
    assert (settings.chunking.min_syllables, settings.chunking.max_syllables) == (30, 120)
    assert settings.index.dir == Path("x")
    assert settings.articles.source == (Path("a"), Path("b"))
    assert settings.encoder == IndexSettings().encoder


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(IndexSettings, environment={}) == IndexSettings()


def test_a_text_from_the_environment_need_not_be_json(tmp_path: Path) -> None:
    settings = loaded("", tmp_path, QA_BOT_ENCODER_QUERY_PREFIX="hỏi: ", QA_BOT_INDEX_DIR="/a b/c")
    assert (settings.encoder.query_prefix, settings.index.dir) == ("hỏi: ", Path("/a b/c"))


def test_sections_of_the_question_side_are_left_to_it(tmp_path: Path) -> None:
    assert loaded("[retrieval]\nanything = 1\n[answering]\nx = 2\n", tmp_path) == IndexSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[chunkin]\n", r"Unknown section \[chunkin\] in .*qa-bot\.toml\. Did you mean 'chunking'\?"),
        (
            "[chunking]\nmax_sylables = 3\n",
            r"Unknown setting chunking\.max_sylables in .*Did you mean 'max_syllables'\?",
        ),
        ("batch_size = 3\n", r"Unknown section \[batch_size\]"),
        ("encoder = 3\n", r"'encoder' in .* is a section; write \[encoder\]"),
        ("[chunking]\nmin_syllables = 'many'\n", r"Setting chunking\.min_syllables = 'many' .*valid integer"),
        ("[chunking]\nmin_syllables = 0\n", r"Setting chunking\.min_syllables = 0 .*greater than or equal to 1"),
        ("[chunking]\nmin_syllables = 300\n", r"min_syllables is greater than max_syllables"),
        ("[encoder]\npreset = 'e6'\n", r"Setting encoder\.preset = 'e6' .*'e5', 'bge-m3' or 'plain'"),
        ("[index]\nkeep_generations = 1\n", r"keep_generations = 1 .*greater than or equal to 2"),
        ("[articles\n", r"qa-bot\.toml is not valid TOML"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        loaded(text, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_wrong_value_in_the_environment_is_named_too(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"encoder\.batch_size = 'viel' .*environment"):
        loaded("", tmp_path, QA_BOT_ENCODER_BATCH_SIZE="viel")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.toml", r"cannot be read \(No such file"),
        ("latin.toml", "is not valid TOML"),
        (".", r"cannot be read \(Is a directory"),
    ],
)
def test_a_settings_file_that_cannot_be_read_is_named(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"# \xff\n")
    with pytest.raises(SettingsError, match=message):
        load(IndexSettings, tmp_path / name, {})


@pytest.mark.parametrize(
    ("setting", "environment", "spoken"),
    [
        ("vi", {"LANG": "en_US.UTF-8"}, "vi"),
        ("en", {"LANG": "vi_VN.UTF-8"}, "en"),
        ("auto", {"LANG": "en_US.UTF-8"}, "en"),
        ("auto", {"LC_ALL": "vi_VN", "LANG": "en_US.UTF-8"}, "vi"),
        ("auto", {"LC_ALL": "", "LANG": "en_GB"}, "en"),
        ("auto", {"LANG": "C.UTF-8"}, "vi"),
        ("auto", {}, "vi"),
    ],
)
def test_the_language_is_the_set_one_or_the_locales(setting: str, environment: dict[str, str], spoken: str) -> None:
    assert language(setting, environment) == spoken


def test_models_are_kept_in_the_users_cache_folder() -> None:
    assert default_cache_dir({"XDG_CACHE_HOME": "/x"}) == Path("/x/qa-bot")
    assert default_cache_dir({}) == Path.home() / ".cache/qa-bot"


@pytest.mark.parametrize(
    "change",
    [
        ("[pages]", "[page]"),
        ("place_heads = [", "place_heads = 3\nother = ["),
        ("[sentences]\n", "[sentences\n"),
        ('"tp"', "7"),
    ],
)
def test_word_lists_that_cannot_be_used_are_one_line(change: tuple[str, str], tmp_path: Path) -> None:
    shipped = lexicon.shipped_file().read_text("utf-8")
    assert change[0] in shipped
    file = tmp_path / "vietnamese.toml"
    file.write_text(shipped.replace(*change, 1), "utf-8")
    with pytest.raises(SettingsError, match=r"cannot be used as word lists \(.*Compare it with"):
        lexicon.load(file)


def test_one_source_may_be_written_without_a_list() -> None:
    assert load(IndexSettings, None, {"QA_BOT_ARTICLES_SOURCE": "/data"}).articles.source == (Path("/data"),)


def test_a_misspelt_environment_variable_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"QA_BOT_INDEX_DIRR.*'QA_BOT_INDEX_DIR'"):
        load(IndexSettings, None, {"QA_BOT_INDEX_DIRR": "x"})
