"""Every code with which a request can be refused, by status: what the OpenAPI document promises."""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[int, Mapping[str, str]] = {
    400: {
        "empty_body": "there is nothing in it",
        "malformed_json": "not JSON, not UTF-8, nested too deep, or no object; NaN and Infinity are not JSON",
        "duplicate_key": "a key appears twice in one JSON object",
        "bad_utf8": "a text is not UTF-8",
        "unknown_format": "not one of the forms that this path takes",
        "unknown_field": "a field that the form does not have",
        "malformed_rows": "rows are not what the form says",
        "malformed_split": "dataframe_split is not what it should be",
        "malformed_inputs": "inputs is not what it should be",
        "malformed_outputs": "outputs is not what it should be",
        "malformed_tensor": "a tensor without name, or with data twice",
        "malformed_binary": "sizes of binary tensors that do not add up",
        "malformed_csv": "not a table",
        "shared_memory": "values are sent, not pointed to",
        "wrong_shape": "a shape that does not fit",
        "wrong_datatype": "a datatype that does not become the feature without loss",
        "wrong_type": "a value of another type, or not finite",
        "missing_feature": "a feature is missing",
        "unknown_feature": "a feature that the model does not take",
        "duplicate_feature": "a feature appears twice",
        "unknown_output": "an output that the model does not give",
        "ragged": "columns or rows of different lengths",
        "no_rows": "there are no rows to predict",
        "ambiguous_model": "several models are served; name one in the path",
    },
    401: {
        "no_credentials": "who asks does not say who it is",
        "wrong_scheme": "another scheme than the model API's",
        "empty_credentials": "the scheme without credentials",
        "ambiguous_credentials": "credentials twice",
        "credentials_in_query": "credentials belong in a header, not in the address",
        "credentials_too_large": "longer than credentials are",
        "malformed_key": "not in the form of an API key",
        "key_refused": "no such key, revoked, or no longer valid",
        "token_refused": "a token that is not valid here",
    },
    403: {
        "role_missing": "the role that this needs is missing",
        "model_not_allowed": "not for this model",
    },
    404: {
        "not_found": "there is nothing at this path",
        "unknown_model": "no such model is served",
        "unknown_version": "this version of the model is not served",
    },
    405: {"method_not_allowed": "the path takes another method"},
    408: {"too_slow": "the request took too long to arrive"},
    413: {
        "too_large": "more bytes than allowed",
        "too_many_rows": "more rows than are predicted at once",
        "too_many_rows_to_explain": "more rows than are explained at once",
    },
    414: {"query_too_large": "a query that is too long"},
    415: {
        "wrong_content_type": "another media type",
        "wrong_charset": "another encoding than UTF-8",
        "compressed": "compressed; send it as it is",
    },
    431: {"headers_too_large": "headers that are too long"},
    500: {
        "prediction_failed": "the model failed on this request",
        "failed": "the model API failed",
    },
    503: {
        "not_ready": "no model is served yet",
        "model_not_ready": "the model's bundle was refused",
        "stopping": "the process is about to end",
        "signing_keys_missing": "tokens cannot be checked at the moment",
        "busy": "the process is busy with itself; come back after Retry-After",
        "overloaded": "too much at once; come back after Retry-After",
    },
}

MEANINGS: Mapping[int, str] = {
    400: "The request is not what the model takes.",
    401: "Who asks is not known.",
    403: "Who asks may not.",
    404: "No such path, model or version.",
    405: "Another method.",
    408: "Too slow.",
    413: "Too much at once.",
    414: "A long address.",
    415: "Another media type.",
    431: "Long headers.",
    500: "A failure on our side; the log names it under the request id.",
    503: "Not ready, or overloaded.",
}


def describe_status(status: int) -> str:
    """What a status means, and the codes that come with it."""
    codes = "".join(f"\n- `{code}`: {text}" for code, text in CODES[status].items())
    return f"{MEANINGS[status]} Codes:\n{codes}"
