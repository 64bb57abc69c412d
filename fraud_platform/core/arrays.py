"""Names of the array types that core's signatures are written in."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]
"""Arrival days, datetime64[D]."""
Ids = NDArray[Any]
"""Identifiers, of any dtype that compares and sorts."""
