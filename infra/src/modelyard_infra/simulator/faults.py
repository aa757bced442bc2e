"""Trouble on request: faults that are kept in the store, so that they reach whichever process is next.

A fault names operations and resources, and says what goes wrong how often. It is used up before it strikes: an engine
that it kills meets it once only.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

from modelyard_infra.simulator.errors import AzureError
from modelyard_infra.simulator.store import Tables

FAIL, KILL, HANG = "fail", "kill", "hang"
BEFORE, AFTER, LOST = "before", "after", "lost"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong."""

    operation: str = "*"
    """create, update, delete or read; `*`: any but read."""
    pattern: str = "*"
    """Of the resource's key, its kind or its id, with `*` and `?`."""
    action: str = FAIL
    """`fail`: Azure answers with the error. `kill`: the engine dies. `hang`: nothing goes on until `until` exists."""
    moment: str = BEFORE
    """`before` Azure has done anything; `after` it has, as an operation that began and then failed; `lost`: it is done
    and Azure's answer never arrives, so that nobody knows."""
    attempt: int = 1
    """The first matching operation that is hit."""
    times: int = 1
    """How many are hit."""
    status: int = 400
    """HTTP status; 429 and 5xx are tried again, as the real provider does."""
    code: str = "SimulatedFailure"
    message: str = "The simulated Azure was told to fail here."
    retry_after: float | None = None
    """Seconds after which Azure asks to try again."""
    until: str = ""
    """The file that ends a hang."""

    def matches(self, operation: str, key: str, kind: str, identity: str) -> bool:
        """Whether an operation is one of those that this is about."""
        meant = self.operation == operation or (self.operation == "*" and operation != "read")
        texts = (key.lower(), kind.lower(), identity.lower())
        return meant and any(fnmatchcase(text, self.pattern.lower()) for text in texts)

    @property
    def error(self) -> AzureError:
        """What Azure answers."""
        return AzureError(self.status, self.code, self.message, self.retry_after)


def add(tables: Tables, fault: Fault) -> None:
    """Keeps a fault until it is used up or cleared."""
    tables.connection.execute("INSERT INTO faults (fault, seen, fired) VALUES (?, 0, 0)", (json.dumps(asdict(fault)),))


def clear(tables: Tables) -> None:
    """Takes all faults away."""
    tables.connection.execute("DELETE FROM faults")


def pending(tables: Tables) -> list[Fault]:
    """The faults that can still strike."""
    rows = tables.connection.execute("SELECT fault, fired FROM faults ORDER BY number").fetchall()
    faults = [(Fault(**json.loads(text)), fired) for text, fired in rows]
    return [fault for fault, fired in faults if fired < fault.times]


def strike(tables: Tables, moment: str, *, operation: str, key: str, kind: str, identity: str) -> Fault | None:
    """The fault that hits an operation at this moment, which is thereby used up once."""
    rows = tables.connection.execute("SELECT number, fault, seen, fired FROM faults ORDER BY number").fetchall()
    for number, text, seen, fired in rows:
        fault = Fault(**json.loads(text))
        if fault.moment != moment or not fault.matches(operation, key, kind, identity):
            continue
        hits = seen + 1 >= fault.attempt and fired < fault.times
        tables.connection.execute(
            "UPDATE faults SET seen = seen + 1, fired = fired + ? WHERE number = ?", (int(hits), number)
        )
        if hits:
            return fault
    return None
