"""config/declarations/simulated.yaml is the world that the platform has run so far, to the last word."""

import json
import pickle
from dataclasses import asdict
from pathlib import Path

import msgspec
import pytest

from fraud_platform.core.channels import CHANNELS
from fraud_platform.core.declaration.fields.category import Category
from fraud_platform.core.declaration.fields.decimal import Decimal
from fraud_platform.core.declaration.kinds.count import Count
from fraud_platform.core.features.declaration import HISTORY_DAYS, WINDOWS_MS
from fraud_platform.core.time import DAY_MS
from fraud_platform.messages.schemas import MAX_AMOUNT, SCHEMA_VERSION, Label, Transaction
from fraud_platform_tests.support.simulated_world import (
    CUSTOMER_FEATURES,
    DECLARATION,
    FEATURE_SET,
    FEATURES,
    MERCHANT_FEATURES,
    VELOCITY_FEATURES,
)

STORED = Path(__file__).with_name("simulated_features.json")
"""The feature table as it was when Python files declared it."""
STORED_HASH = "b3f5976fb60dc68f"
"""The champions of running stacks carry it."""


def test_its_features_are_those_that_python_declared():
    stored = json.loads(STORED.read_text())
    assert len(stored) == 52
    declared = [json.loads(json.dumps(asdict(feature))) for feature in FEATURES]
    assert all(feature.pop("computation") for feature in declared)
    assert declared == stored


def test_running_champions_fit_the_feature_set():
    assert FEATURE_SET.hash == STORED_HASH


def test_a_declaration_is_a_value():
    again = pickle.loads(pickle.dumps(DECLARATION))
    assert again == DECLARATION and hash(again) == hash(DECLARATION)
    with pytest.raises(AttributeError):
        DECLARATION.declared[0].line.name = "other"


def test_the_parts_of_the_table_follow_each_other():
    assert FEATURES == CUSTOMER_FEATURES + MERCHANT_FEATURES + VELOCITY_FEATURES
    assert [len(part) for part in (CUSTOMER_FEATURES, MERCHANT_FEATURES, VELOCITY_FEATURES)] == [31, 9, 12]


def test_its_fields_are_those_of_a_transaction():
    version = DECLARATION.header.message.version
    assert version is not None and version.equals == SCHEMA_VERSION
    assert (
        [version.member, *DECLARATION.world.names]
        == list(Transaction.__struct_fields__)
        == [
            version.member,
            *(field.path or field.name for field in DECLARATION.world),
        ]
    )
    optional = {field.name: not field.required for field in msgspec.structs.fields(Transaction)}
    assert {field.name: field.optional for field in DECLARATION.world} == {
        name: optional[name] for name in DECLARATION.world.names
    }


def test_its_labels_are_those_of_a_report():
    labels = DECLARATION.header.labels
    assert labels is not None
    members = (labels.transaction, labels.is_fraud, labels.reported_at, labels.key)
    assert {*members, "schema_version", "source", "reviewer", "note"} == set(Label.__struct_fields__)


def test_its_numbers_are_those_that_the_kernel_computes_with():
    amount, channel = (DECLARATION.world.field(name) for name in ("amount", "channel"))
    assert isinstance(amount, Decimal) and (amount.scale, amount.min, amount.max) == (2, 0, MAX_AMOUNT)
    assert isinstance(channel, Category) and channel.values == CHANNELS
    assert DECLARATION.world.history.milliseconds == HISTORY_DAYS * DAY_MS == max(WINDOWS_MS.values())
    lines = {declared.feature.name: declared.line for declared in DECLARATION.declared}
    small = lines["small_count_1h"]
    assert isinstance(small, Count) and small.where[0].at_most == 5.0
    counted = [f"{name}_{window}" for window in ("1h", "1d") for name in ("velocity", "customers", "small_share")]
    names = [f"{entity}_{name}" for entity in ("merchant", "device") for name in counted]
    assert [feature.name for feature in VELOCITY_FEATURES] == names
