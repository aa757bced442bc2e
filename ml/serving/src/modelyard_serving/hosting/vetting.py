"""The first time a model is loaded and asked, this happens in a process that may break.

The host reads a bundle's bytes and checks all that can be checked without building anything. A child process then
loads the model from these bytes, with bounded memory and time and without network, repeats its example, and proves the
compiled plan. Only what it has found in order is loaded by the host, whose memory the workers share.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from modelyard_bundle import BundleError, Limits, Pointer
from modelyard_serving.loading.compiling import Way, find_way, take_way
from modelyard_serving.loading.gate import LOADING, PROVING, READING, Candidate, go_through
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.settings import Settings

_CLOSED_EVENTS = ("socket.connect", "socket.bind", "socket.sendto", "os.exec", "os.posix_spawn", "os.system", "os.fork")
"""What a model has no use for while it is loaded."""
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_LOOK_SECONDS = 0.02
_PIPE_BYTES = 1 << 16

Meanwhile = Callable[[], None]
"""What the host does while a child is at work; raises where it should stop."""


def vet(pointer: Pointer, settings: Settings, *, meanwhile: Meanwhile = lambda: None) -> ServedModel:
    """The model that `pointer` names, proven in a child process and then loaded here.

    Args:
        pointer: What is deployed.
        settings: Where bundles are, which keys are trusted, and what a check may cost.
        meanwhile: Called again and again until the child is done.

    Raises:
        BundleError: A check refused it; the message says which and why.
    """
    candidate = Candidate(
        pointer=pointer, bundles=settings.bundles, limits=Limits(), trusted_keys=settings.trusted_keys
    )
    go_through(candidate, READING)
    _import_once()
    found = _in_child(lambda: _prove(candidate), settings, meanwhile=meanwhile)
    go_through(candidate, LOADING)
    return take_way(candidate.model, candidate.pipeline, Way(**found))


def _prove(candidate: Candidate) -> dict[str, Any]:
    """What the child does; what it finds out about the model."""
    go_through(candidate, (*LOADING, *PROVING))
    return asdict(find_way(candidate.model, candidate.pipeline))


def _import_once() -> None:
    """Import in the host what every child and every worker needs: then they have it from their first moment."""
    import sklearn.pipeline
    import skops.io

    del skops, sklearn


def _in_child(work: Callable[[], dict[str, Any]], settings: Settings, *, meanwhile: Meanwhile) -> dict[str, Any]:
    """What `work` gives in a forked child.

    Raises:
        BundleError: It refused, crashed, or took too long.
    """
    receiving, sending = os.pipe()
    gc.collect()
    pid = os.fork()
    if pid == 0:
        os.close(receiving)
        _be_the_child(work, sending, settings)
    os.close(sending)
    try:
        said = _wait(receiving, until=time.monotonic() + settings.check_seconds, meanwhile=meanwhile)
    finally:
        os.close(receiving)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    if said is None:
        raise BundleError(f"its check took longer than {settings.check_seconds:g} seconds")
    if not said:
        raise BundleError(f"its check ended with {_named(status)}; the model may need more memory than it is given")
    document: dict[str, Any] = json.loads(said)
    if (refused := document.get("refused")) is not None:
        raise BundleError(str(refused))
    return document


def _wait(handle: int, *, until: float, meanwhile: Meanwhile) -> bytes | None:
    """All that comes through a pipe; nothing where it takes too long."""
    parts: list[bytes] = []
    while time.monotonic() < until:
        meanwhile()
        if select.select([handle], [], [], _LOOK_SECONDS)[0]:
            part = os.read(handle, _PIPE_BYTES)
            if not part:
                return b"".join(parts)
            parts.append(part)
    return None


def _be_the_child(work: Callable[[], dict[str, Any]], sending: int, settings: Settings) -> NoReturn:
    try:
        for sent in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sent, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        _close_in(settings)
        said = work()
    except BundleError as error:
        said = {"refused": str(error)}
    except BaseException as error:
        said = {"refused": f"its check failed: {type(error).__name__}"}
    with suppress(OSError):
        os.write(sending, json.dumps(said).encode()[:_PIPE_BYTES])
    # Not sys.exit: nothing of the host that was copied may run its own end.
    os._exit(0)


def _close_in(settings: Settings) -> None:
    """Bounded memory and processor time, no core file, no network, no other program."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with suppress(OSError, ValueError):
        mapped = _mapped_bytes() or used
        resource.setrlimit(resource.RLIMIT_AS, (mapped + settings.check_bytes,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        seconds = max(1, int(settings.check_seconds))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    _leave_the_network()
    sys.addaudithook(_refuse)


def _mapped_bytes() -> int | None:
    """The address space that this process has now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return None


def _leave_the_network() -> None:
    """A network of its own with nothing in it, where the system allows that; the audit hook refuses in any case."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    del arguments
    if event.startswith(_CLOSED_EVENTS) or event == "subprocess.Popen":
        raise BundleError(f"the model tried {event} while it was loaded")


def _named(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"signal {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit code {os.waitstatus_to_exitcode(status)}"
