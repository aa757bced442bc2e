"""Asks a service whether it works."""

from __future__ import annotations

import http.client

OK = 200


def complaint(port: int, path: str, *, seconds: float) -> str:
    """What is wrong with the service at this port, or an empty string. Proxies are not used: it is on this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except TimeoutError:
        return f"no answer on {path} within {seconds:g} s"
    except ConnectionRefusedError:
        return f"nothing listens on port {port}"
    except (OSError, http.client.HTTPException) as error:
        return f"no proper answer on {path}: {error or type(error).__name__}"
    finally:
        connection.close()
    return "" if status == OK else f"{path} answers {status}"
