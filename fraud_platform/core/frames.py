"""Tables that people bring, such as pandas frames, as the matrices that models take."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.listed import listed
from fraud_platform.errors import FrameError

MOST_NAMED = 10


def feature_matrix(frame: Any, names: Sequence[str]) -> Floats:
    """The named columns (n, F) of an Arrow table, or of a pandas or Polars frame; others are left alone.

    Raises FrameError where columns are missing, are no numbers, or have missing values.
    """
    there = set(getattr(frame, "column_names", None) or frame.columns)
    if missing := [name for name in names if name not in there]:
        raise FrameError(
            f"the frame lacks {listed(missing, MOST_NAMED)}: the model reads {len(names)} features, each by its name"
        )
    if not names:
        return np.empty((len(frame), 0))
    columns = np.empty((len(frame), len(names)), order="F")
    for place, name in enumerate(names):
        columns[:, place] = _numbers(frame[name], name)
    if not_known := [name for name, column in zip(names, columns.T, strict=True) if np.isnan(column).any()]:
        raise FrameError(
            f"the frame has missing values in {listed(not_known, MOST_NAMED)}: where nothing is known a feature "
            "has its declared default, see docs/features.md"
        )
    return columns


def _numbers(column: Any, name: str) -> Floats:
    try:
        return np.asarray(column.to_numpy(), np.float64)
    except (TypeError, ValueError) as error:
        raise FrameError(f"the column {name} has something else than numbers: {error}") from None
