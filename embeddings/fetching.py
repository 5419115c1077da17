"""One document from the web, by an address that a person sent: only the public web, only so long, only so much.

Such an address may be made to reach what this machine can reach and its sender cannot (a router, a database, a
cloud's metadata). So each host is resolved once, every address found is checked, and the connection goes to the
addresses that were checked, never to the name again; each redirect passes the same gate. One deadline covers
everything, from the first look-up to the last byte. Proxies, netrc and certificates named in the environment are
not used.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus

import httpcore
import httpx

from embeddings.addresses import AS_A_FILE, MAX_ADDRESS, Refused, is_public, parsed, shown
from embeddings.console import one_line
from embeddings.errors import FetchError
from embeddings.pinning import INTERNET, Clock, Network, Pinned, checked, resolve_by_system

__all__ = [
    "INTERNET", "MAX_ADDRESS", "USER_AGENT", "Fetched", "Moved", "Network", "NotModified", "Unfetched", "Validators",
    "ask", "fetch", "is_public", "resolve_by_system",
]  # fmt: skip

USER_AGENT = "vietnamese-qa-bot"
ACCEPT_TEXT = "text/markdown, text/plain, */*;q=0.5"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ZLIB_OR_GZIP = 47  # zlib's name for "find out which of the two it is"
_LATER = f"Try again later. {AS_A_FILE}"
_LONGEST_VALIDATOR = 500  # characters; a longer one is not sent back


@dataclass(frozen=True, slots=True)
class Validators:
    """By what a server tells whether a document changed, as it named them with its answer."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value and _can_be_sent(value)}


NOTHING = Validators()
NO_CONDITIONS: Mapping[str, str] = {}


def _can_be_sent(value: str) -> bool:
    return value.isascii() and value.isprintable() and len(value) <= _LONGEST_VALIDATOR


@dataclass(frozen=True, slots=True)
class Fetched:
    """What lies at `address`, the one that all redirects led to."""

    address: str
    media_type: str  # lower case, without parameters; application/octet-stream where the server names none
    charset: str | None  # lower case, as the server names it
    data: bytes
    validators: Validators = NOTHING


@dataclass(frozen=True, slots=True)
class NotModified:
    """What lies at `address` is still what is known by these validators."""

    address: str
    validators: Validators


@dataclass(frozen=True, slots=True)
class Moved:
    """The server says to ask at `address` instead, which is well-formed but not checked further."""

    address: str


