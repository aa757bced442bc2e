"""Each way of not being in order that the API test suite has to catch, by the check that is to catch it."""

from __future__ import annotations

import json
import re
import struct
import time
from http import HTTPStatus
from typing import Any

from modelyard.testing.sabotaged_api import Sabotage, Told

EXAMPLE_ROWS = 3
"""Of the tiny model's example."""
FEW_ROWS = 20
"""A request of more rows is a large one."""


def honest(told: Told) -> None:
    """Nothing is falsified."""


def is_dead(told: Told) -> None:
    """It says that it is not alive."""
    if told.path == "/v2/health/live":
        told.status = 500


def is_not_ready(told: Told) -> None:
    """It says that it is not ready."""
    if told.path == "/v2/health/ready":
        told.status = 503


def is_not_ready_for_mlflow(told: Told) -> None:
    """It says that it is not ready, only where MLflow asks."""
    if told.path == "/ping":
        told.status = 503


def names_another_version(told: Told) -> None:
    """Its metadata names a version that was not released."""
    if told.path == "/v2/models/tiny":
        told.edit(lambda document: document.update(versions=["9"]))


def says_that_another_version_is_tried(told: Told) -> None:
    """Its metadata tells of a rollout that nobody began."""
    if told.path == "/v2/models/tiny":
        rollout = {"version": "9", "digest": "9" * 64}
        told.edit(lambda document: document.update(versions=["1", "9"], parameters={"rollout": rollout}))


def names_another_digest_in_the_head(told: Told) -> None:
    """Every answer names another digest in its headers."""
    told.headers[b"x-model-digest"] = b"0" * 64


def names_nothing_in_the_head(told: Told) -> None:
    """No answer names the version in its headers."""
    told.headers.pop(b"x-model-version", None)


def says_in_the_body_that_another_version_answered(told: Told) -> None:
    """Predictions on the typed route name another version."""
    if told.is_prediction("/predict"):
        told.edit(lambda document: document["model"].update(version="9"))


def predicts_a_little_differently_over_v2(told: Told) -> None:
    """The first prediction is another one, in JSON over the Open Inference Protocol."""
    if told.is_prediction("/infer") and told.is_json and told.rows == EXAMPLE_ROWS:
        told.edit(lambda document: document["outputs"][0]["data"].__setitem__(0, 0.5))


def predicts_differently_for_the_named_version(told: Told) -> None:
    """The first prediction is another one where the version is in the path."""
    if told.is_prediction("/versions/1/infer"):
        told.edit(lambda document: document["outputs"][0]["data"].__setitem__(0, 0.5))


def predicts_a_millionth_more_in_binary_tensors(told: Told) -> None:
    """The first prediction is a millionth too high, only in binary tensors."""
    if told.is_prediction("/infer") and not told.is_json and told.rows == EXAMPLE_ROWS:
        start = int(told.headers[b"inference-header-content-length"])
        (value,) = struct.unpack_from("<d", told.body, start)
        told.body = told.body[:start] + struct.pack("<d", value + 1e-6) + told.body[start + 8 :]


def predicts_a_millionth_more(told: Told) -> None:
    """The last prediction is a millionth too high, in MLflow's formats."""
    if told.is_prediction("/invocations") and told.rows == EXAMPLE_ROWS:
        told.edit(lambda document: _more(document["predictions"][-1], 1e-6))


def predicts_a_hundred_millionth_more_on_its_typed_route(told: Told) -> None:
    """The last prediction is a hundred-millionth too high, on the typed route."""
    if told.is_prediction("/predict") and told.rows == EXAMPLE_ROWS:
        told.edit(lambda document: _more(document["predictions"][-1], 1e-8))


def loses_a_row(told: Told) -> None:
    """The last prediction is missing."""
    if told.is_prediction("/invocations"):
        told.edit(lambda document: document["predictions"].pop())


def does_not_read_csv(told: Told) -> None:
    """MLflow's formats other than JSON are refused."""
    if told.path.endswith("/invocations") and not told.asked.startswith(b"{"):
        told.status = 415


def is_wrong_far_from_the_example(told: Told) -> None:
    """Where training never saw the carrier, and only then."""
    if told.is_prediction("/invocations") and told.rows > FEW_ROWS and b"new" in told.asked:
        told.edit(lambda document: _more(document["predictions"][3], 1e-6))


def swaps_the_labels(told: Told) -> None:
    """Each label is the other one."""
    other = {"late": "on time", "on time": "late"}
    if told.is_prediction("/invocations"):
        told.edit(lambda document: [row.update(label=other[row["label"]]) for row in document["predictions"]])


