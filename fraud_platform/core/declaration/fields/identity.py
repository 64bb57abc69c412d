"""What ids, categories and addresses share: event rows keep a hash of each value."""

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.fields.field import Field

LONGEST_TEXT = 256
"""Characters that max_length may allow."""
UNKNOWN = 0
_FLOAT_BITS = np.int64(11)
"""Bits that a double cannot hold of a 64-bit integer."""


class Identity(Field, frozen=True):
    """Text whose values are the same or not."""

    IDENTITY: ClassVar[bool] = True
    EVENT_TYPE: ClassVar[str] = "<i8"
    IS_REPEATED: ClassVar[bool] = False
    """Whether many rows share a value, so that each distinct one is hashed once."""

    def encoded(self, values: Any) -> NDArray[np.int64]:
        """64-bit SipHash of each value (n,), the same in every process and on every machine; 0 where unknown."""
        texts = np.asarray(values, object)
        if self.IS_REPEATED:
            codes, distinct = pd.factorize(texts)  # an unknown one has the code -1, which is the last
            return np.append(_hashes(distinct), UNKNOWN)[codes]
        missing = pd.isna(texts)
        hashed = _hashes(np.where(missing, "", texts))
        hashed[missing] = UNKNOWN
        return hashed

    def is_known(self, encoded: NDArray[Any]) -> NDArray[np.bool_]:
        return encoded != UNKNOWN

    def as_floats(self, encoded: NDArray[Any]) -> Floats:
        """The hash without its lowest bits, which a double holds exactly; 0 where unknown.

        The dictionary in a model's bundle leads from it back to the text.
        """
        return (encoded >> _FLOAT_BITS).astype(np.float64)

    def as_encoded(self, value: bool | float | str) -> int:
        return int(self.encoded([value])[0])


def _hashes(texts: NDArray[np.object_]) -> NDArray[np.int64]:
    return pd.util.hash_array(texts, categorize=False).astype(np.int64)
