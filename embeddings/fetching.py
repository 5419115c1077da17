"""One document from the web, by an address that a person sent: only the public web, only so long, only so much.

Such an address may be made to reach what this machine can reach and its sender cannot (a router, a database, a
cloud's metadata). So each host is resolved once, every address found is checked, and the connection goes to the
addresses that were checked, never to the name again; each redirect passes the same gate. One deadline covers
everything, from the first look-up to the last byte. Proxies, netrc and certificates named in the environment are
not used.
"""

from __future__ import annotations

import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus

import httpcore
import httpx

from embeddings.console import one_line
from embeddings.errors import FetchError

USER_AGENT = "vietnamese-qa-bot"
MAX_ADDRESS = 2048  # characters; what browsers and servers agree on
_PORTS = (80, 443)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SHOWN = 100  # characters of an address in a message
_ZLIB_OR_GZIP = 47  # zlib's name for "find out which of the two it is"
_AS_A_FILE = "Send the text as a file instead."

# What is not the public web, after the IANA registries of special-purpose addresses; 168.63.129.16 is public by its
# number, and the inside of Microsoft's cloud. Of IPv6 only what is assigned as global unicast is reached, without the
# ranges in it that carry IPv4 addresses (Teredo, 6to4) or belong to protocols and documentation. NAT64 lies outside.
_FORBIDDEN_V4 = tuple(map(ipaddress.IPv4Network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
    "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
)))  # fmt: skip
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_FORBIDDEN_V6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_LOCAL_NAMES = (
    ".localhost", ".localdomain", ".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".private",
    ".home.arpa", ".metadata.goog",
)  # fmt: skip
_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_LOOKS_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")  # read as IPv4 by browsers and resolvers: 127.1, 0x7f.1
_USER_INFO = re.compile(r"//[^/?#]*@")

Resolve = Callable[[str, int], Sequence[str]]
"""From a host's name and a port to IP addresses as text, the ones to try first coming first. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What lies at `address`, the one that all redirects led to."""

    address: str
    media_type: str  # lower case, without parameters; application/octet-stream where the server names none
    charset: str | None  # lower case, as the server names it
    data: bytes


def resolve_by_system(host: str, port: int) -> list[str]:
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


@dataclass(frozen=True, slots=True)
class Network:
    """How hosts are found and reached, and whose certificates count (None: the authorities that httpx ships)."""

    resolve: Resolve = resolve_by_system
    backend: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)
    tls: ssl.SSLContext | None = None


INTERNET = Network()


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
    Blocks: call it in a thread. Raises FetchError, and nothing else.
    """
    clock = _Clock(deadline)
    name = _shown(address)
    try:
        url = _parsed(address.strip())
        for _ in range(redirects + 1):
            found = _get(url, _addresses(url, allow_private, network, clock), max_bytes, network, clock)
            if isinstance(found, Fetched):
                return found
            name = f"{_shown(found)} (where {_shown(address)} leads)"
            url = _parsed(found, url)
    except _Refused as refused:
        raise FetchError(f"{name} {refused}") from refused.__cause__
    except httpcore.TimeoutException as error:
        raise FetchError(f"{name} took longer than {deadline:g} s. Try again later. {_AS_A_FILE}") from error
    raise FetchError(f"{_shown(address)} redirects more than {redirects} times. Send the address where it ends.")


def is_public(address: str) -> bool:
    """Whether an IP address, as text, belongs to the public web. What is no such address does not."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _FORBIDDEN_V4)
    return ip in _GLOBAL_V6 and ip.scope_id is None and not any(ip in network for network in _FORBIDDEN_V6)


class _Refused(Exception):
    """Says what is wrong with an address and the cure, after its name."""


