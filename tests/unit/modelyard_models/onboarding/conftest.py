"""A table of customers without a time, one of visits with one, and a workspace to put models into."""

import shutil

import numpy as np
import polars as pl
import pytest

from modelyard.environment.workspace import Workspace
from modelyard.models.onboarding.creating import create_model
from modelyard.models.onboarding.proposing import Known, propose
from modelyard.models.onboarding.templates import TEMPLATES

KNOWN = Known(key=("customer_id",), naming=("customer_id",), personal=True)


def made_customers(rows=1500, seed=1):
    dice = np.random.default_rng(seed)
    months, charge = dice.integers(0, 72, rows), dice.uniform(18, 118, rows).round(2)
    contract = dice.choice(["monthly", "yearly"], rows, p=[0.6, 0.4])
    chance = 1 / (1 + np.exp(0.06 * months - 0.02 * charge - 1.2 * (contract == "monthly") + 0.8))
    left = dice.random(rows) < chance
    return pl.DataFrame(
        {
            "customer_id": [f"{dice.integers(1 << 40):012x}{row}" for row in range(rows)],
            "months": months,
            "charge": charge,
            "contract": contract,
            "gender": dice.choice(["f", "m"], rows),
            "discount": [float(one) if one > 0.1 else None for one in dice.random(rows)],
            "paperless": dice.random(rows) < 0.5,
            "note": [f"note {row}" for row in range(rows)],
            "currency": "EUR",
            "fax": pl.Series([None] * rows, dtype=pl.String),
            "refund": np.where(left, dice.uniform(1, 9, rows), 0.0),
            "last_call": [1 if one else None for one in left],
            "churn": np.where(left, "Yes", "No"),
        }
    )


@pytest.fixture
def customers():
    return made_customers()


@pytest.fixture
def proposal(customers):
    return propose(customers, known=KNOWN)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(root=tmp_path / "project", state=tmp_path / "state")


@pytest.fixture
def new_model(workspace, proposal):
    """Makes a model of customers, from the released template or from others."""

    def make(name="leaving", templates=TEMPLATES, **more):
        words = {"purpose": "customers", "proposal": proposal, "owner": "retention", **more}
        return create_model(workspace, name, templates=templates, **words)

    return make


@pytest.fixture
def known():
    return KNOWN


@pytest.fixture
def three_templates(tmp_path):
    """The released template and two after it: v2 changes a threshold and adds a section, v3 a line and a file."""
    root = tmp_path / "templates"
    shutil.copytree(TEMPLATES / "v1", root / "v1")

    def after(version, new, *changes):
        shutil.copytree(root / version, root / new)
        for file, old, text in changes:
            path = root / new / "files" / file
            assert path.read_text().count(old) == 1, (file, old)
            path.write_text(path.read_text().replace(old, text))

    after(
        "v1",
        "v2",
        ("model.py.jinja", 'Threshold(metric="roc_auc", at_least=0.6)', 'Threshold(metric="roc_auc", at_least=0.65)'),
        ("README.md.jinja", "## Limits\n", "## Fairness\nCompare the slices before every promotion.\n\n## Limits\n"),
    )
    after(
        "v2",
        "v3",
        ("model.py.jinja", '    risk="{{ risk }}",\n', '    risk="{{ risk }}",\n    seed=20260101,\n'),
        ("explore.ipynb.jinja", "## The label", "## The label, and how often it is there"),
    )
    (root / "v3" / "files" / "CHECKLIST.md").write_text("Ask who is harmed by a wrong answer.\n")
    return root
