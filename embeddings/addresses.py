"""Which addresses are of the public web: how they are spelled, and where they may lead.

What is not the public web is named after the IANA registries of special-purpose addresses; 168.63.129.16 is public by
its number, and the inside of Microsoft's cloud. Of IPv6 only what is assigned as global unicast is reached, without the
ranges in it that carry IPv4 addresses (Teredo, 6to4) or belong to protocols and documentation. NAT64 lies outside.
"""

from __future__ import annotations

import ipaddress
import re

import httpx

from embeddings.console import one_line

MAX_ADDRESS = 2048  # characters; what browsers and servers agree on
AS_A_FILE = "Send the text as a file instead."
_COPY_AGAIN = "Copy it from the browser once more."
_PORTS = (80, 443)
_SHOWN = 100  # characters of an address in a message
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


class Refused(Exception):
    """What is wrong with an address, to be read after its name, and the cure."""

    def __init__(self, problem: str, cure: str, status: int | None = None, retry_after: str | None = None) -> None:
        super().__init__(f"{problem}. {cure}")
        self.problem = problem
        self.status = status  # of the answer, where there was one
        self.retry_after = retry_after  # as that answer spells it


def is_public(address: str) -> bool:
    """Whether an IP address, as text, belongs to the public web. What is no such address does not."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _FORBIDDEN_V4)
    return ip in _GLOBAL_V6 and ip.scope_id is None and not any(ip in network for network in _FORBIDDEN_V6)


def shown(address: str) -> str:
    """An address for a message: no password, nothing that steers a terminal, not long."""
    text = one_line(_USER_INFO.sub("//", address[: MAX_ADDRESS + 1]))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def parsed(address: str, base: httpx.URL | None = None) -> httpx.URL:
    """An http or https address with a host in plain form, without user, port zero, or fragment. Raises Refused."""
    if len(address) > MAX_ADDRESS:
        raise Refused(f"is longer than {MAX_ADDRESS} characters", "Send a shorter one.")
    try:
        url = httpx.URL(address) if base is None else base.join(address)
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused("is not a valid web address", _COPY_AGAIN) from error
    if url.scheme not in ("http", "https") or not url.raw_host or "\\" in address:
        raise Refused("is not a web address", "Send one that begins with https:// or http://.")
    if url.userinfo:
        raise Refused("holds a user name or password", "Send it without.")
    host = url.raw_host.decode("ascii").removesuffix(".")
    if ":" not in host:  # else an IPv6 address, which httpx has checked
        if not _NAME.fullmatch(host) or len(host) > 253:
            raise Refused("names no valid host", _COPY_AGAIN)
        if _LOOKS_NUMERIC.fullmatch(host) and not _is_ipv4(host):
            raise Refused("spells an IP address in an unusual way", "Write it as four numbers with dots.")
    if url.port is not None and not 0 < url.port < 65536:
        raise Refused("names no valid port", _COPY_AGAIN)
    return url.copy_with(host=host, fragment=None)


def is_literal(host: str) -> bool:
    """Whether a host in plain form is an IP address rather than a name."""
    return ":" in host or _is_ipv4(host)


def _is_ipv4(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def check_name(host: str) -> None:
    """Raises Refused for the name of a host that only a local network knows."""
    if not is_literal(host) and ("." not in host or f".{host}".endswith(_LOCAL_NAMES)):
        raise Refused("names a host of a local network, and such are never fetched", AS_A_FILE)


def check_target(found: list[str], port: int) -> None:
    """Raises Refused unless all of these IP addresses and the port belong to the public web."""
    if not all(map(is_public, found)):
        raise Refused("leads into a private or reserved network, and such are never fetched", AS_A_FILE)
    if port not in _PORTS:
        raise Refused(f"uses port {port}; only 80 and 443 are fetched", AS_A_FILE)
