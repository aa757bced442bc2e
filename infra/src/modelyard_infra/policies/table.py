"""The table of all rules in the docs, written from the rules themselves.

python -m modelyard_infra.policies.table            writes docs/policies.md
python -m modelyard_infra.policies.table --check    says whether it is what the rules say
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from modelyard.environment.generated import GeneratedFile, write_or_check
from modelyard.environment.workspace import Workspace
from modelyard_infra.policies import (
    access,
    apps,
    database,
    endpoints,
    governance,
    images,
    network,
    observability,
    resilience,
    secrets,
    spark,
    storage,
)
from modelyard_infra.policies.accepted import ACCEPTED
from modelyard_infra.policies.rule import Rule
from modelyard_infra.policies.rules import RULES

AREAS: dict[str, tuple[Rule, ...]] = {
    "Network": network.RULES,
    "Private endpoints and public access": endpoints.RULES,
    "Roles and sign-in": access.RULES,
    "Secrets and keys": secrets.RULES,
    "Lake": storage.RULES,
    "Database": database.RULES,
    "Images": images.RULES,
    "Apps and jobs": apps.RULES,
    "Databricks": spark.RULES,
    "Logs and alerts": observability.RULES,
    "Zones, copies, regions": resilience.RULES,
    "Governance": governance.RULES,
}
"""By heading. Every rule stands under one."""

INTRODUCTION = """# Policies

<!-- Written by `python -m modelyard_infra.policies.table`. Change the rules, not this page. -->

{count} rules about what an environment in Azure must be: {mandatory} mandatory, {advisory} advisory. Each is a plain
function over the graph of resources and the environment's file, and names the control that it serves: of the
Microsoft Cloud Security Benchmark v1 (`NS-2`), or, where that has none, of the Azure Well-Architected Framework
(`RE:05`).

They run three times:

- over the drawn blueprint, in milliseconds and without Pulumi: `modelyard infra preview` and `up` start with that, and
  so does the Pulumi program itself;
- before each resource is made, as a Pulumi policy pack: rules about single resources, marked ■, stop an update also
  where nobody previewed it;
- over everything that a program has registered, as a Pulumi policy pack: the other rules.

```
cd infra
pulumi preview -s prod --policy-pack policies/modelyard-policies     a Pulumi CLI from 3.255 on
pulumi preview -s prod --policy-pack policies                        the official CLI with its Python host
```

A mandatory rule that is broken stops the preview and the update, and says which resource, which property, what was
found, what is allowed, and what to do. An advisory one is only told. Rules take no configuration: an exception is a
change of a rule, or a line in `policies/accepted.py`, that somebody reviews. In a preview, a text that Azure still has
to complete is not known, and is judged in the update, before its resource is made.

A new rule is a `Rule` in one of the modules of `modelyard_infra.policies`, and a case that breaks it in
`modelyard_infra.testing.rule_cases`; the tests ask for both.
"""

NOT_COVERED = """
## What no rule covers

- What a policy of the organisation in Azure itself demands: `modelyard doctor` reads which regions it allows.
- What happens in the services: tables and clusters in Databricks, schemas in PostgreSQL, who is in which group.
- The subscription: Defender for Cloud plans, its own diagnostic setting, roles that were given outside of Modelyard.
- What is changed behind Pulumi's back: `modelyard infra refresh dev` finds that.
- The content of images; their pipeline does that.
"""


def page() -> str:
    """What docs/policies.md has to say."""
    mandatory = sum(rule.level == "mandatory" for rule in RULES)
    head = INTRODUCTION.format(count=len(RULES), mandatory=mandatory, advisory=len(RULES) - mandatory)
    areas = "".join("\n".join(_area(heading, rules)) for heading, rules in AREAS.items())
    return head + areas + "\n".join(_accepted()) + NOT_COVERED


def _area(heading: str, rules: tuple[Rule, ...]) -> Iterator[str]:
    yield f"\n## {heading}\n"
    yield "| rule | what must be so | where | control |"
    yield "|---|---|---|---|"
    for rule in rules:
        marks = ("■ " if rule.alone else "") + f"`{rule.id}`" + (" (advisory)" if rule.level == "advisory" else "")
        yield f"| {marks} | {rule.title} | {rule.when.words} | {rule.control.id}: {rule.control.reason} |"
    yield ""


def _accepted() -> Iterator[str]:
    yield "\n## Advisory findings that are accepted\n"
    yield "| rule | environment | why |"
    yield "|---|---|---|"
    for one in ACCEPTED:
        yield f"| `{one.rule}` | {one.environment} | {one.reason} |"
    yield ""


def check_page(file: Path) -> None:
    """Refuse a page that is not what the rules say.

    Raises:
        InvalidSettingsError: the page is missing or stale.
    """
    _generated(file).check()


def main(arguments: list[str]) -> int:
    """Write the page, or with --check only compare it; the exit code is 3 when it is stale."""
    return write_or_check(arguments, lambda: _generated(Workspace.find().root / "docs" / "policies.md"))


def _generated(file: Path) -> GeneratedFile:
    return GeneratedFile(
        file=file, text=page(), what="table", source="the rules say", module="modelyard_infra.policies.table"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
