"""The promises of the training set, over a small lake: kept, and broken in each way."""

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fraud_platform.defs.training.checks import (
    both_classes_in_each_split,
    only_the_train_split_is_resampled,
    splits_keep_the_label_delay,
)
from fraud_platform.pipeline import tables
from fraud_platform_tests.support.feature_lake import FIRST_DAY
from fraud_platform_tests.support.training_assets import CHECKS, changed, platform_at


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {evaluation.check_name: evaluation.passed for evaluation in result.get_asset_check_evaluations()}


def test_every_promise_holds_on_a_fresh_set(result):
    assert evaluations(result) == {check.check_key.name: True for check in CHECKS}


@pytest.mark.parametrize(
    ("check", "table", "spoil"),
    [
        (
            splits_keep_the_label_delay,
            tables.TRAINING_SET,
            lambda rows: changed(rows, "date", pa.repeat(FIRST_DAY, len(rows))),
        ),
        (splits_keep_the_label_delay, tables.TRAINING_SET, lambda rows: rows.filter(pc.field("split") != "test")),
        (both_classes_in_each_split, tables.TRAINING_SET, lambda rows: rows.filter(pc.field("label"))),
        (both_classes_in_each_split, tables.TRAINING_SET, lambda rows: changed(rows, "blocked", rows["label"])),
        (only_the_train_split_is_resampled, tables.RESAMPLED_TRAINING_SET, lambda rows: rows.slice(1)),
        (
            only_the_train_split_is_resampled,
            tables.RESAMPLED_TRAINING_SET,
            lambda rows: changed(rows, "label", pa.repeat(False, len(rows))),
        ),
    ],
    ids=[
        "no gap",
        "a split is gone",
        "frauds only",
        "frauds of blocked cards only",
        "a row is lost",
        "a synthetic row is legitimate",
    ],
)
def test_a_broken_promise_is_noticed(result, platform, tmp_path, check, table, spoil):
    spoilt = platform_at(tmp_path)
    note = {"snapshot": platform.lake.note(tables.TRAINING_SET)["snapshot"]}
    for name in (tables.TRAINING_SET, tables.RESAMPLED_TRAINING_SET):
        rows = platform.lake.read(name).sort_by("row")
        spoilt.lake.overwrite(name, spoil(rows) if name == table else rows, note)
    assert not check(spoilt).passed
