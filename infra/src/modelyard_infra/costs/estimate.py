"""The estimate: each billed resource of a blueprint, line by line, beside the environment's budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from modelyard_infra.blueprint.azure.draw import AzureBlueprint
from modelyard_infra.blueprint.graph import Resource
from modelyard_infra.costs.meters import BILLED, Month, Reading
from modelyard_infra.costs.table import Assumptions, PriceTable, load_prices

NO_MACHINE = "Standard_D4ds_v5"
"""Stands for Databricks's machine where the environment has no Databricks."""
GRANT_KEY = "apps-grant"


class UnpricedKindError(LookupError):
    """A kind of resource of which the price table says nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """One meter of one resource."""

    key: str
    """The resource's key in the graph."""
    kind: str
    """The resource's kind."""
    what: str
    """What is paid for."""
    quantity: float
    """How much of it in a month."""
    unit: str
    """Of what."""
    unit_price: float
    """For one unit."""
    always: bool
    """Whether it is paid whatever is done."""

    @property
    def monthly(self) -> float:
        """For a month."""
        return self.quantity * self.unit_price


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an environment costs in a month."""

    environment: str
    lines: tuple[Line, ...]
    """In the order of the graph."""
    table: PriceTable
    """Prices, and what they are."""
    assumptions: Assumptions
    """What is used in a month."""
    location: str
    """Where the environment is; prices may be those of another region."""
    budget: float | None
    """What the environment's budget says, in the currency of the subscription's bills; None where there is none."""

    @property
    def monthly(self) -> float:
        """All lines together."""
        return sum(line.monthly for line in self.lines)

    @property
    def always(self) -> float:
        """What is paid even if nothing is done."""
        return sum(line.monthly for line in self.lines if line.always)

    @property
    def caution(self) -> str:
        """What the estimate is and is not."""
        elsewhere = "" if self.location == self.table.region else f"; {self.location} costs something else"
        prices = f"prices of {self.table.region}, noted {self.table.noted}, in {self.table.currency}"
        return f"{self.table.says}: {prices}{elsewhere}"

    def to_json(self) -> dict[str, object]:
        """The estimate for machines."""
        return {
            "environment": self.environment,
            "says": self.caution,
            "noted": self.table.noted.isoformat(),
            "currency": self.table.currency,
            "monthly": round(self.monthly, 2),
            "always_on": round(self.always, 2),
            "by_use": round(self.monthly - self.always, 2),
            "budget": self.budget,
            "assumptions": self.assumptions.model_dump(),
            "lines": [{**asdict(line), "monthly": round(line.monthly, 2)} for line in self.lines],
        }


def estimate(blueprint: AzureBlueprint, *, node_size: str = "", table: PriceTable | None = None) -> Estimate:
    """What an environment costs in a month.

    Args:
        blueprint: the environment as it is drawn.
        node_size: Databricks's machine, which is a setting and no resource; a D4ds_v5 unless said.
        table: prices and assumptions; the shipped ones unless said.

    Raises:
        UnpricedKindError: the price table says nothing of a kind of the graph.
    """
    table = table or load_prices()
    used = table.assumptions[blueprint.environment]
    month = Month(table.hours, used, node_size or NO_MACHINE)
    lines = [line for resource in blueprint.graph for line in _lines(resource, month, table)]
    budgets = blueprint.graph.of_kind("consumption:Budget")
    return Estimate(
        environment=blueprint.environment,
        lines=(*lines, *_granted(lines, table)),
        table=table,
        assumptions=used,
        location=blueprint.location,
        budget=float(str(budgets[0].properties["amount"])) if budgets else None,
    )


def _lines(resource: Resource, month: Month, table: PriceTable) -> Iterator[Line]:
    read = BILLED.get(resource.kind)
    if read is None:
        if resource.kind not in table.free:
            raise UnpricedKindError(f"{resource.kind} has no price, and is not among the kinds that cost nothing")
        return
    for reading in read(resource, month):
        if reading.quantity:
            yield _line(resource, reading, table)


def _line(resource: Resource, reading: Reading, table: PriceTable) -> Line:
    price = table.prices[reading.meter]
    return Line(
        resource.key, resource.kind, reading.what, reading.quantity, price.unit, price.price, always=reading.always
    )


def _granted(lines: list[Line], table: PriceTable) -> Iterator[Line]:
    """What Container Apps gives free, taken off what is used of it; of CPU off the busy one, which is the dearer."""
    for given, meter in (
        (table.grant.vcpu_seconds, "apps.cpu_active"),
        (table.grant.gib_seconds, "apps.memory"),
        (table.grant.requests_million, "apps.requests"),
    ):
        price = table.prices[meter]
        used = sum(line.quantity for line in lines if (line.unit, line.unit_price) == (price.unit, price.price))
        if used:
            what = "free each month in a subscription"
            quantity = -min(given, used)
            yield Line(GRANT_KEY, "app:ManagedEnvironment", what, quantity, price.unit, price.price, always=False)
