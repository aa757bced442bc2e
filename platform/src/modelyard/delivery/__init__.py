"""Delivery: pipelines read as Azure Pipelines reads them, checked, rehearsed on one machine, and set up for real."""
