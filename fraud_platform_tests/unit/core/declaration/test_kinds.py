"""Every kind of feature, in one line: what it is called, what it means and what a reason says of it."""

import pytest

from fraud_platform.core.declaration.kinds.table import FEATURE_KINDS
from fraud_platform.core.declaration.kinds.velocity_distinct import VelocityDistinct
from fraud_platform.core.declaration.wording import faults_of_words
from fraud_platform_tests.support.declarations import declared

EXAMPLES = {
    "value": ("{value: balance}", "balance", "points", "balance is 1,200"),
    "calendar": ("{calendar: night}", "is_night", "0/1", "made at night, UTC"),
    "distance_between": (
        "{distance_between: [[home_latitude, home_longitude], [latitude, longitude]]}",
        "distance_between_km",
        "km",
        "the places of home latitude and latitude are 1,200 km apart",
    ),
    "expression": ("{name: emptied, expression: 'amount / maximum(balance, 1)'}", "emptied", "", "emptied is 1,200"),
    "count": (
        "{count: {}, per: card, over: 1h}",
        "count_1h",
        "transactions",
        "transaction number 1200 of the card in one hour",
    ),
    "sum": ("{sum: amount, per: card, over: 1d}", "sum_1d", "currency", "card spent 1,200.00 in 24 hours"),
    "mean": (
        "{mean: points, per: card, over: 7d}",
        "points_mean_7d",
        "points",
        "card's mean points in 7 days is 1,200.0",
    ),
    "min": (
        "{min: amount, per: card, over: 90s}",
        "min_90s",
        "currency",
        "card's smallest amount in 90 seconds is 1,200.00",
    ),
    "max": (
        "{max: amount, per: card, over: 1m}",
        "max_1m",
        "currency",
        "card's largest amount in one minute is 1,200.00",
    ),
    "std": (
        "{std: amount, per: card, over: 30d}",
        "std_30d",
        "currency",
        "card's standard deviation of amount in 30 days is 1,200.00",
    ),
    "zscore": (
        "{zscore: amount, per: card, over: 7d}",
        "amount_zscore_7d",
        "standard deviations",
        "amount lies +1,200.0 standard deviations from the card's 7-day mean",
    ),
    "ratio_to_mean": (
        "{ratio_to_mean: amount, per: card, over: 12h}",
        "amount_to_mean_12h",
        "ratio",
        "amount is 1,200.00 times the card's 12-hour mean",
    ),
    "distinct": (
        "{distinct: merchant, per: card, over: 1d}",
        "merchants_1d",
        "merchants",
        "card's merchants in 24 hours: 1200",
    ),
    "first_seen": ("{first_seen: mcc, per: card}", "is_new_mcc", "0/1", "mcc is new to the card"),
    "time_since_previous": (
        "{time_since_previous: {}, per: card, over: 7d}",
        "seconds_since_previous_7d",
        "s",
        "card's transaction before is 1,200 seconds old",
    ),
    "distance": (
        "{distance: [latitude, longitude], per: card}",
        "distance_km",
        "km",
        "place is 1,200 km from the card's last one",
    ),
    "speed": (
        "{speed: [latitude, longitude], per: card}",
        "speed_kmh",
        "km/h",
        "card came from the last place at 1,200 km/h",
    ),
    "velocity": (
        "{velocity: {}, per: ip, over: 1h}",
        "ip_velocity_1h",
        "transactions",
        "ip's transactions in one hour: 1,200",
    ),
    "velocity_distinct": (
        "{velocity_distinct: card, per: ip, over: 1h}",
        "ip_cards_1h",
        "cards",
        "ip's cards in one hour: 1,200",
    ),
    "velocity_share": (
        "{velocity_share: {}, per: merchant, over: 1h, where: {field: present, equals: false}}",
        "merchant_share_1h",
        "share",
        "120000% of the merchant's transactions in one hour have present false",
    ),
    "matured_count": (
        "{matured_count: {}, per: merchant, over: 7d}",
        "merchant_count_7d",
        "transactions",
        "merchant's transactions in the newest 7 days with known labels: 1,200",
    ),
    "matured_mean": (
        "{matured_mean: amount, per: merchant, over: 7d}",
        "merchant_mean_7d",
        "currency",
        "merchant's mean amount in the newest 7 days with known labels is 1,200.00",
    ),
    "fraud_share": (
        "{fraud_share: {}, per: merchant, over: 7d}",
        "merchant_fraud_share_7d",
        "share",
        "120000.0% of the merchant's transactions in the newest 7 days with known labels were fraud",
    ),
}
"""Kind → a line of it, and name, unit and sentence of the feature that it declares."""

