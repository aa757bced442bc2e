"""The schema gate: the columns that the contract names, no others, each of its type."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from modelyard.gates.contract import Contract
from modelyard.gates.report import Check, Finding

ALIKE = 0.6
"""Similarity of two names (0 to 1, difflib) from which one may be the other, renamed."""


def check_schema(
    columns: Sequence[str], contract: Contract, type_findings: Sequence[Finding]
) -> tuple[list[Finding], list[Check]]:
    """Compare the names in the file with the contract, and add what was wrong with the types.

    Order is free, since columns are found by name; another order than before is reported as a warning, because it
    shows that something at the source has changed.
    """
    missing = [name for name in contract.names if name not in columns]
    extra = [name for name in columns if name not in contract.names]
    findings = [_missing(name, extra) for name in missing]
    findings += [_extra(name, missing, contract) for name in extra]
    if not missing and not extra and tuple(columns) != contract.names:
        findings.append(_reordered(columns, contract))
    findings += type_findings
    broken = {finding.subject for finding in findings if finding.severity == "refusal"}
    checks = [
        Check("schema", "column", name, "refused" if name in broken else "passed", limit=contract.column(name).physical)
        for name in contract.names
    ]
    return findings, checks


def _missing(name: str, extra: Sequence[str]) -> Finding:
    renamed = _alike(name, extra)
    hint = f"{_visible(renamed)} may be this column under another name" if renamed else ""
    return Finding("schema", "missing_column", name, "is missing", "no such column", name, hint=hint)


def _extra(name: str, missing: Sequence[str], contract: Contract) -> Finding:
    meant = _alike(name, missing)
    hint = f"this may be {meant} under another name" if meant else "add it to the contract if it is here to stay"
    found, allowed = _visible(name), ", ".join(contract.names)
    return Finding("schema", "extra_column", name, "is not in the contract", found, allowed, hint=hint)


def _reordered(columns: Sequence[str], contract: Contract) -> Finding:
    place = next(place for place, name in enumerate(contract.names) if columns[place] != name)
    message = "come in another order than the contract's; they are read by name"
    found, allowed = f"{columns[place]} in place {place + 1}", contract.names[place]
    return Finding("schema", "reordered", "columns", message, found, allowed, severity="warning")


def _alike(name: str, others: Sequence[str]) -> str:
    """The other name that this one was probably meant to be; "" where none is near."""
    plain = _plain(name)
    for other in others:
        if _plain(other) == plain:
            return other
    near = difflib.get_close_matches(plain, [_plain(other) for other in others], n=1, cutoff=ALIKE)
    return next((other for other in others if near and _plain(other) == near[0]), "")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _visible(name: str) -> str:
    """The name as it is, with letters outside ASCII spelt out: some look exactly like others."""
    return name if name.isascii() and name.isprintable() else f"{name} ({name!a})"
