"""The documentation page: one HTML document without anything from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape

from modelyard_bundle import Feature
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.protocols.schemas import inference_example

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
code,pre{font:14px/1.4 ui-monospace,monospace;background:#f3f5f7;border-radius:4px}code{padding:0 .2em}
pre{padding:.8rem;overflow:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d8dde3;vertical-align:top}
@media(prefers-color-scheme:dark){body{color:#dfe4ea;background:#14181d}code,pre{background:#1f252c}}
"""
_ENDPOINTS = (
    ("GET", "/v2/health/live", "the process answers"),
    ("GET", "/v2/health/ready", "a model is served"),
    ("GET", "/v2/models/NAME", "metadata of a model"),
    ("POST", "/models/NAME/predict", "predict: rows of named features"),
    ("POST", "/v2/models/NAME/infer", "predict: Open Inference Protocol v2, JSON or binary tensors"),
    ("POST", "/models/NAME/invocations", "predict: MLflow's formats, or CSV"),
    ("POST", "/invocations", "the same, when one model is served"),
    ("GET", "/metrics", "Prometheus metrics"),
    ("GET", "/openapi.json", "OpenAPI document"),
)
_LISTED = 12


def render_docs(served: Mapping[str, ServedModel], *, address: str, reason: str | None) -> str:
    """The page for the models in `served`.

    Args:
        served: Models by name.
        address: Scheme and host that the commands on the page call.
        reason: Why the API is not ready, if it is not.
    """
    rows = "".join(
        f"<tr><td>{method}</td><td><code>{path}</code></td><td>{text}</td></tr>" for method, path, text in _ENDPOINTS
    )
    state = f"<p><strong>{escape(reason)}</strong></p>" if reason else ""
    models = "".join(_model(model, address) for model in served.values())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Modelyard model API</title><style>{_STYLE}</style></head><body>"
        f"<h1>Model API</h1>{state}{models}<h2>Endpoints</h2><table><tbody>{rows}</tbody></table>"
        "<p>A request that is refused gets a 4xx status and "
        '<code>{"error": {"code", "message", "request_id"}}</code>; under /v2 error is the message itself. '
        "Values that training never saw are answered, with a warning beside the answer. "
        "With <code>?explain=true</code> an answer says what each feature contributed.</p></body></html>"
    )


def _model(model: ServedModel, address: str) -> str:
    fields = "".join(_field(feature) for feature in model.signature.features)
    return (
        f"<h2>{escape(model.name)}</h2>"
        f"<p>Version {escape(model.version)}, digest <code>{model.digest}</code>. {escape(_gives(model))}</p>"
        f"<pre>{escape(curl_invocation(model, address))}</pre><pre>{escape(curl_inference(model, address))}</pre>"
        "<table><thead><tr><th>feature</th><th>type</th><th>seen in training</th><th></th></tr></thead>"
        f"<tbody>{fields}</tbody></table>"
    )


def _gives(model: ServedModel) -> str:
    output = model.signature.output
    if output.threshold is None:
        return f"Gives {output.name}, a number."
    below, above = output.labels
    return f"Gives the probability of “{above}”, and the label: “{above}” from {output.threshold:g} on, else “{below}”."


def _field(feature: Feature) -> str:
    kind = f"{feature.kind} or null" if feature.nullable else feature.kind
    cells = (feature.name, kind, _seen(feature), feature.description)
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _seen(feature: Feature) -> str:
    if feature.categories is not None:
        more = ", …" if len(feature.categories) > _LISTED else ""
        return ", ".join(feature.categories[:_LISTED]) + more
    if feature.minimum is None and feature.maximum is None:
        return ""
    low = "…" if feature.minimum is None else f"{feature.minimum:g}"
    high = "…" if feature.maximum is None else f"{feature.maximum:g}"
    return f"{low} to {high}"


def curl_invocation(model: ServedModel, address: str) -> str:
    """A command that asks for the first row of the example in MLflow's format."""
    return _curl(f"{address}/models/{model.name}/invocations", {"dataframe_records": [dict(model.example.rows[0])]})


def curl_inference(model: ServedModel, address: str) -> str:
    """The same in the Open Inference Protocol."""
    return _curl(f"{address}/v2/models/{model.name}/infer", inference_example(model))


def _curl(url: str, body: object) -> str:
    # Inside single quotes a shell takes everything as it is but the single quote itself.
    quoted = json.dumps(body, ensure_ascii=False).replace("'", "'\\''")
    return f"curl -sS {url} -H 'Content-Type: application/json' -d '{quoted}'"
