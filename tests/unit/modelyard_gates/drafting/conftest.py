"""A table of orders as a shop would export it, and ways to write it."""

import random
from datetime import date, timedelta

import polars as pl
import pytest

from modelyard.gates.drafting.draft import draft_contract
from modelyard.gates.drafting.sample import read_sample


@pytest.fixture
def orders():
    """Four hundred rows with a bit of everything."""
    dice = random.Random(4)
    rows = range(400)
    return pl.DataFrame(
        {
            "orderNo": [f"AB-{1000 + row}" for row in rows],
            "Customer ID": [f"C{dice.randrange(90):04}" for _ in rows],
            "E-Mail": [f"someone{dice.randrange(90)}@example.com" for _ in rows],
            "ordered_at": [f"2024-{1 + row // 40:02}-{1 + row % 28:02} 08:{row % 60:02}:00" for row in rows],
            "day": [str(date(2024, 1, 1) + timedelta(days=row)) for row in rows],
            "status": [dice.choice(["open", "paid", "sent"]) for _ in rows],
            "amount": [f"{dice.uniform(5, 80):.2f}" for _ in rows],
            "pieces": [str(dice.randrange(1, 9)) for _ in rows],
            "weight": [f"{dice.uniform(0, 3):.1f}" if row % 10 else "n/a" for row in rows],
            "gift": [dice.choice(["True", "False"]) for _ in rows],
            "zip": [f"{dice.randrange(99999):05}" for _ in rows],
        }
    )


@pytest.fixture
def written(tmp_path, orders):
    """A file of orders, after a change."""

    def write(change=lambda frame: frame, name="orders.csv"):
        path = tmp_path / name
        change(orders).write_csv(path)
        return path

    return write


@pytest.fixture
def drafted(written):
    """The draft for a file of orders, after a change."""

    def draft(change=lambda frame: frame, **more):
        return draft_contract("orders", read_sample(written(change)), path="orders.csv", **more)

    return draft