def forgets_the_id(told: Told) -> None:
    """The id of a request is missing in its answer's body."""
    if told.is_prediction("/infer") and told.is_json:
        told.edit(lambda document: document.pop("id", None))


def forgets_the_id_in_the_head(told: Told) -> None:
    """Answers have another request id in their headers."""
    if told.status == HTTPStatus.OK:
        told.headers[b"x-request-id"] = b"another"


def explains_another_prediction(told: Told) -> None:
    """An explanation begins at another base value."""
    if told.is_prediction("/predict") and b'"explanation"' in told.body:
        told.edit(lambda document: document["explanation"].update(base_value=0.123))


def leaves_features_out_of_its_explanation(told: Told) -> None:
    """An explanation has no contribution of one feature."""
    if told.is_prediction("/predict") and b'"explanation"' in told.body:
        told.edit(lambda document: document["explanation"]["contributions"][0].pop("hour"))


def explains_another_prediction_in_tensors(told: Told) -> None:
    """The contributions in tensors are in the wrong order."""
    if told.is_prediction("/infer") and b'"contributions"' in told.body:
        told.edit(lambda document: document["outputs"][2]["data"].reverse())


def does_not_describe_itself(told: Told) -> None:
    """It says nothing about itself."""
    if told.path == "/v2":
        told.body = b"{}"


def mixes_up_its_features(told: Told) -> None:
    """Its metadata lists the features in another order."""
    if told.path == "/v2/models/tiny":
        told.edit(lambda document: document["inputs"].reverse())


def says_another_type_of_a_feature(told: Told) -> None:
    """Its metadata gives one feature another datatype."""
    if told.path == "/v2/models/tiny":
        told.edit(lambda document: document["inputs"][1].update(datatype="FP64"))


def fails_on_bad_requests(told: Told) -> None:
    """A bad request is answered like a failure of the server."""
    if told.status == HTTPStatus.BAD_REQUEST:
        told.status = 500


def accepts_text_for_numbers(told: Told) -> None:
    """Texts where numbers belong are taken."""
    if told.path.endswith("/invocations") and b'"1"' in told.asked and told.status == HTTPStatus.BAD_REQUEST:
        told.status = 200


def accepts_bytes_that_belong_to_no_tensor(told: Told) -> None:
    """Bytes after the last tensor are taken."""
    if told.status == HTTPStatus.BAD_REQUEST and told.asked.endswith(b"\x00") and told.path.endswith("/infer"):
        told.status = 200


def accepts_a_csv_with_words_for_numbers(told: Told) -> None:
    """Words where numbers belong are taken in CSV."""
    if told.status == HTTPStatus.BAD_REQUEST and b"many" in told.asked:
        told.status = 200


def refuses_without_a_reason(told: Told) -> None:
    """A refusal is an empty document."""
    if told.status == HTTPStatus.BAD_REQUEST:
        told.body = b"{}"


def refuses_in_the_form_of_another_protocol(told: Told) -> None:
    """A refusal over the Open Inference Protocol has the form that other routes use."""
    if told.status == HTTPStatus.BAD_REQUEST and told.path.startswith("/v2/"):
        fault = json.loads(told.body)
        told.body = json.dumps({"error": {**fault, "message": fault["error"]}}).encode()


def shows_a_stack_trace(told: Told) -> None:
    """A refusal shows a stack trace."""
    if told.status == HTTPStatus.BAD_REQUEST and not told.path.startswith("/v2/"):
        told.edit(lambda document: document["error"].update(message="Traceback (most recent call last): ..."))


def answers_for_any_model(told: Told) -> None:
    """What is not there is answered like what is."""
    if told.status == HTTPStatus.NOT_FOUND and told.method == "GET":
        told.status = 200


def has_a_broken_openapi_document(told: Told) -> None:
    """Its OpenAPI document refers to something that is not in it."""
    if told.path == "/openapi.json":
        told.body = told.body.replace(b"tiny_row", b"tiny_line", 1)


def says_other_categories_in_its_openapi_document(told: Told) -> None:
    """Its OpenAPI document leaves a category out."""
    if told.path == "/openapi.json":
        told.body = told.body.replace(b'["AA","DL","UA"]', b'["AA","DL"]')


def has_no_documentation(told: Told) -> None:
    """Its documentation is an empty page."""
    if told.path == "/docs":
        told.body = b"<html></html>"


