"""The file in which the simulated Azure lives: SQLite, so that it stays whole when a process is killed.

Several engines and many threads may use one file at once. Every operation is one transaction that takes the write lock
at its start: what it judged is still true when it writes. SQLite's write-ahead log survives the death of a process at
any instant; that it reaches the disk before a power cut is not waited for.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from modelyard_infra.plugin.wire import Properties
from modelyard_infra.simulator import arm_id

BUSY_SECONDS = 30.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    key TEXT PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, subscription TEXT NOT NULL,
    body TEXT NOT NULL, incarnation INTEGER NOT NULL, ready_at REAL NOT NULL, managed_by TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_name ON resources (kind, name);
CREATE TABLE IF NOT EXISTS deleted (
    kind TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, until REAL NOT NULL,
    protected INTEGER NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS folders (
    account TEXT, file_system TEXT, path TEXT, PRIMARY KEY (account, file_system, path));
CREATE TABLE IF NOT EXISTS revisions (
    number INTEGER PRIMARY KEY, app TEXT NOT NULL, name TEXT NOT NULL, template TEXT NOT NULL, UNIQUE (app, name));
CREATE TABLE IF NOT EXISTS faults (
    number INTEGER PRIMARY KEY, fault TEXT NOT NULL, seen INTEGER NOT NULL, fired INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL,
    id TEXT NOT NULL, outcome TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A resource that exists."""

    id: str
    kind: str
    body: Properties
    """What GET answers, in azure-native's names."""
    incarnation: int
    """Differs for every creation, also of one and the same id."""
    ready_at: float = 0.0
    """When the operation under way on it ends, in seconds since the epoch."""
    managed_by: str = ""
    """The id of the resource that made it and takes it away."""

    @property
    def key(self) -> str:
        """The id as it is compared."""
        return arm_id.key(self.id)

    @property
    def name(self) -> str:
        """The last name in the id."""
        return arm_id.name_of(self.id)

    @property
    def busy(self) -> bool:
        """Whether an operation on it is under way."""
        return self.ready_at > time.time()


@dataclass(frozen=True, slots=True)
class SoftDeleted:
    """A resource that was deleted and still holds its name."""

    kind: str
    id: str
    body: Properties
    until: float
    protected: bool
    """Whether nobody may purge it before its time."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation that Azure was asked for."""

    operation: str
    key: str
    """The resource's key in its graph: the last part of its URN."""
    kind: str
    id: str
    outcome: str
    """`ok`, or the error code."""