WITH_CONDITIONS = [
    kind
    for kind, line in FEATURE_KINDS.items()
    if "where" in line.__struct_fields__ and not issubclass(line, VelocityDistinct)
]


def test_every_kind_has_an_example():
    assert set(EXAMPLES) == set(FEATURE_KINDS)


@pytest.mark.parametrize("kind", FEATURE_KINDS)
def test_a_line_is_a_feature_with_a_name_a_unit_and_words(kind):
    line, name, unit, sentence = EXAMPLES[kind]
    (feature,) = declared(line).features
    assert (feature.name, feature.unit) == (name, unit)
    assert feature.sentence(1200.0, {}) == sentence
    assert feature.meaning and "{" not in feature.meaning + feature.words_if_default
    assert isinstance(feature.words, tuple) or not list(faults_of_words(feature.words, []))


@pytest.mark.parametrize("kind", FEATURE_KINDS)
def test_all_of_it_can_be_said_otherwise(kind):
    line = EXAMPLES[kind][0].removesuffix("}").replace("name: emptied, ", "")
    own = "name: mine, unit: u, meaning: m, default: -2, words: 'is {value:.1f}', words_if_default: none"
    (feature,) = declared(f"{line}, {own}}}").features
    assert feature.name.removesuffix(f"_{feature.window}") == "mine"
    assert (feature.unit, feature.meaning, feature.default) == ("u", "m", -2.0)
    assert [feature.sentence(value, {}) for value in (3.0, -2.0)] == ["is 3.0", "none"]


def test_a_window_each_is_a_feature_each():
    features = declared(
        "{count: {}, per: card, over: [1h, 1d], meaning: 'in {window}', words: '{value:.0f} in {period}'}"
    )
    assert [(f.name, f.window, f.entity, f.meaning) for f in features.features] == [
        ("count_1h", "1h", "card", "in 1h"),
        ("count_1d", "1d", "card", "in 1d"),
    ]
    assert features.features[1].sentence(2, {}) == "2 in 24 hours"


def test_a_group_goes_through_its_windows_before_its_lines():
    lines = "{per: merchant, over: [1d, 7d], features: [{matured_count: {}}, {fraud_share: {}}]}"
    assert [feature.name for feature in declared(lines).features] == [
        "merchant_count_1d",
        "merchant_fraud_share_1d",
        "merchant_count_7d",
        "merchant_fraud_share_7d",
    ]


def test_what_has_no_windows_of_its_own_looks_back_as_far_as_the_history():
    (feature,) = declared("{first_seen: merchant, per: card}", history="90d").features
    assert (feature.name, feature.window) == ("is_new_merchant", "90d")


@pytest.mark.parametrize(
    ("where", "meaning"),
    [
        ("{field: amount, at_most: 5}", "amounts of at most 5 in 1h"),
        ("{field: mcc, one_of: ['7995', '6051']}", "transactions with mcc 7995 or 6051 in 1h"),
        (
            "[{field: amount, above: 100}, {field: present, equals: true}]",
            "transactions with amount above 100 and present true in 1h",
        ),
    ],
)
def test_a_condition_is_part_of_the_meaning(where, meaning):
    (feature,) = declared(f"{{count: {{}}, per: card, over: 1h, where: {where}}}").features
    assert feature.meaning == meaning


def test_night_is_when_a_line_says():
    lines = ("{calendar: night}", "{name: late, calendar: night, hours: [22, 3]}")
    assert [feature.meaning for feature in declared(*lines).features] == [
        "hour of day at most 6",
        "hour of day from 22 to 3",
    ]


@pytest.mark.parametrize("kind", WITH_CONDITIONS)
def test_every_kind_that_takes_a_condition_says_it(kind):
    line = EXAMPLES[kind][0].split(", where")[0].removesuffix("}")
    (feature,) = declared(f"{line}, where: {{field: currency, equals: EUR}}}}").features
    assert "transactions with currency EUR" in feature.meaning


def test_braces_in_a_category_are_said_as_they_are():
    (feature,) = declared("{count: {}, per: card, over: 1h, where: {field: mcc, equals: '{x}'}}").features
    assert feature.sentence(3, {}) == "card's transactions with mcc {x} in one hour: 3"


def test_a_world_without_a_key_has_features_of_the_transaction():
    (feature,) = declared("{value: amount}", card="{type: id}").features
    assert feature.entity == "transaction"
