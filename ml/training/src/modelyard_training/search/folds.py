"""What a trial learns from and is judged on, and when it is given up.

All folds are stretches of one frame that lies in order, so that nothing is copied: neither between folds nor between
processes, which map the same file into memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from modelyard.errors import DataNotReadyError
from modelyard.models.hashing import shares
from modelyard.models.preparing import label_values
from modelyard.models.spec import ModelSpec
from modelyard.models.splitting import HashSplit, Parts
from modelyard_training.learning import thinned

if TYPE_CHECKING:
    import polars as pl

Stretch = tuple[int, int]
"""Rows from the first number until before the second."""
FEWEST_FINISHED = 3
"""Nothing is given up before this many trials have passed the same fold."""
FEWEST_FOLDS_PASSED = 4
"""Signed ranks: after three folds even the clearest case may be chance, one time in eight."""
CHANCE = 0.1
KEPT = 0.5
"""Successive halving: of the trials that have passed a fold, the better half goes on."""


@dataclass(frozen=True, slots=True)
class Fold:
    """The rows to learn from, and the rows to be judged on."""

    learn: tuple[Stretch, ...]
    judge: Stretch


@dataclass(frozen=True, slots=True)
class Ground:
    """What every trial of a search runs over."""

    frame: pl.DataFrame
    folds: tuple[Fold, ...]

    @property
    def rows(self) -> int:
        """How many rows a trial learns from at most."""
        return max(sum(stop - start for start, stop in fold.learn) for fold in self.folds)

    def rows_of(self, *stretches: Stretch) -> pl.DataFrame:
        """These rows, not copied."""
        import polars as pl

        return pl.concat([self.frame.slice(start, stop - start) for start, stop in stretches], rechunk=False)


def ground_of(spec: ModelSpec, parts: Parts) -> Ground:
    """The frame and folds of a search.

    Raises:
        DataNotReadyError: there are fewer rows than folds need, or a fold has one class only.
    """
    import polars as pl

    learned, wanted = thinned(parts.train, spec.search.rows), spec.search.folds
    if wanted == 1:
        frame = pl.concat([learned, parts.validation])
        return Ground(frame, (Fold(((0, learned.height),), (learned.height, frame.height)),))
    if learned.height < 2 * (wanted + 1):
        raise DataNotReadyError(
            f"model {spec.name} searches with {wanted} folds, but there are {learned.height} training rows; "
            f"at least {2 * (wanted + 1)} are needed",
            hint=f"ingest more data, or declare fewer folds in ml/models/{spec.name}/model.py",
        )
    ground = _hashed(learned, spec.split, wanted) if isinstance(spec.split, HashSplit) else _timed(learned, wanted)
    _check(spec, ground)
    return ground


def _timed(learned: pl.DataFrame, wanted: int) -> Ground:
    """Blocks of equally many rows; each is judged by what was learned from all the blocks before it."""
    cuts = np.linspace(0, learned.height, wanted + 2).astype(int).tolist()
    return Ground(learned, tuple(Fold(((0, cuts[i]),), (cuts[i], cuts[i + 1])) for i in range(1, wanted + 1)))


def _hashed(learned: pl.DataFrame, split: HashSplit, wanted: int) -> Ground:
    """Stretches of the line of hashes; each is judged by what was learned from all the others. No entity is cut."""
    import polars as pl

    places = shares(learned, split.key)
    ordered = learned.with_columns(places.alias("_place")).sort("_place", maintain_order=True)
    whole = split.bounds[0]
    sorted_places = ordered.get_column("_place").to_numpy()
    inner = [int(np.searchsorted(sorted_places, whole * i / wanted)) for i in range(1, wanted)]
    cuts, frame = [0, *inner, learned.height], ordered.drop("_place")
    folds = [
        Fold(tuple(s for s in ((0, cuts[i]), (cuts[i + 1], cuts[-1])) if s[0] < s[1]), (cuts[i], cuts[i + 1]))
        for i in range(wanted)
    ]
    return Ground(pl.DataFrame(frame), tuple(folds))


def _check(spec: ModelSpec, ground: Ground) -> None:
    for number, fold in enumerate(ground.folds, 1):
        for what, stretches in (("learn from", fold.learn), ("judge by", (fold.judge,))):
            rows = ground.rows_of(*stretches) if stretches else ground.frame.head(0)
            if rows.is_empty() or (spec.task == "binary" and np.ptp(label_values(rows)) == 0):
                raise DataNotReadyError(
                    f"fold {number} of {len(ground.folds)} of model {spec.name} has "
                    f"{'no row' if rows.is_empty() else f'one class only in {rows.height} rows'} to {what}",
                    hint=f"ingest more data, or declare fewer folds in ml/models/{spec.name}/model.py",
                )


def fell_behind(losses: Sequence[float], rival: Sequence[float]) -> bool:
    """Whether these losses are above the rival's, fold against fold, beyond chance.

    By Wilcoxon's signed ranks (1945), one-sided: how hard a fold is cancels out, and one odd fold decides nothing. Less
    is asked for than in a comparison of versions, since what is wrongly given up costs one trial.
    """
    from scipy import stats  # type: ignore[import-untyped, unused-ignore]  # scipy has no types

    apart = np.subtract(losses, rival[: len(losses)])
    if len(apart) < FEWEST_FOLDS_PASSED or apart.mean() <= 0:
        return False
    return bool(stats.wilcoxon(apart, alternative="greater", zero_method="zsplit").pvalue < CHANCE)


def bars_of(losses: Sequence[Sequence[float]], folds: int) -> tuple[float, ...]:
    """The loss above which a trial is given up after each fold but the last; infinite where nothing is given up.

    Successive halving (Jamieson and Talwalkar 2016) over folds 1, 2, 4 and so on: a trial goes on if its mean so far
    is among the better half of what earlier trials had after the same folds. The folds are the same for all, so the
    means compare. The bars of a round follow from earlier rounds alone, and so not from the order of finishing.

    Args:
        losses: Of each earlier trial, the loss on every fold that it got to.
        folds: How many there are.
    """
    bars = []
    for passed in range(1, folds):
        means = sorted(float(np.mean(one[:passed])) for one in losses if len(one) >= passed)
        is_rung = passed & (passed - 1) == 0
        enough = is_rung and len(means) >= FEWEST_FINISHED
        bars.append(means[math.ceil(len(means) * KEPT) - 1] if enough else math.inf)
    return tuple(bars)