class _Clock:
    """Runs out once, for everything that is done by it."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, more than 0. Raises httpcore.TimeoutException when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.TimeoutException
        return left


def _shown(address: str) -> str:
    """An address for a message: no password, nothing that steers a terminal, not long."""
    text = one_line(_USER_INFO.sub("//", address[: MAX_ADDRESS + 1]))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _parsed(address: str, base: httpx.URL | None = None) -> httpx.URL:
    """An http or https address with a host in plain form, without user, port zero, or fragment."""
    if len(address) > MAX_ADDRESS:
        raise _Refused(f"is longer than {MAX_ADDRESS} characters. Send a shorter one.")
    try:
        url = httpx.URL(address) if base is None else base.join(address)
    except (httpx.InvalidURL, ValueError) as error:
        raise _Refused("is not a valid web address. Copy it from the browser once more.") from error
    if url.scheme not in ("http", "https") or not url.raw_host or "\\" in address:
        raise _Refused("is not a web address. Send one that begins with https:// or http://.")
    if url.userinfo:
        raise _Refused("holds a user name or password. Send it without.")
    host = url.raw_host.decode("ascii").removesuffix(".")
    if ":" not in host:  # else an IPv6 address, which httpx has checked
        if not _NAME.fullmatch(host) or len(host) > 253:
            raise _Refused("names no valid host. Copy it from the browser once more.")
        if _LOOKS_NUMERIC.fullmatch(host) and not _is_ipv4(host):
            raise _Refused("spells an IP address in an unusual way. Write it as four numbers with dots.")
    if url.port is not None and not 0 < url.port < 65536:
        raise _Refused("names no valid port. Copy it from the browser once more.")
    return url.copy_with(host=host, fragment=None)


def _is_ipv4(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _addresses(url: httpx.URL, allow_private: bool, network: Network, clock: _Clock) -> list[str]:
    """Where to connect to: what the host resolves to, asked once, and all of it checked."""
    host = url.raw_host.decode("ascii")
    port = url.port or (443 if url.scheme == "https" else 80)
    literal = ":" in host or _is_ipv4(host)
    if not (allow_private or literal) and ("." not in host or f".{host}".endswith(_LOCAL_NAMES)):
        raise _Refused(f"names a host of a local network, and such are never fetched. {_AS_A_FILE}")
    try:
        found = [host] if literal else list(_in_time(lambda: network.resolve(host, port), clock))
    except (OSError, UnicodeError) as error:
        raise _Refused("names a host that is not found. Check its spelling, and the network.") from error
    if not found:
        raise _Refused("names a host that is not found. Check its spelling, and the network.")
    if allow_private:
        return found
    if not all(map(is_public, found)):
        raise _Refused(f"leads into a private or reserved network, and such are never fetched. {_AS_A_FILE}")
    if port not in _PORTS:
        raise _Refused(f"uses port {port}; only 80 and 443 are fetched. {_AS_A_FILE}")
    return found


def _in_time(work: Callable[[], Sequence[str]], clock: _Clock) -> Sequence[str]:
    """What `work` returns or raises; a look-up cannot be stopped, so one that takes too long is left behind."""
    answers: queue.SimpleQueue[Sequence[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put(work())
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=run, name="look-up", daemon=True).start()
    try:
        answer = answers.get(timeout=clock.left())
    except queue.Empty as error:
        raise httpcore.TimeoutException from error
    if isinstance(answer, Exception):
        raise answer
    return answer


def _get(url: httpx.URL, addresses: Sequence[str], most: int, network: Network, clock: _Clock) -> Fetched | str:
    """The document, or where it went."""
    tls = network.tls or (httpx.create_ssl_context(trust_env=False) if url.scheme == "https" else None)
    headers = {
        "Host": url.netloc.decode("ascii"),
        "User-Agent": USER_AGENT,
        "Accept": "text/markdown, text/plain, */*;q=0.5",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    pinned = _Pinned(network.backend, addresses, clock)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=tls, network_backend=pinned) as pool,
            pool.stream("GET", target, headers=list(headers.items())) as response,
        ):
            answered = httpx.Headers(response.headers)
            if response.status in _REDIRECTS and "location" in answered:
                return answered["location"]
            if response.status != HTTPStatus.OK:
                raise _Refused(f"answers {_status(response.status)}. Open it in a browser to see. {_AS_A_FILE}")
            media_type, charset = _content_type(answered.get("content-type", ""))
            return Fetched(str(url), media_type, charset, _body(response, answered, most))
    except httpcore.ConnectError as error:
        cause = error.args[0] if error.args else None  # httpcore drops __cause__ on the way
        if isinstance(cause, ssl.SSLError):
            why = getattr(cause, "verify_message", "") or "no TLS"
            raise _Refused(f"has no certificate that can be trusted ({why}). {_AS_A_FILE}") from error
        raise _Refused(f"cannot be reached. Try again later. {_AS_A_FILE}") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, zlib.error) as error:
        raise _Refused(f"breaks off, or is not HTTP. Try again later. {_AS_A_FILE}") from error


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
    too_much = _Refused(f"holds more than {most / 1e6:g} MB. Send something smaller.")
    length, coding = headers.get("content-length", ""), headers.get("content-encoding", "identity").strip().lower()
    if length.isdecimal() and int(length[:20]) > most:
        raise too_much
    if coding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise _Refused(f"comes packed in a way that is not known. {_AS_A_FILE}")
    unpacking = zlib.decompressobj(_ZLIB_OR_GZIP) if coding not in ("identity", "") else None
    data = bytearray()
    for chunk in response.iter_stream():
        data += chunk if unpacking is None else unpacking.decompress(chunk, most + 1 - len(data))
        if len(data) > most:
            raise too_much
    if unpacking is not None and (not unpacking.eof or unpacking.unused_data):
        raise zlib.error("not one whole stream")
    return bytes(data)


class _Pinned(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, one after the other, whatever the host is called."""

    def __init__(self, backend: httpcore.NetworkBackend, addresses: Sequence[str], clock: _Clock) -> None:
        self._backend = backend
        self._addresses = addresses
        self._clock = clock

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the name; resolving it again is what must not happen
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the clock knows
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        for following in range(len(self._addresses) - 1, -1, -1):
            share = self._clock.left() / (following + 1)
            address = self._addresses[len(self._addresses) - 1 - following]
            try:
                stream = self._backend.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if following == 0:
                    raise
            else:
                return _Timed(stream, self._clock)
        raise httpcore.ConnectError


class _Timed(httpcore.NetworkStream):
    """A connection whose every step ends with the clock, so that no drip of single bytes outlasts it."""

    def __init__(self, stream: httpcore.NetworkStream, clock: _Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the clock knows
        return self._stream.read(max_bytes, self._clock.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the clock knows
        self._stream.write(buffer, self._clock.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the clock knows
    ) -> httpcore.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, self._clock.left()), self._clock)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
