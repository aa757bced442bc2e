"""`python -m modelyard_serving.health`: exit code 0 while the model API beside it is alive. For a container's check.

It imports next to nothing, since it is started again and again on the core that answers requests.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping

SECONDS = 4.0
ASK = b"GET /v2/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
ALIVE = b"HTTP/1.1 200 "


def is_alive(variables: Mapping[str, str]) -> bool:
    """Whether the model API on this container's port says that it is alive."""
    try:
        with socket.create_connection(("127.0.0.1", int(variables.get("MODELYARD_PORT") or 8080)), SECONDS) as api:
            api.sendall(ASK)
            return api.recv(len(ALIVE), socket.MSG_WAITALL) == ALIVE
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(0 if is_alive(os.environ) else 1)
