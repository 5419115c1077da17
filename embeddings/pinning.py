"""Connections that go to the addresses that were checked, never to the name again, and end with one clock."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import httpcore
import httpx

from embeddings.addresses import Refused, check_name, check_target, is_literal

Resolve = Callable[[str, int], Sequence[str]]
"""From a host's name and a port to IP addresses as text, the ones to try first coming first. Raises OSError."""


def resolve_by_system(host: str, port: int) -> list[str]:
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


@dataclass(frozen=True, slots=True)
class Network:
    """How hosts are found and reached, and whose certificates count (None: the authorities that httpx ships)."""

    resolve: Resolve = resolve_by_system
    backend: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)
    tls: ssl.SSLContext | None = None


INTERNET = Network()


class Clock:
    """Runs out once, for everything that is done by it."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, more than 0. Raises httpcore.TimeoutException when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.TimeoutException
        return left


def checked(url: httpx.URL, allow_private: bool, network: Network, clock: Clock) -> list[str]:
    """Where to connect to: what the host resolves to, asked once, and all of it checked. Raises Refused."""
    host = url.raw_host.decode("ascii")
    port = url.port or (443 if url.scheme == "https" else 80)
    if not allow_private:
        check_name(host)
    try:
        found = [host] if is_literal(host) else list(_in_time(lambda: network.resolve(host, port), clock))
    except (OSError, UnicodeError) as error:
        raise _not_found() from error
    if not found:
        raise _not_found()
    if not allow_private:
        check_target(found, port)
    return found


def _not_found() -> Refused:
    return Refused("names a host that is not found", "Check its spelling, and the network.")


def _in_time(work: Callable[[], Sequence[str]], clock: Clock) -> Sequence[str]:
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


class Pinned(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, one after the other, whatever the host is called."""

    def __init__(self, backend: httpcore.NetworkBackend, addresses: Sequence[str], clock: Clock) -> None:
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

    def __init__(self, stream: httpcore.NetworkStream, clock: Clock) -> None:
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
