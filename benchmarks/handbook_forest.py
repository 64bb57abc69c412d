"""The handbook's published method on the folds of `fraud benchmark`: `python benchmarks/handbook_forest.py DIR`.

Its 15 features and its random forest (chapters 3.4 and 5.3), so that a fold's measures
can be compared: how many cards there are to catch in a test week differs from fold to
fold, and with it the highest card precision that any ranking can have.
"""

import argparse
import json
from datetime import date
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.handbook_features import DAY_MS, NAMES, kernel_features, kernel_input, read_handbook
from fraud_platform.cli.benchmark import PUBLISHED_FOLDS
from fraud_platform.core.benchmark.folds import Fold
from fraud_platform.core.benchmark.handbook import CARDS_PER_DAY
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.evaluate import Evaluation, evaluate
from fraud_platform.core.training.threshold import Threshold

ANY_THRESHOLD = Threshold(0.5, CARDS_PER_DAY, alerts_per_day=0)
TREES = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DIR", help="folder of the handbook's transactions")
    parser.add_argument("--fold", type=date.fromisoformat, nargs="*", help="first days of train weeks")
    options = parser.parse_args()
    rows = handbook_rows(options.data)
    for start in options.fold or [published.date() for published in PUBLISHED_FOLDS]:
        fold = Fold(start)
        forest, best = evaluate_forest(rows, fold), evaluate_labels(rows, fold)
        print(
            json.dumps(
                {
                    "fold": str(start),
                    "average_precision": round(forest.average_precision, 4),
                    "roc_auc": round(forest.roc_auc, 4),
                    "card_precision": round(forest.card_precision_at_budget, 4),
                    "card_precision_of_a_perfect_ranking": round(best.card_precision_at_budget, 4),
                }
            ),
            flush=True,
        )


def handbook_rows(folder: Path) -> DatedRows:
    """The handbook's transactions in the order of time, with NAMES (n, 15)."""
    transactions = read_handbook(folder)
    columns = kernel_features(kernel_input(transactions))
    return DatedRows(
        np.column_stack([columns[name] for name in NAMES]).astype(float),
        transactions.fraud.astype(bool),
        (transactions.time_ms // DAY_MS).astype("datetime64[D]"),
        transactions.customer.astype(object),
        transactions.amount,
    )


def evaluate_forest(rows: DatedRows, fold: Fold) -> Evaluation:
    train, test = fold.train_rows(rows), fold.test_rows(rows)
    forest = RandomForestClassifier(TREES, random_state=0, n_jobs=-1).fit(rows.features[train], rows.labels[train])
    return evaluate(forest.predict_proba(rows.features[test])[:, 1], rows.select(test), ANY_THRESHOLD)


def evaluate_labels(rows: DatedRows, fold: Fold) -> Evaluation:
    """Of a ranking that puts every fraud above all else."""
    test = fold.test_rows(rows)
    return evaluate(rows.labels[test].astype(float), rows.select(test), ANY_THRESHOLD)


if __name__ == "__main__":
    main()
