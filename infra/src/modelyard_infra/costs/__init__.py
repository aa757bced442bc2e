"""What an environment in Azure costs in a month: an estimate from a dated table of list prices, and no offer."""

from modelyard_infra.costs.estimate import Estimate, Line, estimate

__all__ = ["Estimate", "Line", "estimate"]
