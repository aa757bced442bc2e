"""The profile of a version's features, as one worker gathers it."""

from __future__ import annotations

import numpy as np

from modelyard_serving.answering.reporting import profile_area
from modelyard_serving.loading.served import Decoded, ServedModel
from modelyard_serving.observing.counters import Segment
from modelyard_serving.observing.profile import ProfileLayout
from modelyard_serving.observing.profiling import Observer, ProfileWriter


class Profile:
    """Takes the rows of requests; what is gathered is added to the shared memory many rows at a time."""

    def __init__(self, writer: ProfileWriter) -> None:
        self._writer = writer

    @classmethod
    def of(cls, model: ServedModel, segment: Segment) -> Profile | None:
        """The profile of a version; none where the segment has no room for it."""
        slots = segment.area(profile_area(model))
        if slots is None:
            return None
        vocabularies = None if model.compiled is None else model.compiled.plan.vocabularies
        observer = Observer(ProfileLayout.of(model.signature), vocabularies)
        return cls(ProfileWriter(observer, np.asarray(slots, dtype=np.float64)))

    def add(self, decoded: Decoded) -> None:
        """The rows of one request."""
        if decoded.matrix is not None:
            self._writer.add(decoded.matrix)
        elif decoded.frame is not None:
            self._writer.add_frame(decoded.frame)

    def flush(self) -> None:
        """Add what was gathered."""
        self._writer.flush()
