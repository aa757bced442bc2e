"""A small contract with a bit of everything, and ways to write it and batches for it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelyard.gates.contract import Contract
from modelyard.gates.loading import load_contract

DOCUMENT: dict[str, Any] = {
    "apiVersion": "v3.1.0",
    "kind": "DataContract",
    "id": "rides",
    "version": "1.0.0",
    "status": "active",
    "schema": [
        {
            "name": "rides",
            "properties": [
                {"name": "year", "logicalType": "integer", "physicalType": "int", "required": True},
                {"name": "month", "logicalType": "integer", "physicalType": "int", "required": True},
                {
                    "name": "ride",
                    "logicalType": "integer",
                    "physicalType": "bigint",
                    "primaryKey": True,
                    "primaryKeyPosition": 1,
                    "customProperties": [{"property": "significance", "value": {"excluded": "it counts up"}}],
                },
                {
                    "name": "rider",
                    "logicalType": "string",
                    "physicalType": "string",
                    "classification": "personal",
                    "customProperties": [{"property": "clean", "value": "hash"}],
                },
                {
                    "name": "miles",
                    "logicalType": "number",
                    "physicalType": "double",
                    "logicalTypeOptions": {"minimum": 0, "maximum": 100},
                    "quality": [
                        {
                            "type": "custom",
                            "engine": "greatExpectations",
                            "implementation": {
                                "expectation_type": "expect_column_mean_to_be_between",
                                "kwargs": {"min_value": 1, "max_value": 50},
                            },
                        }
                    ],
                },
                {"name": "electric", "logicalType": "boolean", "physicalType": "boolean"},
                {"name": "day", "logicalType": "date", "physicalType": "date"},
                {"name": "begun", "logicalType": "timestamp", "physicalType": "timestamptz"},
            ],
            "customProperties": [
                {"property": "delivery", "value": "increment"},
                {"property": "periodColumns", "value": ["year", "month"]},
                {"property": "missingValues", "value": ["NA", ""]},
            ],
        }
    ],
}


@pytest.fixture
def document() -> dict[str, Any]:
    """A contract as a fresh, changeable document."""
    return copy.deepcopy(DOCUMENT)


@pytest.fixture
def write_contract(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    def write(document: dict[str, Any]) -> Path:
        path = tmp_path / "contract.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return path

    return write


@pytest.fixture
def contract(write_contract: Callable[[dict[str, Any]], Path], document: dict[str, Any]) -> Contract:
    return load_contract(write_contract(document))


HEADER = "year,month,ride,rider,miles,electric,day,begun\n"


@pytest.fixture
def csv_text() -> Callable[..., str]:
    """A good batch as CSV text, with any field of any row replaced."""

    def text(rows: int = 40, *, month: int = 1, first: int = 0, **replaced: str) -> str:
        lines = [HEADER]
        for row in range(rows):
            fields = {
                "year": "2020",
                "month": str(month),
                "ride": str(first + row),
                "rider": f"r{row % 7}",
                "miles": str(2.5 + row % 9),
                "electric": "true" if row % 2 else "false",
                "day": f"2020-{month:02d}-{1 + row % 28:02d}",
                "begun": f"2020-{month:02d}-01T05:{row % 60:02d}:00Z",
            }
            if row == 3:
                fields.update(replaced)
            lines.append(",".join(fields.values()) + "\n")
        return "".join(lines)

    return text


@pytest.fixture
def csv_file(tmp_path: Path, csv_text: Callable[..., str]) -> Callable[..., Path]:
    """A good batch on disk."""

    def write(rows: int = 40, *, name: str = "rides.csv", month: int = 1, first: int = 0, **replaced: str) -> Path:
        path = tmp_path / name
        path.write_text(csv_text(rows, month=month, first=first, **replaced))
        return path

    return write
