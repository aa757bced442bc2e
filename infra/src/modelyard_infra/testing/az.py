"""A stand-in for the Azure CLI: it remembers what was asked, and answers as it was told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from modelyard_infra.az_cli import Said

Answer = Said | Callable[[Sequence[str]], Said]
DONE = Said(0, "", "")


@dataclass
class FakeAz:
    """Answers a command by its first words; commands that nobody told it about succeed and print nothing."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    """By the beginning of the command, its words joined by spaces; the longest that fits wins."""
    asked: list[tuple[str, ...]] = field(default_factory=list)
    """Every command, in order."""

    def run(self, arguments: Sequence[str]) -> Said:
        """Remember and answer."""
        self.asked.append(tuple(arguments))
        line = " ".join(arguments)
        fitting = [start for start in self.answers if line.startswith(start)]
        if not fitting:
            return DONE
        answer = self.answers[max(fitting, key=len)]
        return answer(arguments) if callable(answer) else answer
