"""Azure's control plane: PUT, GET and DELETE of resources by their ids.

Each request is one transaction. Long operations are not carried out by anybody: a resource knows when its operation
ends, and until then it says so.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from modelyard_infra.catalogue import AzureType, load_catalogue
from modelyard_infra.plugin.wire import Properties
from modelyard_infra.simulator import arm_id, judging
from modelyard_infra.simulator.access import require_principal, require_unlocked
from modelyard_infra.simulator.addresses import require_ranges
from modelyard_infra.simulator.body import answered
from modelyard_infra.simulator.errors import AzureError
from modelyard_infra.simulator.paths import first_at
from modelyard_infra.simulator.request import NOBODY, Request
from modelyard_infra.simulator.revisions import keep_revision, require_revision
from modelyard_infra.simulator.rules import names
from modelyard_infra.simulator.rules.answers import SLOW
from modelyard_infra.simulator.rules.rows import NOT_FOUND
from modelyard_infra.simulator.store import SoftDeleted, Store, Stored, Tables

PACE = "pace"
"""The setting that says how much slower than at once operations are: 0 (the usual) at once, 1 as slow as Azure."""
GROUP = "resources:ResourceGroup"
FILE_SYSTEM = "storage:BlobContainer"
DAY = 86_400
DAYS_KEPT = 90


class ControlPlane:
    """One Azure."""

    def __init__(self, store: Store, *, tenant: str = NOBODY) -> None:
        self.store = store
        self.tenant = tenant
        self._catalogue = load_catalogue()

    def type(self, kind: str) -> AzureType:
        """What the catalogue says about a kind.

        Raises:
            UnknownKindError: it says nothing.
        """
        return self._catalogue[kind]

    def put(self, kind: str, identity: str, properties: Properties) -> Stored:
        """Makes a resource, or makes it as asked for.

        Args:
            kind: the catalogue's kind.
            identity: its id.
            properties: azure-native's inputs, path parameters among them, without nulls.

        Raises:
            AzureError: Azure refuses.
        """
        with self.store.transaction() as tables:
            require_unlocked(tables, identity, "write")
            request = Request(
                self.type(kind), identity, properties, tables, existing=tables.get(identity), tenant=self.tenant
            )
            for check in (*judging.BEFORE, require_ranges, require_principal, require_revision):
                check(request)
            return self._accept(request)

    def _accept(self, request: Request) -> Stored:
        incarnation = request.existing.incarnation if request.existing else request.tables.next_incarnation()
        full = answered(replace(request, incarnation=incarnation))
        for check in judging.AFTER:
            check(full)
        self._make_groups(full)
        duration = self._duration(full)
        ready = time.time() + duration if duration else 0.0
        stored = Stored(request.id, request.kind, full.body, incarnation, ready)
        request.tables.purge(request.kind, request.name)
        request.tables.put(stored)
        keep_revision(request)
        return stored

    def get(self, identity: str, kind: str = "") -> Stored | None:
        """What has this id; what always exists with its parent is there even if nobody ever wrote it."""
        with self.store.transaction() as tables:
            stored = tables.get(identity)
            if stored is None and kind and _exists_by_itself(tables, kind, identity):
                request = Request(self.type(kind), identity, {}, tables, existing=None, tenant=self.tenant)
                stored = Stored(identity, kind, answered(request).body, 0)
            return stored

    def delete(self, kind: str, identity: str) -> None:
        """Takes a resource away, with everything in it. It may be gone already.

        Raises:
            AzureError: it is locked or in use.
        """
        with self.store.transaction() as tables:
            target = tables.get(identity)
            if target is None:
                return
            require_unlocked(tables, identity, "delete")
            inside = [] if _exists_by_itself(tables, kind, identity) else tables.below(identity)
            if target.kind != GROUP:
                self._require_idle(tables, target)
            for stored in (*inside, target):
                self._remove(tables, stored)

    def _require_idle(self, tables: Tables, target: Stored) -> None:
        request = Request(self.type(target.kind), target.id, {}, tables, existing=target, tenant=self.tenant)
        judging.require_rest(request)
        judging.require_idle_target(tables, target, request)
        for child in tables.below(target.id):
            if child.kind != target.kind and target.kind == "network:VirtualNetwork":
                judging.require_idle_target(tables, child, request)

    def _remove(self, tables: Tables, stored: Stored) -> None:
        for made in tables.made_by(stored.id):
            for inside in tables.below(made.id):
                tables.remove(inside.id)
            tables.remove(made.id)
        row = next((row for row in names.SOFT_DELETES if row.kind == stored.kind), None)
        if row is not None:
            days = first_at(stored.body, row.days) or DAYS_KEPT
            protected = bool(first_at(stored.body, row.protected))
            until = time.time() + float(days) * DAY
            tables.soft_delete(SoftDeleted(stored.kind, stored.id, stored.body, until, protected))
        if stored.kind == FILE_SYSTEM:
            account = arm_id.name_of(stored.id.partition("/blobServices/")[0])
            tables.forget_folders(account, stored.name)
        tables.forget_revisions(stored.id)
        tables.remove(stored.id)

    def purge(self, kind: str, name: str) -> None:
        """Ends the time of a deleted resource, so that its name is free.

        Raises:
            AzureError: there is none, or it is protected.
        """
        with self.store.transaction() as tables:
            gone = tables.soft_deleted(kind, name)
            if gone is None:
                raise AzureError(NOT_FOUND, "DeletedResourceNotFound", f"Nothing is deleted under the name '{name}'.")
            if gone.protected:
                raise AzureError(
                    409,
                    "MethodNotAllowed",
                    f"Operation 'DeletedVaultPurge' is not allowed: '{name}' has purge protection until its retention "
                    "ends.",
                )
            tables.purge(kind, name)

    def _make_groups(self, request: Request) -> None:
        """Groups that a service keeps for itself."""
        for row in names.MADE_GROUPS:
            identity = first_at(request.body, row.path) if row.kind == request.kind else None
            if not isinstance(identity, str):
                continue
            old = request.tables.get(identity)
            if old is not None and old.managed_by != arm_id.key(request.id):
                raise judging.refused(row.answer, request, reference=identity)
            group: Mapping[str, object] = {
                "name": arm_id.name_of(identity),
                "location": request.location,
                "managedBy": request.id,
                "properties": {"provisioningState": "Succeeded"},
                "type": arm_id.GROUP_TYPE,
            }
            incarnation = old.incarnation if old else request.tables.next_incarnation()
            request.tables.put(Stored(identity, GROUP, dict(group), incarnation, 0.0, managed_by=request.id))

    def _duration(self, request: Request) -> float:
        pace = float(request.tables.setting(PACE, "0"))
        return next((row.seconds * pace for row in SLOW if row.kind == request.kind), 0.0)


def _exists_by_itself(tables: Tables, kind: str, identity: str) -> bool:
    row = next((row for row in names.SINGLETONS if row.kind == kind), None)
    if row is None or (row.name and arm_id.name_of(identity).lower() != row.name):
        return False
    return tables.get(next(arm_id.ancestors(identity), "")) is not None


def is_singleton(kind: str) -> bool:
    """Whether resources of a kind exist with their parents."""
    return any(row.kind == kind for row in names.SINGLETONS)