@dataclass
class Tables:
    """The tables, inside one transaction."""

    connection: sqlite3.Connection

    def get(self, identity: str) -> Stored | None:
        """The resource with this id."""
        return next(self._resources("key = ?", arm_id.key(identity)), None)

    def put(self, stored: Stored) -> None:
        """Adds or replaces a resource."""
        self.connection.execute(
            "INSERT OR REPLACE INTO resources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                stored.key,
                stored.id,
                stored.kind,
                stored.name.lower(),
                arm_id.subscription_of(stored.id).lower(),
                json.dumps(stored.body),
                stored.incarnation,
                stored.ready_at,
                arm_id.key(stored.managed_by) if stored.managed_by else "",
            ),
        )

    def remove(self, identity: str) -> None:
        """Takes a resource away, and nothing else."""
        self.connection.execute("DELETE FROM resources WHERE key = ?", (arm_id.key(identity),))

    def below(self, identity: str) -> list[Stored]:
        """Everything that lies in this id, the deepest first."""
        prefix = arm_id.key(identity) + "/"
        found = self._resources("substr(key, 1, ?) = ?", len(prefix), prefix)
        return sorted(found, key=lambda stored: -stored.key.count("/"))

    def made_by(self, identity: str) -> list[Stored]:
        """What a resource made for itself."""
        return list(self._resources("managed_by = ?", arm_id.key(identity)))

    def of_kind(self, kind: str) -> list[Stored]:
        """All resources of a kind, in all subscriptions, in the order of their creation."""
        return list(self._resources("kind = ? ORDER BY incarnation", kind))

    def named(self, kind: str, name: str) -> list[Stored]:
        """Resources of a kind with a name, in all subscriptions."""
        return list(self._resources("kind = ? AND name = ?", kind, name.lower()))

    def all(self) -> list[Stored]:
        """Every resource, in the order of creation."""
        return list(self._resources("1 ORDER BY incarnation"))

    def _resources(self, condition: str, *values: object) -> Iterator[Stored]:
        query = f"SELECT id, kind, body, incarnation, ready_at, managed_by FROM resources WHERE {condition}"  # noqa: S608 - the condition is ours
        for identity, kind, body, incarnation, ready_at, managed_by in self.connection.execute(
            query, values
        ).fetchall():
            yield Stored(identity, kind, json.loads(body), incarnation, ready_at, managed_by)

    def next_incarnation(self) -> int:
        """A number that was never given before."""
        self.connection.execute(
            "INSERT INTO counters VALUES ('incarnation', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"
        )
        return int(self.connection.execute("SELECT value FROM counters WHERE name = 'incarnation'").fetchone()[0])

    def soft_deleted(self, kind: str, name: str) -> SoftDeleted | None:
        """What was deleted under this name and is not purged yet."""
        query = "SELECT kind, id, body, until, protected FROM deleted WHERE kind = ? AND name = ? AND until > ?"
        row = self.connection.execute(query, (kind, name.lower(), time.time())).fetchone()
        return SoftDeleted(row[0], row[1], json.loads(row[2]), row[3], bool(row[4])) if row else None

    def all_soft_deleted(self) -> list[SoftDeleted]:
        """Everything that can still be recovered."""
        query = "SELECT kind, id, body, until, protected FROM deleted WHERE until > ?"
        rows = self.connection.execute(query, (time.time(),)).fetchall()
        return [SoftDeleted(row[0], row[1], json.loads(row[2]), row[3], bool(row[4])) for row in rows]

    def soft_delete(self, gone: SoftDeleted) -> None:
        """Keeps a deleted resource for its time."""
        name = arm_id.name_of(gone.id).lower()
        values = (gone.kind, name, gone.id, json.dumps(gone.body), gone.until, int(gone.protected))
        self.connection.execute("INSERT OR REPLACE INTO deleted VALUES (?, ?, ?, ?, ?, ?)", values)

    def purge(self, kind: str, name: str) -> None:
        """Forgets a deleted resource, so that its name is free."""
        self.connection.execute("DELETE FROM deleted WHERE kind = ? AND name = ?", (kind, name.lower()))

    def forget_folders(self, account: str, file_system: str) -> None:
        """Takes the folders of a file system away."""
        values = (account.lower(), file_system.lower())
        self.connection.execute("DELETE FROM folders WHERE account = ? AND file_system = ?", values)

    def revisions(self, app: str) -> dict[str, str]:
        """Templates of a container app's revisions by their names, the newest last."""
        query = "SELECT name, template FROM revisions WHERE app = ? ORDER BY number"
        return dict(self.connection.execute(query, (arm_id.key(app),)).fetchall())

    def keep_revision(self, app: str, name: str, template: str) -> None:
        """Remembers a revision; one that is known stays what and where it is."""
        query = "INSERT OR IGNORE INTO revisions (app, name, template) VALUES (?, ?, ?)"
        self.connection.execute(query, (arm_id.key(app), name, template))

    def forget_revisions(self, app: str) -> None:
        """Takes the revisions of an app away."""
        self.connection.execute("DELETE FROM revisions WHERE app = ?", (arm_id.key(app),))

    def note(self, entry: Entry) -> None:
        """Writes an operation into the journal."""
        values = (time.time(), entry.operation, entry.key, entry.kind, entry.id, entry.outcome)
        self.connection.execute(
            "INSERT INTO journal (at, operation, key, kind, id, outcome) VALUES (?, ?, ?, ?, ?, ?)", values
        )

    def journal(self) -> list[Entry]:
        """Every operation, in order."""
        rows = self.connection.execute("SELECT operation, key, kind, id, outcome FROM journal ORDER BY number")
        return [Entry(*row) for row in rows.fetchall()]

    def setting(self, name: str, default: str = "") -> str:
        """A setting of this Azure."""
        row = self.connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else default

    def set(self, name: str, value: str) -> None:
        """Changes a setting."""
        self.connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def change(self, stored: Stored, body: Properties) -> None:
        """Gives a resource another body."""
        self.put(replace(stored, body=body))


class Store:
    """One file. Safe for threads: one connection, one operation at a time."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self._turn = threading.Lock()
        self._connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[Tables]:
        """Everything done inside happens wholly or, if it raises, not at all."""
        with self._turn:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Tables(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Lets the file go."""
        with self._turn:
            self._connection.close()
