"""Known runs against a slow, obvious reference."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.benchmark.known_runs import MerchantLabels, known_runs
from fraud_platform.core.time import DAY_MS

LAG, WINDOW = 7 * DAY_MS, 30 * DAY_MS
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50 * 24), st.integers(1, 9), st.booleans()), min_size=1)


def reference(rows: list[tuple[int, int, int, bool]], lag: int, window: int) -> list[tuple[float, int, float]]:
    found = []
    for merchant, time, _, _ in rows:
        known = [r for r in rows if r[0] == merchant and time - lag - window < r[1] <= time - lag]
        run: list[tuple[int, int, int, bool]] = []
        for row in reversed(known):
            if not row[3]:
                break
            run.append(row)
        ages = [(time - row[1]) / DAY_MS for row in run]
        found.append((max(ages), len(run), min(row[2] for row in run) / 100) if run else (-1.0, 0, -1.0))
    return found


@given(ROWS)
def test_equals_the_reference(rows):
    ordered = sorted(((m, hour * 3_600_000, cents, fraud) for m, hour, cents, fraud in rows), key=lambda row: row[1])
    columns = MerchantLabels(*(np.array(column) for column in zip(*ordered, strict=True)))
    assert np.allclose(known_runs(columns, LAG, WINDOW), reference(ordered, LAG, WINDOW))
