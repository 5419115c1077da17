"""What can go wrong with a Milvus server is one line that says which, what, and the cure."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures
from contextlib import closing, contextmanager
from io import StringIO
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from pydantic import SecretStr
from pymilvus.grpc_gen import common_pb2, milvus_pb2, milvus_pb2_grpc
from rich.console import Console

from embeddings import lexicon, pipeline
from embeddings.errors import ServerProblem, SettingsError
from embeddings.milvus_client import Server
from embeddings.milvus_problems import problem, too_old
from embeddings.settings import Index, IndexSettings, load
from qa_bot.answering import Answerer
from qa_bot.bot import Bot
from qa_bot.commands import handle
from qa_bot.conversation import Conversation
from qa_bot.settings import BotSettings
from tests.fakes import ROOT, HashingEncoder, write_articles
from tests.milvus_server import free_port, milvus_settings, running

ENCODER = HashingEncoder()
SECRET = "root:chuyen-la"  # noqa: S105 - of this test


class Refusing(milvus_pb2_grpc.MilvusServiceServicer):  # type: ignore[misc]
    """A server that refuses whoever asks, or is of an old version."""

    def __init__(self, version: str, refusal: str) -> None:
        self._version, self._refusal = version, refusal

    def Connect(self, _request: object, _context: object) -> object:  # noqa: N802 - gRPC's name
        return milvus_pb2.ConnectResponse(status=self._status(), server_info={"build_tags": self._version})

    def GetVersion(self, _request: object, _context: object) -> object:  # noqa: N802
        return milvus_pb2.GetVersionResponse(status=self._status(), version=self._version)

    def _status(self) -> object:
        return common_pb2.Status(code=1100 if self._refusal else 0, reason=self._refusal)


@contextmanager
def serving(servicer: Refusing) -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(2))
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def section(uri: str) -> Index:
    return Index(backend="milvus", milvus_uri=uri, milvus_timeout_seconds=2, milvus_token=SecretStr(SECRET))


def test_a_wrong_token_is_told_and_not_shown() -> None:
    with (
        serving(Refusing("v2.6.1", "auth check failure, please check username and password are correct")) as uri,
        pytest.raises(ServerProblem, match=r"refuses the token \(auth check .*QA_BOT_INDEX_MILVUS_TOKEN$") as caught,
    ):
        Server(section(uri))
    assert SECRET not in str(caught.value)


def test_a_version_without_bm25_is_told() -> None:
    with (
        serving(Refusing("v2.4.15", "")) as uri,
        pytest.raises(ServerProblem, match=r"is of version v2\.4\.15, which has no BM25 function\. Upgrade it to 2\.5"),
    ):
        Server(section(uri))


def test_nobody_at_the_address_is_told_soon() -> None:
    with pytest.raises(ServerProblem, match=r"^The Milvus server at http://127\.0\.0\.1:\d+ cannot be reached\. Start"):
        Server(section(f"http://127.0.0.1:{free_port()}"))


@pytest.mark.parametrize(
    ("version", "old"),
    [("v2.4.9", True), ("2.3.0", True), ("v2.5.0", False), ("v2.6.3-gpu", False), ("v3.0", False), ("v10.1", False),
     ("milvus_lite-3.2.2", False), ("", False)],
)  # fmt: skip
def test_versions_are_compared_as_numbers(version: str, old: bool) -> None:
    assert too_old(version) is old


@pytest.mark.parametrize(
    ("code", "said", "line"),
    [
        (100, "collection not found[collection=x]", r"has no such generation any more .*rebuild-index$"),
        (2, "Fail connecting to server on x, illegal connection params or server unavailable", r"cannot be reached\."),
        ("StatusCode.UNAVAILABLE", "failed to connect to all addresses", r"cannot be reached\."),
        ("StatusCode.DEADLINE_EXCEEDED", "", r"cannot be reached\."),
        ("StatusCode.UNAUTHENTICATED", "x", r"refuses the token"),
        (65535, "PrivilegeSearch: permission deny for u", r"refuses the token"),
        (
            1,
            "unknown index_type: 'DISKANN'\nand more",
            r"refused to index x \(unknown index_type: 'DISKANN' and more\)\.$",
        ),
        (9, "y" * 5_000, r"refused to index x \(y{160}\)\.$"),
    ],
)
def test_refusals_are_one_line(code: object, said: str, line: str) -> None:
    told = str(problem("http://a:1", "index x", code, said))
    assert "\n" not in told
    with pytest.raises(ServerProblem, match=f"^The Milvus server at http://a:1 {line}"):
        raise problem("http://a:1", "index x", code, said)


def test_an_index_that_a_server_does_not_have_is_one_line_and_what_served_goes_on(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        settings = milvus_settings(write_articles(tmp_path / "articles", 1), tmp_path, server.uri)
        odd = settings.index.model_copy(update={"milvus_vector_index": "DISKANN"})
        with pytest.raises(ServerProblem, match=r"refused to index qa_bot_sentences_000001 \(unknown index_type"):
            pipeline.build(settings.model_copy(update={"index": odd}), ENCODER)
        pipeline.build(settings, ENCODER)


# --- settings ---


def test_a_token_comes_from_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    settings = load(IndexSettings, environment={"QA_BOT_INDEX_BACKEND": "milvus", "QA_BOT_INDEX_MILVUS_TOKEN": "12345"})
    assert settings.index.milvus_token.get_secret_value() == "12345"
    assert "12345" not in f"{settings!r} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("URI", "localhost:19530", r"index\.milvus_uri = 'localhost:19530' .*write it as http://host:port"),
        ("URI", f"http://{SECRET}@host:1", r"QA_BOT_INDEX_MILVUS_TOKEN"),
        ("PREFIX", "a-b", r"index\.milvus_prefix = 'a-b' .*letters, digits and _"),
        ("VECTOR_INDEX", "FAST", r"index\.milvus_vector_index = 'FAST'"),
        ("TOKEN", "[1]", r"^Setting index\.milvus_token \("),
    ],
)
def test_wrong_settings_are_named(key: str, value: str, line: str) -> None:
    with pytest.raises(SettingsError, match=line):
        load(IndexSettings, environment={f"QA_BOT_INDEX_MILVUS_{key}": value})


# --- a conversation whose server goes and comes back ---


def test_a_server_that_goes_during_a_conversation_is_one_line_and_it_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = StringIO()
    with running(tmp_path) as server:
        built = milvus_settings(write_articles(tmp_path / "articles", 3), tmp_path, server.uri)
        pipeline.build(built, ENCODER)
        index = built.index.model_copy(update={"milvus_timeout_seconds": 3.0})
        settings = BotSettings(articles=built.articles, index=index)
        words = lexicon.load()
        with closing(Bot(settings, ENCODER, Answerer(settings.answering), words)) as bot:
            talk = Conversation(bot, lambda _: None, "en", Console(file=screen, width=200))
            handle(talk, "Huyện Mèo Vạc trồng bao nhiêu cây?")
            assert "14.500" in screen.getvalue()
            server.stop()
            handle(talk, "Huyện Sông Lô trồng bao nhiêu cây?")
            err = capsys.readouterr().err
            assert err.startswith(f"The Milvus server at {server.uri} cannot be reached. Start it, or")
            assert err.count("\n") == 1
            assert talk.running
            server.start()
            screen.truncate(screen.seek(0))
            handle(talk, "Huyện Bình Liêu trồng bao nhiêu cây?")
            assert "14.500" in screen.getvalue()
            assert capsys.readouterr().err == ""
            write_articles(tmp_path / "articles", 4)
            pipeline.build(built, ENCODER)
            handle(talk, "Huyện Bảo Thắng trồng bao nhiêu cây?")
            assert "4 articles" in screen.getvalue()
            assert bot.index.manifest.number == 2


# --- commands, as people run them ---


def run(cwd: Path, *command: str, **environment: str) -> tuple[int, str, str]:
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "en_US.UTF-8", "COLUMNS": "200", **environment}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_every_command_asks_the_server(model_cache: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_articles(home / "seeds", 2)
    with running(tmp_path) as server:
        environment = {
            "QA_BOT_INDEX_BACKEND": "milvus", "QA_BOT_INDEX_MILVUS_URI": server.uri, "XDG_CACHE_HOME": f"{tmp_path}",
            "QA_BOT_ENCODER_CACHE_DIR": str(model_cache),
        }  # fmt: skip
        code, _, err = run(home, "qa_bot.cli", "status", **environment)
        assert (code, err.count("\n")) == (1, 1)
        assert "There is no index qa_bot on http://127.0.0.1:" in err
        assert run(home, "embeddings", **environment)[0] == 0
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        for command, shown in (
            (["ask", "Huyện Sông Lô trồng bao nhiêu cây?"], "14.500"),
            (["status"], f"{server.uri} (qa_bot)"),
            (["articles"], "Huyện Mèo Vạc trồng cây đợt 2"),
            (["doctor"], "answers from generation 1: 2 articles"),
        ):
            code, out, err = run(elsewhere, "qa_bot.cli", *command, **environment)
            assert shown in out, (command, err)
            assert code == (1 if command == ["doctor"] else 0)  # there are no articles here, which the doctor minds
            assert err == ""
    code, out, err = run(elsewhere, "qa_bot.cli", "ask", "Sông Lô?", **environment)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("qa-bot: The Milvus server at http://127.0.0.1:")


def test_without_the_client_one_line_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "pymilvus.py").write_text("raise ImportError('no such thing')\n")
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    code, out, err = run(tmp_path, "qa_bot.cli", "status", QA_BOT_INDEX_BACKEND="milvus", PYTHONPATH=path)
    assert (code, out) == (1, "")
    assert err == (
        "qa-bot: index.backend is 'milvus', but its client is not installed. "
        "Install it: pip install 'vietnamese-qa-bot[milvus]'\n"
    )


def test_whoever_answers_from_a_folder_loads_no_client(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from contextlib import closing\n"
        "from embeddings import lexicon, pipeline; from qa_bot.answering import Answerer; from qa_bot.bot import Bot\n"
        "from qa_bot.settings import BotSettings; from tests.fakes import *\n"
        "made = index_settings(write_articles(Path('articles')), Path('index')); encoder = HashingEncoder()\n"
        "pipeline.build(made, encoder); settings = BotSettings(index=made.index)\n"
        "bot = Bot(settings, encoder, Answerer(settings.answering), lexicon.load()); bot.ask('Sông Lô?'); bot.close()\n"
        "assert not {'pymilvus', 'grpc'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
