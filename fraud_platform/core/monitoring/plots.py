"""Pictures of drift, as PNG bytes."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from fraud_platform.core.png import png

DRIFTED, STABLE = "#c0392b", "#2c6e9b"
MOST_ROWS = 30


def drift_by_row(rows: Sequence[dict[str, Any]], name: str) -> bytes:
    """Stability index over its threshold of the rows furthest on their way, the largest on top; `name` is their column.

    rows: of FEATURE_DRIFT or SCORE_DRIFT; those without an index are left out.
    """
    shown = [row for row in rows if row["psi"] is not None]
    shown = sorted(shown, key=lambda row: row["psi"] / row["threshold"])[-MOST_ROWS:]
    figure = Figure(figsize=(7, 1 + 0.25 * len(shown)), layout="constrained")
    axes = figure.subplots()
    axes.barh(
        [f"{row[name]}, {row['date']}" for row in shown],
        [row["psi"] / row["threshold"] for row in shown],
        color=[DRIFTED if row["drifted"] else STABLE for row in shown],
    )
    axes.axvline(1, color="black", linestyle="--")
    axes.set(xlabel="stability index over its threshold; red: drifted")
    return png(figure)