class Unfetched(FetchError):
    """An address that gives no document. The message is for whoever sent it; `reason` is the problem alone."""

    def __init__(self, message: str, reason: str, status: int | None = None, retry_after: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status  # of the answer, where there was one
        self.retry_after = retry_after  # as that answer spells it


def fetch(
    address: str,
    *,
    max_bytes: int,
    allow_private: bool = False,
    deadline: float = 20.0,
    redirects: int = 5,
    network: Network = INTERNET,
) -> Fetched:
    """The document at `address`, after at most `redirects` of them, within `deadline` seconds in all.

    `max_bytes` counts what was unpacked. `allow_private` opens the local network, and ports other than 80 and 443.
    Blocks: call it in a thread. Raises Unfetched, a FetchError, and nothing else.
    """
    request = _Request(max_bytes, allow_private, network, Clock(deadline))
    name = shown(address)
    try:
        url = parsed(address.strip())
        for _ in range(redirects + 1):
            found = request.send(url)
            if isinstance(found, Fetched):
                return found
            name = f"{shown(found)} (where {shown(address)} leads)"
            url = parsed(found, url)
    except (Refused, httpcore.TimeoutException) as error:
        raise _unfetched(name, error, deadline) from error
    reason = f"redirects more than {redirects} times"
    raise Unfetched(f"{shown(address)} {reason}. Send the address where it ends.", reason)


def ask(
    address: str,
    *,
    max_bytes: int,
    known: Validators = NOTHING,
    accept: str = ACCEPT_TEXT,
    allow_private: bool = False,
    deadline: float = 20.0,
    network: Network = INTERNET,
) -> Fetched | NotModified | Moved:
    """One request, with the same protection as `fetch`: what lies there, or that it is still what is `known`.

    A redirect is told, not followed, so that who asks can ask first whether it may. Raises Unfetched only.
    """
    request = _Request(max_bytes, allow_private, network, Clock(deadline), accept)
    name = shown(address)
    try:
        url = parsed(address.strip())
        found = request.send(url, known.headers())
        if isinstance(found, Fetched):
            return found
        name = f"{shown(found)} (where {name} leads)"
        return Moved(str(parsed(found, url)))
    except _Unchanged:
        return NotModified(str(url), known)
    except (Refused, httpcore.TimeoutException) as error:
        raise _unfetched(name, error, deadline) from error


class _Unchanged(Exception):
    """The document is what the conditions say."""


def _unfetched(name: str, error: Refused | httpcore.TimeoutException, deadline: float) -> Unfetched:
    if isinstance(error, Refused):
        return Unfetched(f"{name} {error}", error.problem, error.status, error.retry_after)
    reason = f"took longer than {deadline:g} s"
    return Unfetched(f"{name} {reason}. {_LATER}", reason)


@dataclass(frozen=True, slots=True)
class _Request:
    """What all requests on the way to one document share."""

    max_bytes: int
    allow_private: bool
    network: Network
    clock: Clock
    accept: str = ACCEPT_TEXT

    def send(self, url: httpx.URL, conditions: Mapping[str, str] = NO_CONDITIONS) -> Fetched | str:
        """The document, or where it went. Raises Refused, httpcore.TimeoutException, and _Unchanged on `conditions`."""
        addresses = checked(url, self.allow_private, self.network, self.clock)
        try:
            return self._get(url, addresses, conditions)
        except httpcore.ConnectError as error:
            cause = error.args[0] if error.args else None  # httpcore drops __cause__ on the way
            if isinstance(cause, ssl.SSLError):
                why = getattr(cause, "verify_message", "") or "no TLS"
                raise Refused(f"has no certificate that can be trusted ({why})", AS_A_FILE) from error
            raise Refused("cannot be reached", _LATER) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, zlib.error) as error:
            raise Refused("breaks off, or is not HTTP", _LATER) from error

    def _get(self, url: httpx.URL, addresses: Sequence[str], conditions: Mapping[str, str]) -> Fetched | str:
        tls = self.network.tls or (httpx.create_ssl_context(trust_env=False) if url.scheme == "https" else None)
        headers = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": USER_AGENT,
            "Accept": self.accept,
            "Accept-Encoding": "identity",
            "Connection": "close",
            **conditions,
        }
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        pinned = Pinned(self.network.backend, addresses, self.clock)
        with (
            httpcore.ConnectionPool(ssl_context=tls, network_backend=pinned) as pool,
            pool.stream("GET", target, headers=list(headers.items())) as response,
        ):
            answered = httpx.Headers(response.headers)
            if response.status in _REDIRECTS and "location" in answered:
                return answered["location"]
            if response.status == HTTPStatus.NOT_MODIFIED and conditions:
                raise _Unchanged
            if response.status != HTTPStatus.OK:
                raise Refused(
                    f"answers {_status(response.status)}",
                    f"Open it in a browser to see. {AS_A_FILE}",
                    response.status,
                    answered.get("retry-after"),
                )
            media_type, charset = _content_type(answered.get("content-type", ""))
            data = _body(response, answered, self.max_bytes)
            validators = Validators(answered.get("etag"), answered.get("last-modified"))
            return Fetched(str(url), media_type, charset, data, validators)


def _status(code: int) -> str:
    return next((f"{code} ({status.phrase})" for status in HTTPStatus if status == code), str(code))


def _content_type(header: str) -> tuple[str, str | None]:
    """(media type, charset) of such a header, as Fetched has them."""
    message = Message()
    message["content-type"] = one_line(header)
    media_type = header.partition(";")[0].strip().lower()
    charset = message.get_param("charset")
    return (
        media_type if "/" in media_type else "application/octet-stream",
        charset.strip().lower() or None if isinstance(charset, str) else None,
    )


def _body(response: httpcore.Response, headers: httpx.Headers, most: int) -> bytes:
    """All of it, unpacked where the server packs although it was asked not to."""
    too_much = Refused(f"holds more than {most / 1e6:g} MB", "Send something smaller.")
    length, coding = headers.get("content-length", ""), headers.get("content-encoding", "identity").strip().lower()
    if length.isdecimal() and int(length[:20]) > most:
        raise too_much
    if coding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise Refused("comes packed in a way that is not known", AS_A_FILE)
    unpacking = zlib.decompressobj(_ZLIB_OR_GZIP) if coding not in ("identity", "") else None
    data = bytearray()
    for chunk in response.iter_stream():
        data += chunk if unpacking is None else unpacking.decompress(chunk, most + 1 - len(data))
        if len(data) > most:
            raise too_much
    if unpacking is not None and (not unpacking.eof or unpacking.unused_data):
        raise zlib.error("not one whole stream")
    return bytes(data)
