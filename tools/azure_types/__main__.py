"""Makes the catalogue's tables of Azure resource types: `python -m tools.azure_types CHECKOUT --sdk FOLDER`.

CHECKOUT is a clone of github.com/Azure/bicep-types-az, which restates Azure's REST specifications as data; FOLDER is
the installed package `pulumi_azure_native`, whose names and nesting our graphs use. Each table holds one namespace:
only properties that the SDK takes, with what the specification says about them. What neither source knows (id
templates, what cannot change, what the service fills in) is kept by hand in the catalogue's `facts`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tools.azure_types.specification import Specification
from tools.azure_types.tables import Namespace, rendered

CATALOGUE = Path(__file__).resolve().parents[2] / "infra/src/modelyard_infra/catalogue"


def main() -> int:
    """Writes one table for each file of facts; 0, or 1 when the two sources do not fit together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path, help="a clone of Azure/bicep-types-az, or its git directory")
    parser.add_argument("--sdk", type=Path, required=True, help="the folder of the package pulumi_azure_native")
    parser.add_argument("--out", type=Path, default=CATALOGUE / "types")
    options = parser.parse_args()
    specification, misfits = Specification(options.checkout), 0
    for facts in sorted((CATALOGUE / "facts").glob("*.json")):
        if not (options.sdk / facts.stem).is_dir():
            continue  # our own kinds are no part of the SDK: their table is kept by hand
        known = json.loads(facts.read_text())
        namespace = Namespace(options.sdk / facts.stem, specification, known)
        table = namespace.table(known["kinds"])
        (options.out / facts.name).write_text(rendered(table), encoding="utf-8")
        for misfit in namespace.misfits:
            sys.stderr.write(f"{facts.stem}: {misfit}\n")
        misfits += len(namespace.misfits)
    return 1 if misfits else 0


if __name__ == "__main__":
    sys.exit(main())
