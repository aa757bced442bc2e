"""What the model API is told on its command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one model API process runs."""

    deployments: Path
    """The folder of deployment pointers. It may appear later."""
    bundles: Path
    """The root of all bundles."""
    trusted_keys: Path | None = None
    """Folder of the public keys that may sign bundles; none where bundles are not signed."""
    access: Path | None = None
    """The document that says who may ask; none where everybody may."""
    host: str = "127.0.0.1"
    port: int = 8000
    """0 lets the system choose one."""
    max_body_bytes: int = 10 << 20
    max_rows: int = 10_000
    max_in_flight: int = 256
    """Requests that may wait at once; the next one is told to come back."""
    max_held_bytes: int = 256 << 20
    """Bytes of requests that may be held in memory at once."""
    body_seconds: float = 10.0
    """How long a client may take to send its request."""
    poll_seconds: float = 0.25
    """How often the deployment pointers are looked at."""
    linger_seconds: float = 0.3
    """After SIGTERM: how long it still accepts requests, not ready any more, so that callers can turn away."""
    drain_seconds: float = 20.0
    """After that: how long accepted requests may take to finish."""
    workers: int = 1
    """Processes that answer."""
    hung_seconds: float = 30.0
    """A worker whose event loop has not turned for so long is replaced."""
    check_seconds: float = 120.0
    """How long a bundle may take to be checked."""
    check_bytes: int = 4 << 30
    """Memory that the check of a bundle may take beyond what the process has."""
    otlp_endpoint: str | None = None
    """Where OpenTelemetry traces are sent; none where they are not."""
    trace_share: float = 1.0
    """The share of requests that get a span where the caller does not say whether they should."""
    log_requests: bool = True
    """Whether each request is a line in the log."""
    announce: Path | None = None
    """A file that takes the address once requests are accepted."""
    until_stdin_closes: bool = False
    """Stop when standard input ends, so that the process cannot outlive the one that started it."""


def parse_settings(arguments: Sequence[str] | None = None) -> Settings:
    """The settings on a command line; ends the process with exit code 2 where they make no sense."""
    default = Settings(deployments=Path(), bundles=Path())
    parser = argparse.ArgumentParser(prog="python -m modelyard_serving", description="The model API of Modelyard.")
    parser.add_argument("--deployments", type=Path, required=True, help="folder of deployment pointers")
    parser.add_argument("--bundles", type=Path, required=True, help="root of all bundles")
    parser.add_argument("--trusted-keys", type=Path, help="folder of public keys; only bundles they signed are served")
    parser.add_argument("--access", type=Path, help="document that says who may ask")
    parser.add_argument("--host", default=default.host)
    parser.add_argument("--port", type=int, default=default.port, help="0: any free one")
    for name, kind, text in (
        ("max-body-bytes", _positive_int, "larger requests get 413"),
        ("max-rows", _positive_int, "requests with more rows get 413"),
        ("max-in-flight", _positive_int, "requests beyond this many at once get 503"),
        ("max-held-bytes", _positive_int, "requests beyond this many bytes at once get 503"),
        ("workers", _positive_int, "processes that answer"),
        ("hung-seconds", _positive_float, "a worker that stands still for so long is replaced"),
        ("check-seconds", _positive_float, "how long a bundle may take to be checked"),
        ("check-bytes", _positive_int, "memory that the check of a bundle may take"),
        ("body-seconds", _positive_float, "slower requests get 408"),
        ("poll-seconds", _positive_float, "how often deployment pointers are looked at"),
        ("linger-seconds", _seconds, "after SIGTERM: still accepts, but is not ready"),
        ("drain-seconds", _seconds, "after that: accepted requests may finish"),
    ):
        parser.add_argument(f"--{name}", type=kind, default=getattr(default, name.replace("-", "_")), help=text)
    parser.add_argument("--otlp-endpoint", help="an OpenTelemetry collector that takes traces over HTTP")
    parser.add_argument("--trace-share", type=float, default=default.trace_share, help="share of requests traced")
    parser.add_argument("--announce", type=Path, help="write the address here once requests are accepted")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    parser.add_argument("--no-request-log", dest="log_requests", action="store_false", help="no line for each request")
    return Settings(**vars(parser.parse_args(arguments)))


def _positive_int(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive whole number")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a time in seconds")
    return value


def _positive_float(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value
