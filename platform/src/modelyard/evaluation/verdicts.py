"""What a comparison may end with."""

from __future__ import annotations

from typing import Literal

Verdict = Literal[
    "candidate_wins",
    "not_worse",
    "production_wins",
    "not_enough_data",
    "fails_a_slice",
    "not_comparable",
    "invalid_scores",
    "first",
]
"""candidate_wins: better beyond chance. not_worse: worse by less than the declared margin, beyond chance.
production_wins: the candidate is worse beyond chance. not_enough_data: these rows cannot tell.
fails_a_slice: whatever it is overall, not good enough in a protected slice. not_comparable: no figure on these rows
could be trusted. invalid_scores: the candidate gives no number for some rows. first: nothing is in production yet."""

SUPPORTING: tuple[Verdict, ...] = ("candidate_wins", "not_worse", "first")
"""Verdicts that a promotion can rest on."""

SHOWN: dict[Verdict, str] = {
    "candidate_wins": "The candidate wins",
    "not_worse": "The candidate is not worse",
    "production_wins": "Production wins",
    "not_enough_data": "Not enough data to tell",
    "fails_a_slice": "Refused: not good enough in a protected slice",
    "not_comparable": "These rows cannot be used to compare the two",
    "invalid_scores": "The candidate gives scores that are no numbers",
    "first": "The first version: nothing to compare with",
}
"""Each verdict for people."""
