"""How large an expansion may become. Templates grow without end before anybody notices.

The numbers of files and of levels are the service's ("Imposed limits" in its reference of templates), and so are the
megabytes, which it counts in memory of its own; here they are the texts and parts that an expansion makes.
"""

from __future__ import annotations

from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar
from modelyard.delivery.expanding.reading import DEEPEST
from modelyard.delivery.expanding.refusing import refuse
from modelyard.delivery.places import Place

MOST_FILES = 100
MOST_LEVELS = 100
MOST_BYTES = 20 * 1024 * 1024
MOST_ROUNDS = 200_000
"""Rounds of `each`, which cost time even where they add nothing."""
PART_BYTES = 64
"""What a part costs besides its text."""


class Budget:
    """What one expansion may still use."""

    def __init__(self) -> None:
        self._bytes = 0
        self._rounds = 0

    def charge(self, node: Node) -> None:
        """Counts one part with everything in it.

        Raises:
            InvalidPipelineError: the expansion is larger than the service would take.
        """
        self._charge(node, 0)
        if self._bytes > MOST_BYTES:
            found = f"the expanded pipeline is larger than {MOST_BYTES // 1024**2} MB"
            refuse(node.place, found, hint="make the lists shorter that `each` goes over")

    def _charge(self, node: Node, depth: int) -> None:
        self._bytes += PART_BYTES
        if self._bytes > MOST_BYTES:
            return
        if depth > DEEPEST:
            refuse(node.place, f"nested deeper than {DEEPEST} levels", hint="pass on less in every template")
        if isinstance(node, Scalar):
            self._bytes += len(node.text)
        elif isinstance(node, Items):
            for item in node.items:
                self._charge(item, depth + 1)
        elif isinstance(node, Fields):
            for key, value in node.entries:
                self._bytes += len(key.text)
                self._charge(value, depth + 1)

    def round(self, place: Place) -> None:
        """Counts one round of `each`.

        Raises:
            InvalidPipelineError: loops inside loops go on for too long.
        """
        self._rounds += 1
        if self._rounds > MOST_ROUNDS:
            found = f"the loops of this pipeline take more than {MOST_ROUNDS:,} rounds"
            refuse(place, found, hint="make the lists shorter that `each` goes over")
