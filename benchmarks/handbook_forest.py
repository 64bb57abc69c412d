"""The handbook's published method on the folds of `fraud benchmark`: `python benchmarks/handbook_forest.py DIR`.

Its 15 features and its random forest (chapters 3.4 and 5.3), so that a fold's measures
can be compared: how many cards there are to catch in a test week differs from fold to
fold, and with it the highest card precision that any ranking can have. A ranking that
knows only what can be known at decision time has less: nothing tells the frauds of a
compromised terminal from its other transactions until a first one is known.
"""

import argparse
import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from benchmarks.handbook_features import NAMES, kernel_features, kernel_input, read_frame, read_handbook
from fraud_platform.core.arrays import Bools
from fraud_platform.core.benchmark.folds import DELAY_DAYS, PUBLISHED_FOLDS, Fold
from fraud_platform.core.benchmark.handbook import CARDS_PER_DAY
from fraud_platform.core.time import DAY_MS
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.evaluate import Evaluation, evaluate
from fraud_platform.core.training.threshold import Threshold

ANY_THRESHOLD = Threshold(0.5, CARDS_PER_DAY, alerts_per_day=0)
TREES = 100
COMPROMISED_TERMINAL, RUN_DAYS = 2, 28


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DIR", help="folder of the handbook's transactions")
    parser.add_argument("--fold", type=date.fromisoformat, nargs="*", help="first days of train weeks")
    options = parser.parse_args()
    rows, knowable = handbook_rows(options.data), knowable_frauds(options.data)
    for start in options.fold or PUBLISHED_FOLDS:
        fold = Fold(start)
        forest = evaluate_forest(rows, fold)
        best, best_known = (evaluate_labels(rows, fold, frauds) for frauds in (rows.labels, knowable))
        print(
            json.dumps(
                {
                    "fold": str(start),
                    "average_precision": round(forest.average_precision, 4),
                    "roc_auc": round(forest.roc_auc, 4),
                    "card_precision": round(forest.card_precision_at_budget, 4),
                    "card_precision_of_a_perfect_ranking": round(best.card_precision_at_budget, 4),
                    "of_what_can_be_known": round(best_known.card_precision_at_budget, 4),
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


def knowable_frauds(folder: Path) -> Bools:
    """Mask (n,) of the frauds but those of a compromised terminal (scenario 2) of whose run none is known yet.

    A run lasts 28 days (chapter 3.2), and a fraud is known after DELAY_DAYS.
    """
    frame = read_frame(folder).reset_index(drop=True)
    frauds = frame.loc[frame["TX_FRAUD_SCENARIO"] == COMPROMISED_TERMINAL, ["TERMINAL_ID", "TX_DATETIME"]]
    known_from = (frauds["TX_DATETIME"] + pd.Timedelta(days=DELAY_DAYS)).astype(frauds["TX_DATETIME"].dtype)
    known = pd.merge_asof(
        frauds.reset_index(),
        frauds.assign(known_from=known_from)[["TERMINAL_ID", "known_from"]],
        left_on="TX_DATETIME",
        right_on="known_from",
        by="TERMINAL_ID",
        tolerance=pd.Timedelta(days=RUN_DAYS),
    )
    knowable = frame["TX_FRAUD"].to_numpy() == 1
    knowable[known.loc[known["known_from"].isna(), "index"]] = False
    return knowable


def evaluate_labels(rows: DatedRows, fold: Fold, frauds: Bools) -> Evaluation:
    """Of a ranking that puts these frauds above all else."""
    test = fold.test_rows(rows)
    return evaluate(frauds[test].astype(float), rows.select(test), ANY_THRESHOLD)


if __name__ == "__main__":
    main()
