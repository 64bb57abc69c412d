"""The features of merchants that labels tell, and the table that transactions look them up in."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features import matured
from fraud_platform.core.features.fraud_status import FraudReports
from fraud_platform.core.features.matured import MaturedRows, matured_features
from fraud_platform.core.features.matured_grids import MaturedTransactions, repeat_days
from fraud_platform.core.features.table import DECLARATION, MATURED, MERCHANT_FEATURES

NAMES = [f.name for f in MERCHANT_FEATURES]
REPEAT_DAYS = repeat_days(DECLARATION.world)


def look_back_days(delay_days: int) -> int:
    """Arrival days before an as-of day that its rows may depend on."""
    return matured.look_back_days(DECLARATION.world, MATURED, delay_days)


def merchant_risk(
    transactions: MaturedTransactions, reports: FraudReports, first: int, last: int, delay_days: int
) -> MaturedRows:
    """Merchant features as of the start of each day from first to last, both included; see `matured_features`."""
    return matured_features(DECLARATION.world, MATURED, transactions, reports, (first, last), delay_days)


class MerchantRisk:
    """The rows of one as-of day, to look merchants up in."""

    def __init__(self, rows: pa.Table) -> None:
        """rows: merchant_id and the merchant features, one row a merchant."""
        self._index = pd.Index(rows["merchant_id"].to_pandas().to_numpy(object), dtype=object)
        values = [rows[name].to_numpy() for name in NAMES]
        # The last row stands for the merchants that are not there: get_indexer gives them -1.
        self._values = np.vstack((np.column_stack(values), [f.default for f in MERCHANT_FEATURES]))

    def lookup(self, merchant_ids: NDArray[np.object_]) -> Floats:
        """Merchant features (n, len(MERCHANT_FEATURES)); the declared defaults for unknown merchants."""
        return self._values[self._index.get_indexer(merchant_ids)]
