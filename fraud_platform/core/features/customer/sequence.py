"""What came right before."""

import numpy as np

from fraud_platform.core.features.customer.rows import Columns, CustomerRows
from fraud_platform.core.features.windows import HISTORY_MS


def columns(rows: CustomerRows) -> Columns:
    new, previous = rows.new, rows.new - 1
    elapsed_ms = rows.clock_ms[new] - rows.clock_ms[previous]
    known = (new > 0) & (rows.segments[previous] == rows.segments[new]) & (elapsed_ms < HISTORY_MS)
    return {"seconds_since_previous": np.where(known, elapsed_ms / 1000, -1.0)}
