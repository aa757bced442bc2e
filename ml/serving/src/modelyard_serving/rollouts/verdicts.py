"""How a rollout stands, kept in a file, so that what was taken back stays back when the host starts again.

The host's use of it, one rollout after the other:

    state = resume(deployments, model, rollout, now=...)      when a pointer with a rollout is read
    weight = weight_of(rollout, state)                        into the shared memory that workers read
    watch, verdict = watch.look(*read_counts(numbers))        a few times a second, where limits are set
    if (new := after(state, verdict, now=...)) is not state:  write_rollout_state(...), set the weight anew
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from modelyard_bundle.errors import BundleError
from modelyard_bundle.rollout import Rollout
from modelyard_bundle.rollout_state import RolloutState, read_rollout_state, write_rollout_state
from modelyard_serving.rollouts.stopping import Verdict, Watch


def resume(deployments: Path, model: str, rollout: Rollout, *, now: str) -> RolloutState:
    """How a rollout stands when the host comes to know it; written down if it is new.

    Args:
        deployments: The folder of deployment pointers.
        model: The model's name.
        rollout: What the pointer says.
        now: ISO 8601 in UTC.
    """
    try:
        found = read_rollout_state(deployments, model)
    except BundleError as error:
        # It may have said "returned". Nobody gets a version that was perhaps taken back.
        state = take_back(_new(rollout, now), reason=f"its state could not be read: {error}", now=now)
    else:
        if found is not None and found.rollout == rollout.id:
            return found
        state = _new(rollout, now)
    write_rollout_state(deployments, model, state)
    return state


def watch_of(rollout: Rollout, state: RolloutState) -> Watch | None:
    """The test to go on with; none where there is nothing to decide: a shadow, or a candidate that was taken back."""
    if rollout.limits is None or state.state == "returned":
        return None
    # The counts of a host before this one are gone, but not the turns that it spent of alpha.
    return Watch(rollout.limits, turn=int(state.figures.get("turn", 0)) + 1)


def after(state: RolloutState, verdict: Verdict, *, now: str) -> RolloutState:
    """The state that a verdict leads to; the same object where nothing changes."""
    if state.state == "returned" or verdict.decision == "go_on":
        return state
    if verdict.decision == "return":
        return take_back(state, reason=verdict.reason, now=now, figures=dict(verdict.figures))
    return replace(state, state="passed", reason=verdict.reason, at=now, figures=dict(verdict.figures))


def take_back(state: RolloutState, *, reason: str, now: str, figures: dict[str, float] | None = None) -> RolloutState:
    """The candidate is taken back: it failed its test, or could not be served at all. This is final."""
    if state.state == "returned":
        return state
    return replace(state, state="returned", reason=reason, at=now, figures=figures or {})


def weight_of(rollout: Rollout, state: RolloutState) -> float:
    """The candidate's weight, from 0 to 1."""
    return 0.0 if state.state == "returned" else rollout.share


def describe(rollout: Rollout, state: RolloutState, *, result: dict[str, Any] | None = None) -> dict[str, Any]:
    """`parameters.rollout` in a model's metadata.

    Args:
        rollout: What the pointer says.
        state: How it stands.
        result: `Outcome.to_document()` or `ShadowResult.to_document()`.
    """
    return {
        "id": rollout.id,
        "mode": rollout.mode,
        "version": rollout.candidate.version,
        "digest": rollout.candidate.digest,
        "percent": rollout.percent,
        "weight": weight_of(rollout, state),
        "started_at": rollout.started_at,
        "state": state.state,
        "reason": state.reason,
        "at": state.at,
        "figures": dict(state.figures),
        "result": result,
    }


def rollout_metrics(rollout: Rollout, state: RolloutState, *, model: str) -> list[Metric]:
    """modelyard_rollout_*: what a monitor watches to tell people that a candidate was taken back."""
    names, labels = ("model", "version", "mode"), (model, rollout.candidate.version, rollout.mode)
    weight = GaugeMetricFamily("modelyard_rollout_weight", "The candidate's weight, 0 to 1.", labels=names)
    weight.add_metric(labels, weight_of(rollout, state))
    returned = GaugeMetricFamily("modelyard_rollout_returned", "1 where it was taken back.", labels=names)
    returned.add_metric(labels, float(state.state == "returned"))
    return [weight, returned]


def _new(rollout: Rollout, now: str) -> RolloutState:
    reason = "the rollout has begun"
    return RolloutState(rollout=rollout.id, version=rollout.candidate.version, state="running", reason=reason, at=now)
