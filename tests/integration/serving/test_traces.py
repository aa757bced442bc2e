"""Traces of a whole process: each worker sends its own, and the last ones before it ends."""

import http.client
import http.server
import json
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SPAN = "b7ad6b7169203331"


def ask(url, row, trace):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    headers = {"Content-Type": "application/json", "traceparent": f"00-{trace}-{SPAN}-01", "X-Request-Id": trace[-4:]}
    connection.request("POST", "/invocations", json.dumps({"dataframe_records": [row]}), headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_every_request_is_a_span_of_its_callers_trace_by_the_time_the_process_has_ended(start, train, collector):
    process = start(workers="2", otlp_endpoint=f"http://127.0.0.1:{collector.server_port}")
    train().deploy(process.bundles, process.deployments, version="1")
    process.ready("1")
    traces = [f"{number:032x}" for number in range(1, 21)]
    assert {ask(process.url, dict(train().example.rows[0]), trace) for trace in traces} == {200}
    assert process.terminate() == 0
    spans = [
        span
        for _, _, content in collector.posts
        for resource in ExportTraceServiceRequest.FromString(content).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
        if span.name == "invocations"
    ]
    assert sorted(span.trace_id.hex() for span in spans) == traces
    assert {span.parent_span_id.hex() for span in spans} == {SPAN}
    values = {value.key: value.value for value in spans[0].attributes}
    assert (values["modelyard.model"].string_value, values["modelyard.version"].string_value) == ("tiny", "1")
    assert values["modelyard.rows"].int_value == 1


def test_a_collector_that_is_not_there_loses_no_request(start, train):
    process = start(otlp_endpoint="http://127.0.0.1:9")
    train().deploy(process.bundles, process.deployments, version="1")
    process.ready("1")
    assert ask(process.url, dict(train().example.rows[0]), "1" * 32) == 200
    assert process.terminate() == 0


def test_an_endpoint_that_is_no_address_ends_the_start(start):
    process = start(otlp_endpoint="collector")
    assert process.process.wait(60) == 3
    assert any("allowed is an address such as" in event.get("reason", "") for event in process.events())
