"""Revisions of container apps: a name is taken once for one template, and requests go to revisions that are there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from modelyard_infra.simulator.errors import AzureError
from modelyard_infra.simulator.paths import Json
from modelyard_infra.simulator.request import Request
from modelyard_infra.simulator.rules.rows import BAD_REQUEST

APP = "app:ContainerApp"
SUFFIX = "revisionSuffix"


def require_revision(request: Request) -> None:
    """Refuses a template under the name of an earlier revision, and requests for a revision that never was.

    The newest revision's own template changes nothing. Sources: Azure/terraform-azurerm-avm-res-app-containerapp,
    issue 115, for the first sentence; microsoft/azure-container-apps, issue 650, says that with an inactive revision
    nothing happens, and nothing is said. The code of the second one is not documented.
    """
    template = _template(request)
    if template is None:
        return
    known = request.tables.revisions(request.id)
    name, content = str(template.get(SUFFIX)), _content(template)
    newest = next(reversed(known), None)
    if name in known and (name, known[name]) != (newest, content):
        raise AzureError(
            BAD_REQUEST,
            "InvalidParameterValueInContainerTemplate",
            "The following field(s) are either invalid or missing. Field 'template.revisionSuffix' is invalid with "
            f"details: 'Invalid value: \"{name}\": revision with suffix {name} already exists.';.",
        )
    for asked in _asked(request.properties):
        if asked not in {f"{request.name}--{one}" for one in (*known, name)}:
            raise AzureError(
                BAD_REQUEST, "RevisionNotFound", f"The revision '{asked}' of '{request.name}' is not there."
            )


def keep_revision(request: Request) -> None:
    """Remembers the revision that a request has made."""
    template = _template(request)
    if template is not None:
        request.tables.keep_revision(request.id, str(template.get(SUFFIX)), _content(template))


def _template(request: Request) -> Mapping[str, Json] | None:
    """The template, where it names its revision; otherwise Azure makes a name that was never used."""
    template = request.properties.get("template") if request.kind == APP else None
    return template if isinstance(template, Mapping) and template.get(SUFFIX) else None


def _content(template: Mapping[str, Json]) -> str:
    return json.dumps({name: value for name, value in template.items() if name != SUFFIX}, sort_keys=True)


def _asked(properties: Mapping[str, Json]) -> Iterator[str]:
    """Names of revisions that are to get requests."""
    found: object = properties
    for name in ("configuration", "ingress", "traffic"):
        found = found.get(name) if isinstance(found, Mapping) else None
    for one in found if isinstance(found, Sequence) and not isinstance(found, str) else ():
        revision = one.get("revisionName") if isinstance(one, Mapping) else None
        if isinstance(revision, str):
            yield revision
