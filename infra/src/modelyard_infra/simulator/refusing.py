"""How a provider says no to Pulumi's engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as Detail
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto.status_pb2 import Status

from modelyard_infra.plugin.wire import packed

DETAILS = "grpc-status-details-bin"


def fail(context: grpc.ServicerContext, message: str) -> NoReturn:
    """Ends a call: nothing was done."""
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort raises")


def fail_partly(
    context: grpc.ServicerContext, identity: str, message: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]
) -> NoReturn:
    """Ends a call whose resource exists all the same: the engine keeps it, and changes it the next time."""
    failed = pb.ErrorResourceInitFailed(
        id=identity, properties=packed(outputs), reasons=[message], inputs=packed(inputs)
    )
    detail = Detail()
    detail.Pack(failed)
    code = grpc.StatusCode.UNKNOWN
    status = Status(code=code.value[0], message=message, details=[detail])
    context.set_trailing_metadata(((DETAILS, status.SerializeToString()),))
    fail(context, message)
