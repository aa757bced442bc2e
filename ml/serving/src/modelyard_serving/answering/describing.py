"""The endpoints that tell: health, metadata, metrics and documentation."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from modelyard_serving.answering.calls import Answer, Call, json_answer
from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.reporting import Reports
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.protocols import metadata
from modelyard_serving.protocols.asking import Header
from modelyard_serving.protocols.docs_page import render_docs
from modelyard_serving.protocols.openapi import render_openapi
from modelyard_serving.refusals import RequestRefusedError

_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
_PAGE_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_PLAIN: Header = (b"content-type", b"text/plain; charset=utf-8")
_EXPOSITION: Header = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Describing:
    """Answers what is served, whether it is well, and how to ask it."""

    catalog: Catalog
    reports: Reports

    async def root(self, call: Call) -> Answer:
        """The way to the documentation."""
        del call
        return Answer(b"", 307, ((b"location", b"/docs"),))

    async def server(self, call: Call) -> Answer:
        """The server's metadata."""
        del call
        return json_answer(metadata.server(self.catalog.served.values()))

    async def live(self, call: Call) -> Answer:
        """The process answers."""
        del call
        return json_answer({"live": True})

    async def ready(self, call: Call) -> Answer:
        """At least one model is served, and the process is not stopping."""
        del call
        reason = self.catalog.readiness()
        if reason is None:
            return json_answer({"ready": True, "models": list(self.catalog.served)})
        return json_answer({"ready": False, "reason": reason}, status=503, headers={"retry-after": "5"})

    async def ping(self, call: Call) -> Answer:
        """What MLflow's clients wait on."""
        del call
        return Answer(b"\n", 200 if self.catalog.readiness() is None else 503, (_PLAIN,))

    async def version(self, call: Call) -> Answer:
        """What MLflow's clients ask the server's version with."""
        del call
        return Answer(metadata.VERSION.encode(), 200, (_PLAIN,))

    async def model(self, call: Call) -> Answer:
        """A model's metadata, and the bundle that was refused last if one was."""
        model = self._find(call)
        refusal = self.catalog.refusal(model.name)
        beside = self.catalog.tried.get(model.name)
        versions = [self.catalog.served[model.name].version]
        versions += [] if beside is None else [beside.candidate.version]
        document = metadata.model(model, versions=versions, refused=None if refusal is None else asdict(refusal))
        if beside is not None:
            document["parameters"]["rollout"] = await self.reports.rollout(model.name)
        return json_answer(document)

    async def model_ready(self, call: Call) -> Answer:
        """Whether one model answers."""
        model = self._find(call)
        if self.catalog.draining:
            raise RequestRefusedError("stopping", "the model API is stopping", status=503)
        return json_answer({"name": model.name, "ready": True})

    def _find(self, call: Call) -> ServedModel:
        call.caller.check_model(call.names["name"])
        model = self.catalog.find(call.names["name"], call.names.get("version"))
        call.model = model
        return model

    async def prometheus(self, call: Call) -> Answer:
        """The metrics of all workers."""
        del call
        return Answer(await self.reports.metrics(), 200, (_EXPOSITION,))

    async def openapi(self, call: Call) -> Answer:
        """The OpenAPI document of what is served now."""
        del call
        return json_answer(render_openapi(self.catalog.served))

    async def docs(self, call: Call) -> Answer:
        """A page for people."""
        host = call.header(b"host")
        # The page shows a command to copy: only a plain host name may get into it.
        address = host if _HOST.fullmatch(host) else "127.0.0.1"
        page = render_docs(
            self.catalog.served,
            address=f"{call.scope.get('scheme', 'http')}://{address}",
            reason=self.catalog.readiness(),
        )
        return Answer(page.encode(), 200, _PAGE_HEADERS)
