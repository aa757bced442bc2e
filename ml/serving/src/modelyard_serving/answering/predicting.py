"""The endpoints that predict: one way through for every protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

from modelyard_serving.access.caller import check_role
from modelyard_serving.access.roles import Role
from modelyard_serving.answering.batching import Batcher
from modelyard_serving.answering.calls import Answer, Call
from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.profiles import Profile
from modelyard_serving.answering.reading import content_type, read_body
from modelyard_serving.answering.trials import ModelFailedError, Trial
from modelyard_serving.explaining.explanation import Explanation
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.observing.counters import VersionKey
from modelyard_serving.observing.metrics import Metrics
from modelyard_serving.observing.records import Log, where_it_failed
from modelyard_serving.protocols.asking import Asked, Told, wants_explanation
from modelyard_serving.protocols.bodies import CSV, INFERENCE_MEDIA, JSON
from modelyard_serving.protocols.inference import read_inference
from modelyard_serving.protocols.invocations import read_invocation
from modelyard_serving.protocols.typed import read_rows
from modelyard_serving.refusals import RequestRefusedError
from modelyard_serving.settings import Settings

Read = Callable[[bytes], Asked]
"""Takes the body of a request apart, for the model that it is meant for."""


@dataclass(slots=True, kw_only=True)
class Predicting:
    """Answers inference requests in all protocols."""

    catalog: Catalog
    settings: Settings
    metrics: Metrics
    log: Log
    threads: Executor
    _kept: dict[VersionKey, _Kept] = field(default_factory=dict)
    _trials: dict[str, Trial] = field(default_factory=dict)

    async def infer(self, call: Call) -> Answer:
        """Open Inference Protocol, version 2, in JSON or with binary tensors."""
        model = self._begin(call)
        header = call.headers.get(b"inference-header-content-length")
        content_type(call, *INFERENCE_MEDIA)
        return await self._answer(
            call, model, lambda body: read_inference(body, model.signature, model.decoder, header=header)
        )

    async def invoke(self, call: Call) -> Answer:
        """MLflow's scoring protocol."""
        model = self._begin(call)
        media = content_type(call, JSON, CSV)
        return await self._answer(call, model, lambda body: read_invocation(body, media, model.decoder))

    async def predict(self, call: Call) -> Answer:
        """The typed route of one model."""
        model = self._begin(call)
        content_type(call, JSON)
        return await self._answer(call, model, lambda body: read_rows(body, model.decoder))

    def _begin(self, call: Call) -> ServedModel:
        name = call.names.get("name")
        model = self.catalog.only() if name is None else self.catalog.find(name, call.names.get("version"))
        call.caller.check_model(model.name)
        call.model = model
        return model

    async def _answer(self, call: Call, model: ServedModel, read: Read) -> Answer:
        body = await read_body(call, max_bytes=self.settings.max_body_bytes, seconds=self.settings.body_seconds)
        asked = read(body)
        trial = None if "version" in call.names else self._trial(model)
        told = await (self._ask(call, model, asked) if trial is None else trial.ask(call, asked, self._ask))
        # Whoever answered: that may be the version that is tried.
        rendered = asked.render(call.model or model, told)
        return Answer(rendered.body, 200, rendered.headers)

    async def _ask(self, call: Call, model: ServedModel, asked: Asked) -> Told:
        call.model = model
        kept = self._kept_for(model)
        decoded = model.decode(asked.columns, max_rows=self.settings.max_rows)
        explain = (call.has_query and wants_explanation(call.query())) or asked.explain
        if explain:
            check_role(call.caller, Role.EXPLAIN, scheme="Bearer")
        try:
            prediction = await kept.batcher.predict(decoded)
            explanation = await self._explained(model, asked) if explain else None
        except RequestRefusedError:
            raise
        except Exception as error:
            self._failed(call, model, error)
            raise ModelFailedError from error
        call.rows, call.unseen = decoded.height, len(decoded.warnings)
        self.metrics.predicted(model.key, prediction.values, above=prediction.above, unseen=call.unseen)
        if kept.profile is not None:
            kept.profile.add(decoded)
        return Told(prediction, decoded.warnings, explanation)

    async def _explained(self, model: ServedModel, asked: Asked) -> Explanation:
        # Whoever does not ask for it pays nothing for it.
        from modelyard_serving.explaining.explainer import explain

        return await asyncio.get_running_loop().run_in_executor(self.threads, explain, model, asked.columns)

    def flush(self) -> None:
        """Add to the shared memory what was gathered of the features' profiles."""
        for kept in self._kept.values():
            if kept.profile is not None:
                kept.profile.flush()

    def _failed(self, call: Call, model: ServedModel, error: Exception) -> None:
        self.log.event(
            "prediction_failed",
            request_id=call.request_id,
            model=model.name,
            version=model.version,
            error=type(error).__name__,
            trace=where_it_failed(error),
        )

    def _kept_for(self, model: ServedModel) -> _Kept:
        found = self._kept.get(model.key)
        if found is None or found.batcher.model is not model:
            batcher = Batcher(model, metrics=self.metrics, threads=self.threads)
            found = self._kept[model.key] = _Kept(batcher, Profile.of(model, self.metrics.segment))
        return found

    def _trial(self, production: ServedModel) -> Trial | None:
        beside = self.catalog.tried.get(production.name)
        if beside is None:
            return None
        found = self._trials.get(production.name)
        if found is None or found.beside is not beside:
            found = self._trials[production.name] = Trial(production, beside, self.metrics.segment)
        return found


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a worker keeps for one version."""

    batcher: Batcher
    profile: Profile | None
