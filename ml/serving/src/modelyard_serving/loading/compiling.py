"""The fast way of a model: compiled from its pipeline, and taken only where it has been proven to say the same."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial

from modelyard_serving.decoding.encoding import Encoding
from modelyard_serving.loading.served import Compiled, ServedModel
from modelyard_serving.plans.compiling import study
from modelyard_serving.plans.plan import NotUnderstood, Plan
from modelyard_serving.plans.proof import prove

CHEAP_SECONDS = 150e-6
"""Below this, a call costs less than to wait for others and share it."""
_CALLS = 20
_MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Way:
    """How a model is to be asked."""

    compiled: bool
    cheap: bool = False
    """Whether a call of the compiled plan costs so little that requests need not share it."""
    reason: str = ""
    """Why the pipeline itself is asked, where it is."""


def find_way(model: ServedModel, pipeline: object) -> Way:
    """Compile the pipeline, and compare what the plan says with what the pipeline says."""
    plan = study(pipeline, model.signature)
    if isinstance(plan, NotUnderstood):
        return Way(compiled=False, reason=plan.reason)
    try:
        encoding = Encoding.compile(model.signature, plan.vocabularies)
        # With the decoder that requests go through, so that both are proven together.
        encode = partial(encoding.matrix, max_rows=_MOST_ROWS)
        proof = prove(plan, model.predict_values, model.signature, model.example, encode=encode)
        if not proof.holds:
            return Way(compiled=False, reason=f"the plan differs: {proof.reason}")
        return Way(compiled=True, cheap=_seconds(plan, model) < CHEAP_SECONDS)
    except Exception as error:
        # A plan that cannot be proven is not needed: the pipeline answers in any case.
        return Way(compiled=False, reason=f"the plan could not be proven: {type(error).__name__}")


def take_way(model: ServedModel, pipeline: object, way: Way) -> ServedModel:
    """The model, asked the way that was found for it."""
    plan = study(pipeline, model.signature) if way.compiled else NotUnderstood(way.reason)
    if isinstance(plan, NotUnderstood):
        return replace(model, way=f"scikit-learn: {plan.reason}")
    encoding = Encoding.compile(model.signature, plan.vocabularies)
    return replace(model, compiled=Compiled(plan=plan, encoding=encoding, cheap=way.cheap), way=f"plan: {plan.name}")


def _seconds(plan: Plan, model: ServedModel) -> float:
    """What a call of the plan takes for one row, at its quickest: other work can only make it slower."""
    encoding = Encoding.compile(model.signature, plan.vocabularies)
    matrix = encoding.matrix(model.example.columns(), max_rows=len(model.example.rows))[:1]
    quickest = float("inf")
    for _ in range(_CALLS):
        begun = time.perf_counter()
        plan.predict(matrix)
        quickest = min(quickest, time.perf_counter() - begun)
    return quickest
