"""Ours in the benchmark of graphs: draws dev, test and prod, and holds them to Azure's types and to every policy."""

from __future__ import annotations

import json
import sys

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.catalogue import problems
from modelyard_infra.policies.rules import RULES, check


def main() -> None:
    """Prints, as JSON, what was drawn and found."""
    workspace = Workspace.find()
    said = {}
    for name in ("dev", "test", "prod"):
        environment = load_environment(workspace, name)
        blueprint = draw_azure(environment)
        refused = [str(one) for resource in blueprint.graph for one in problems(resource.kind, resource.properties)]
        broken = [one.rule for one in check(blueprint, environment) if one.level == "mandatory"]
        keys = sorted(resource.key for resource in blueprint.graph)
        said[name] = {"resources": keys, "rules": len(RULES), "refused": refused, "broken": broken}
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