def counts_for_another_version(told: Told) -> None:
    """Its metrics name another digest."""
    if told.path == "/metrics":
        told.body = re.sub(rb'digest="[0-9a-f]+"', b'digest="0"', told.body)


def counts_nothing(told: Told) -> None:
    """Its metrics count no rows."""
    if told.path == "/metrics":
        told.body = re.sub(rb"(modelyard_rows_total\{.*\}) .*", rb"\1 0.0", told.body)


def is_slow(told: Told) -> None:
    """Each prediction takes thirty milliseconds more."""
    if told.is_prediction("/invocations"):
        time.sleep(0.03)


def answers_with_what_another_asked_for(told: Told) -> None:
    """A race: with several requests under way at once, one in a while gets a prediction that is not its own."""
    if told.under_way > 1 and told.is_prediction("/predict"):
        told.edit(lambda document: _more(document["predictions"][0], 1e-3))


def fails_when_it_has_much_to_do(told: Told) -> None:
    """Predictions fail while others are under way."""
    if told.under_way > 1 and told.is_prediction("/infer"):
        told.status = 503


def _more(prediction: dict[str, Any], amount: float) -> None:
    prediction["probability"] += amount


ONLY_CAUGHT_BY: dict[Sabotage, str] = {
    is_dead: "it is alive",
    is_not_ready_for_mlflow: "it is ready",
    names_another_version: "it names the version and digest that were released",
    predicts_a_little_differently_over_v2: "it repeats the recorded predictions over the Open Inference Protocol",
    predicts_a_millionth_more_in_binary_tensors: "it repeats the recorded predictions in binary tensors",
    predicts_a_millionth_more: "it repeats the recorded predictions over MLflow's formats",
    predicts_a_hundred_millionth_more_on_its_typed_route: "it repeats the recorded predictions on its typed route",
    is_wrong_far_from_the_example: "it predicts as the registered model does",
    swaps_the_labels: "labels follow the threshold",
    forgets_the_id: "it repeats a request's id",
    explains_another_prediction: "its explanations add up to the predictions",
    does_not_describe_itself: "it describes itself",
    mixes_up_its_features: "its metadata lists the model's features",
    has_a_broken_openapi_document: "its OpenAPI document holds together",
    has_no_documentation: "its documentation names the model",
    accepts_text_for_numbers: "it refuses bad requests with a reason",
    answers_for_any_model: "it refuses unknown paths and methods",
    is_slow: "single rows are answered within the latency budget",
    answers_with_what_another_asked_for: "under load every answer is right",
    counts_nothing: "its metrics name the version",
}
"""What one check alone catches: of a suite without that check, it would go into production."""
CAUGHT_BY: dict[Sabotage, str] = {
    **ONLY_CAUGHT_BY,
    is_not_ready: "it is ready",
    says_that_another_version_is_tried: "it names the version and digest that were released",
    names_another_digest_in_the_head: "it names the version and digest that were released",
    names_nothing_in_the_head: "it names the version and digest that were released",
    predicts_differently_for_the_named_version: "it repeats the recorded predictions over the Open Inference Protocol",
    loses_a_row: "it repeats the recorded predictions over MLflow's formats",
    does_not_read_csv: "it repeats the recorded predictions over MLflow's formats",
    says_in_the_body_that_another_version_answered: "it repeats the recorded predictions on its typed route",
    forgets_the_id_in_the_head: "it repeats a request's id",
    leaves_features_out_of_its_explanation: "its explanations add up to the predictions",
    explains_another_prediction_in_tensors: "its explanations add up to the predictions",
    says_another_type_of_a_feature: "its metadata lists the model's features",
    says_other_categories_in_its_openapi_document: "its OpenAPI document holds together",
    fails_on_bad_requests: "it refuses bad requests with a reason",
    accepts_bytes_that_belong_to_no_tensor: "it refuses bad requests with a reason",
    accepts_a_csv_with_words_for_numbers: "it refuses bad requests with a reason",
    refuses_without_a_reason: "it refuses bad requests with a reason",
    refuses_in_the_form_of_another_protocol: "it refuses bad requests with a reason",
    shows_a_stack_trace: "it refuses bad requests with a reason",
    fails_when_it_has_much_to_do: "under load every answer is right",
    counts_for_another_version: "its metrics name the version",
}
"""Every sabotage, and the check that is to catch it."""
UNREADABLE = (does_not_describe_itself, refuses_without_a_reason)
"""What is caught because it cannot be read at all."""
