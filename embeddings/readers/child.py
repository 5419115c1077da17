"""Reads files in a process of its own, one after the other, until its parent closes the pipe; see apart.py."""

from __future__ import annotations

import math
import os
import resource
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import BinaryIO

from embeddings.readers import Hints, Reading, Unreadable, read
from embeddings.readers.frames import LENGTH, Refusal, frame, packed_readings, packed_refusal, unpacked_hints

_MAX_FILES = 32  # open at once
_SPARE_CPU = 2  # seconds beyond the limit: the parent, who counts the time of day, should be first
Read = Callable[[bytes, Hints], Iterable[Reading | Unreadable]]


def main(reader: Read = read) -> None:
    """Serves requests on standard input. Arguments: seconds for a file, megabytes beyond what is used at the start."""
    seconds, megabytes = float(sys.argv[-2]), int(sys.argv[-1])
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)  # what a library prints must not get among the replies
    sys.dont_write_bytecode = True
    _limit(megabytes)
    with suppress(BrokenPipeError):
        serve(requests, replies, reader, seconds, megabytes)
    os._exit(0)  # whatever a parser left behind is not worth tidying


def serve(requests: BinaryIO, replies: BinaryIO, reader: Read, seconds: float, megabytes: int) -> None:
    """Reply to each request until there are no more."""
    while (stated := _frame(requests)) is not None and (data := _frame(requests)) is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        _set(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds) + _SPARE_CPU)
        replies.write(frame(_reply(stated, data, reader, megabytes)))
        replies.flush()


def _reply(stated: bytes, data: bytes, reader: Read, megabytes: int) -> bytes:
    try:
        return packed_readings(reader(data, unpacked_hints(stated)))
    except MemoryError:
        refusal = Refusal(f"needs more than {megabytes} MB to read; split it into smaller files", spent=True)
    except UnicodeError as error:
        refusal = Refusal(f"its text cannot be stored ({type(error).__name__})")
    except ValueError as error:
        refusal = Refusal(str(error))
    except Exception as error:  # noqa: BLE001 - whatever a parser stumbles over, the file is at fault and listed
        refusal = Refusal(f"breaks its reader ({type(error).__name__}); save it anew in its own program", spent=True)
    return packed_refusal(refusal)


def _frame(requests: BinaryIO) -> bytes | None:
    head = requests.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    payload = requests.read(length)
    return payload if len(payload) == length else None


def _limit(megabytes: int) -> None:
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_FSIZE, 0)  # no parser has anything to write
    _set(resource.RLIMIT_NOFILE, _MAX_FILES)
    _set(resource.RLIMIT_AS, _mapped() + (megabytes << 20))


def _set(limit: int, value: int) -> None:
    """As far as the hard limit allows, which stays. Some systems know a limit and refuse to set it."""
    _, hard = resource.getrlimit(limit)
    with suppress(ValueError, OSError):
        resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _mapped() -> int:
    """Bytes of address space that the interpreter has by now; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0
