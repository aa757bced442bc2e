"""The paired bootstrap of the area under the ROC curve, against a loop of scikit-learn on resampled rows.

Both sides are processes of their own over the same file of labels and scores. The peer draws indices and calls
roc_auc_score for each model, as one would write it; it is measured at fewer resamples and scaled, for it takes a
quarter of an hour. Ours also answers for the resamples that the peer checks: scikit-learn on the very same drawn rows
must give the same areas to 1e-12, ties included.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from figures import Figure, Sample, compared
from lakes import DifferentOutcomeError
from processes import environment, run

ROWS = 1_000_000
RESAMPLES = 1_000
PEER_RESAMPLES = 6
CHECKED = (0, 1, 999)
LIMIT = 1e-12
GOAL = 50.0
SEED = 20130101
Found = tuple[float, float, list[Sequence[float]]]
"""Seconds, seconds of the processor, and the areas of the resamples that are checked."""


def measure(work: Path, *, runs: int) -> list[Figure]:
    """Ours beside the peer, in turn; the first pair is not counted."""
    file = work / "scores.npy"
    np.save(file, scores(ROWS))
    ours: list[Sample] = []
    peer: list[Sample] = []
    processor: list[float] = []
    facts: dict[str, float | str] = {}
    for turn in range(runs + 1):
        own, other = _side("ours", file), _side("peer", file)
        facts["largest difference from scikit-learn"] = _compare(own, other)
        if turn:
            ours.append(own.sample)
            processor.append(other.processor * RESAMPLES / PEER_RESAMPLES / own.processor)
            peer.append(Sample(other.sample.seconds * RESAMPLES / PEER_RESAMPLES, other.sample.peak_mb))
    facts |= {
        "rows": f"{ROWS:,}, 30% ones; one model's scores are rounded to four digits, so that they are tied",
        "resamples": f"ours {RESAMPLES:,}, peer {PEER_RESAMPLES} and scaled to {RESAMPLES:,}",
        "our peak memory, MiB": round(max(one.peak_mb for one in ours)),
        "peer's peak memory, MiB": round(max(one.peak_mb for one in peer)),
        "aim": "300 times faster",
        "threads": len(os.sched_getaffinity(0)),
        "ratio of processor time, all threads together": round(statistics.median(processor), 1),
    }
    return [
        compared(
            "bootstrap-vs-sklearn",
            f"{RESAMPLES:,} paired resamples of two models' AUC on {ROWS:,} rows, sorting included, against a loop of "
            "roc_auc_score on drawn rows; imports and reading the file are left out on both sides",
            ours,
            peer,
            goal=GOAL,
            better="higher",
            facts=facts,
        )
    ]


def scores(rows: int) -> np.ndarray:
    """Labels and two models' scores, the first with ties."""
    generator = np.random.default_rng(SEED)
    labels = (generator.random(rows) < 0.3).astype(float)
    shared = generator.normal(size=rows)

    def one(skill: float) -> np.ndarray:
        return 1 / (1 + np.exp(-(skill * labels + 0.9 * shared + 0.4 * generator.normal(size=rows))))

    return np.array([labels, one(1.21).round(4), one(1.2)])


class _Answer:
    """What a side found, and the seconds it says the work itself took."""

    def __init__(self, out: str, peak_mb: float) -> None:
        document = json.loads(out)
        self.sample = Sample(document["seconds"], peak_mb)
        self.areas = document["areas"]
        self.processor = document["processor"]


def _side(name: str, file: Path) -> _Answer:
    # One thread for the libraries: on our side the resamples are what runs side by side.
    ended = run([sys.executable, __file__, name, str(file)], env=environment(OMP_NUM_THREADS="1"), limit=1800)
    return _Answer(ended.out, ended.sample.peak_mb)


def _compare(ours: _Answer, peer: _Answer) -> float:
    worst = float(np.abs(np.array(ours.areas) - np.array(peer.areas)).max())
    if not worst <= LIMIT:
        raise DifferentOutcomeError(f"our areas differ from scikit-learn's by {worst:.3g}, allowed is {LIMIT:g}")
    return worst


def _ours(labels: np.ndarray, candidate: np.ndarray, production: np.ndarray) -> Found:
    from modelyard.evaluation.paired.bootstrap import resampled
    from modelyard.evaluation.resampling import prepare

    begun, busy = time.perf_counter(), time.process_time()
    models = [prepare("roc_auc", labels, values) for values in (candidate, production)]
    areas = resampled(*models, rows=len(labels), resamples=RESAMPLES, seed=SEED)
    return time.perf_counter() - begun, time.process_time() - busy, areas[list(CHECKED)].tolist()


def _peer(labels: np.ndarray, candidate: np.ndarray, production: np.ndarray) -> Found:
    from sklearn.metrics import roc_auc_score

    from modelyard.evaluation.paired.drawing import Drawing

    generator = np.random.default_rng(SEED)
    begun, busy = time.perf_counter(), time.process_time()
    for _ in range(PEER_RESAMPLES):
        drawn = generator.integers(0, len(labels), len(labels))
        truth = labels[drawn]
        roc_auc_score(truth, candidate[drawn])
        roc_auc_score(truth, production[drawn])
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    checked = []
    for place in CHECKED:
        drawn = np.repeat(np.arange(len(labels)), Drawing(len(labels), SEED).counts(place))
        checked.append([float(roc_auc_score(labels[drawn], values[drawn])) for values in (candidate, production)])
    return seconds, busy, checked


def _main() -> None:
    parser = argparse.ArgumentParser(description="One side, as a process of its own.")
    parser.add_argument("side", choices=["ours", "peer"])
    parser.add_argument("file", type=Path)
    wanted = parser.parse_args()
    values = np.load(wanted.file)
    seconds, processor, areas = (_ours if wanted.side == "ours" else _peer)(*values)
    print(json.dumps({"seconds": seconds, "processor": processor, "areas": areas}))


if __name__ == "__main__":
    _main()
