"""What flows are about: the sources, purposes and models that there are, and which of them belong together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from modelyard.errors import ModelNotFoundError

Each = Literal["once", "source", "purpose", "model"]
ONLY = "all"
"""The one thing that a task is done for which is done once."""


@dataclass(frozen=True, slots=True)
class ModelSubject:
    """One model, as far as flows go."""

    purpose: str
    owner: str
    served: bool = True
    """Whether the model API can answer for it; what it can't is scored in batches only."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """Everything that a task can be done for."""

    purposes: Mapping[str, tuple[str, ...]]
    """The sources of each purpose."""
    models: Mapping[str, ModelSubject]

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source that a purpose has, sorted."""
        return tuple(sorted({source for sources in self.purposes.values() for source in sources}))

    @property
    def served(self) -> tuple[str, ...]:
        """The models that the model API can answer for, sorted."""
        return tuple(sorted(name for name, model in self.models.items() if model.served))

    def of(self, each: Each) -> tuple[str, ...]:
        """All of a kind, sorted."""
        return {
            "once": (ONLY,),
            "source": self.sources,
            "purpose": tuple(sorted(self.purposes)),
            "model": tuple(sorted(self.models)),
        }[each]

    def related(self, each: Each, one: str, other: Each) -> tuple[str, ...]:
        """Those of another kind that one is made of, or that are made of it: a model's purpose, a purpose's sources.

        What is done once has to do with everything.
        """
        mine = self._purposes(each, one)
        return tuple(
            found
            for found in self.of(other)
            if self._purposes(other, found) & mine and self._same((each, one), (other, found))
        )

    def owner(self, model: str) -> str:
        """Who owns a model."""
        return self.models[model].owner

    def about(self, models: Collection[str]) -> Subjects:
        """Only these models, with their purposes.

        Raises:
            ModelNotFoundError: there is none of this name.
        """
        for name in models:
            if name not in self.models:
                raise ModelNotFoundError(
                    f"there is no model {name!r}; found {', '.join(sorted(self.models)) or 'none'}",
                    hint="modelyard model list",
                )
        kept = {name: model for name, model in self.models.items() if name in models}
        wanted = {model.purpose for model in kept.values()}
        return Subjects({name: of for name, of in self.purposes.items() if name in wanted}, kept)

    def _purposes(self, each: Each, one: str) -> frozenset[str]:
        if each == "source":
            return frozenset(name for name, sources in self.purposes.items() if one in sources)
        if each == "purpose":
            return frozenset({one})
        if each == "model":
            return frozenset({self.models[one].purpose})
        return frozenset({*self.purposes, *(model.purpose for model in self.models.values())})

    @staticmethod
    def _same(one: tuple[Each, str], other: tuple[Each, str]) -> bool:
        """Two of one kind have to do with each other only where they are the same."""
        return one[0] != other[0] or one == other
