"""A wrong line is one error, with its place and the way out."""

import pytest

from fraud_platform.core.declaration.faults import MOST_KEPT, MOST_SHOWN
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.errors import ConfigurationError, DeclarationError
from fraud_platform_tests.support.declarations import FILE, FIRST_FEATURE_LINE, declared, text_of

IN_A_FEATURE = {
    "{count: {}, per: card, over: 45d}": (
        "34:window 45d is longer than the history of 30d: declare history: 45d, or a shorter window"
    ),
    "{count: {}, per: card, over: [1d, 24h]}": "34:window 24h is listed twice: leave one out",
    "{count: {}, per: card, over: 1w}": ("34:over is 1w: it must be a whole number and s, m, h or d, such as 30d"),
    "{count: {}, per: card, over: []}": "34:over is []: it must not be empty",
    "{count: , per: card, over: 1d}": "13:count takes nothing: write count: {}",
    "{cuont: {}, per: card, over: 1d}": "6:cuont is no kind of feature: did you mean count?",
    "{count: {}, sum: amount, per: card, over: 1d}": "17:count and sum in one line: write a line for each",
    "{count: {}, per: crad, over: 1d}": "22:there is no field crad: did you mean card?",
    "{count: {}, per: merchant, over: 1d}": (
        "22:count is per key, which is card: for an entity there are velocity and matured_count"
    ),
    "{count: {}, per: card}": "5:count lacks over",
    "{count: {}, per: card, ovr: 1d, over: 1d}": "28:count has no option ovr: did you mean over?",
    "{velocity: {}, per: card, over: 1d}": "25:card is no entity: declare it with entity: true",
    "{mean: mcc, per: card, over: 1d}": (
        "12:mcc is no number: name one that is (amount, tip, balance, points, present)"
    ),
    "{distinct: amount, per: card, over: 1d}": (
        "16:amount is no id, category or ip: name one that is (auth_id, card, merchant, mcc, currency, ip)"
    ),
    "{sum: tip, per: card, over: 1d}": (
        "11:tip is in several currencies, which are not added up: "
        "add where: {field: currency, equals: EUR}, a line for each"
    ),
    "{mean: balance, per: card, over: 1d}": (
        "12:mean adds balance up, and sums of a double depend on how rows are cut into batches: "
        "make it {type: decimal, scale: 2}, with the decimal places that count"
    ),
    "{velocity_distinct: mcc, per: merchant, over: 1d}": (
        "25:velocity_distinct counts what one Kafka partition has in order, which is the key: name card"
    ),
    "{velocity_distinct: card, per: merchant, over: 1d, where: {field: mcc, equals: a}}": (
        "63:velocity_distinct takes no condition: count all of the entity's transactions"
    ),
    "{distance: [longitude, latitude], per: card}": (
        "16:latitude is no longitude: name a latitude, then a longitude",
        "16:longitude is no latitude: name a latitude, then a longitude",
    ),
    "{distance_between: [[latitude, longitude], [latitude, mcc]]}": (
        "24:mcc is no longitude: name a latitude, then a longitude"
    ),
    "{distance_between: [[latitude, longitude], [latitude, longitude]]}": (
        "24:the two places are the same: name another one"
    ),
    "{distance_between: [latitude, longitude]}": "25:distance_between is text: it must be a list",
    "{fraud_share: {}, per: merchant, over: 1h}": (
        "44:window 1h is no number of days, and labels are counted by day: write 1d"
    ),
    "{value: ts}": "13:ts is neither number nor category: calendar and distance are made of such",
    "{value: [amount]}": "13:value is a list: it must be text",
    "{calendar: nigth}": "16:calendar has no value nigth: did you mean night?",
    "{calendar: weekday, hours: [22, 3]}": "32:hours are those of calendar: night: leave them out",
    "{calendar: night, hours: [22, 24]}": "35:hours is 24: it must be at most 23",
    "{calendar: hour, at: mcc}": ("26:mcc is no timestamp: name one, or leave at out for the time of the transaction"),
    "{count: {}, per: card, over: 1d, where: {field: mcc, at_most: 5}}": (
        "45:mcc is no number and has no size: use equals or one_of"
    ),
    "{count: {}, per: card, over: 1d, where: {field: mcc, equals: 5411}}": (
        "45:mcc is never 5411: its values are text, in quotes"
    ),
    "{count: {}, per: card, over: 1d, where: {field: mcc}}": (
        "45:the condition on mcc tests nothing: add equals, one_of or at_most"
    ),
    "{expression: amount / 2}": "5:expression lacks name",
    "{name: a, expression: amount / balanc}": "27:there is no field balanc: did you mean balance?",
    "{name: a, expression: sqr(amount)}": "27:there is no function sqr: did you mean sqrt?",
    "{name: a, expression: 'log(amount, 2)'}": "27:log takes 1 and gets 2",
    "{name: a, expression: amount ** 9}": (
        "27:amount ** 9 is neither number, field, + - * / nor a function: "
        "abs, exp, floor, log, log1p, maximum, minimum, sqrt"
    ),
    "{name: a, expression: __import__('os')}": (
        "27:'os' is neither number, field, + - * / nor a function: abs, exp, floor, log, log1p, maximum, minimum, sqrt",
        "27:there is no function __import__: there are abs, exp, floor, log, log1p, maximum, minimum, sqrt",
    ),
    "{name: a, expression: amount +}": "27:amount + is no expression such as amount / balance",
    "{value: amount, words: '{valu} now'}": "28:words ask for valu: did you mean value?",
    "{value: amount, words: '{value.__class__} x'}": "28:words ask for value.__class__: there are value, amount",
    "{value: amount, words: '{value:99999}'}": ("28:words write value as 99999: a format is like .0f, ,.2f or .1%"),
    "{value: amount, words: '{value'}": (
        "28:words {value: expected '}' before end of string; a brace that means itself is written twice"
    ),
    "{value: amount, words: [few, many]}": (
        "28:a list of words has one for each value, as for the day of the week: write one text"
    ),
    "{value: amount, default: none}": "30:default is text: it must be a number or empty",
    "{per: merchant, over: 1d, features: [{velocity: {}, over: 1h}]}": (
        "57:over is the group's: leave it out here, or take the line out of it"
    ),
    "amount": "5:a feature is a mapping, such as {value: amount}",
}
"""Line of a feature → column and text of what is said of it."""
IN_A_FIELD = {
    "{type: strnig}": "field x has no type strnig: there are id, category, decimal, number, boolean, "
    "timestamp, latitude, longitude, ip",
    "{type: decimla, scale: 2}": "field x has no type decimla: did you mean decimal?",
    "{role: key}": "field x lacks its type: {type: id}, for example",
    "{type: id, optinal: true}": "field x has no option optinal: did you mean optional?",
    "{type: id, optional: 1}": "optional is a whole number: it must be true or false",
    "{type: id, role: time}": "role has no value time: there are transaction, key",
    "{type: id, role: key}": "card has role key already: take it from one of the two",
    "{type: id, path: merchant.id}": "x and merchant are the same member: give one another path",
    "{type: id, path: a..b}": "path is a..b: it must be names of nested members with dots between them, "
    "such as card.pan_hash, and \\. for a dot within a name",
    "{type: id, path: 'a\\b'}": "path is a\\b: it must be names of nested members with dots between them, "
    "such as card.pan_hash, and \\. for a dot within a name",
    '{type: id, path: "a\\n"}': "path is a\\n: it must be names of nested members with dots between them, "
    "such as card.pan_hash, and \\. for a dot within a name",
    "{type: decimal}": "field x lacks scale",
    "{type: decimal, scale: 12}": "scale is 12: it must be at most 8",
    "{type: number, default: 1}": "field x: a default is for a field that may be absent: add optional: true",
    "{type: number, min: 2, max: 1}": "field x: min 2 is above max 1: exchange them",
    "{type: decimal, scale: 8, max: 1e+11}": "field x: 1e+11 does not fit 18 digits with scale 8",
    "{type: decimal, scale: 2, currency_field: mc}": "mc is no field of type category: did you mean mcc?",
    "{type: category, pattern: (a+)+}": "field x: (a+)+ is no pattern of at most 8 characters or classes with their "
    "number, such as [A-Z]{2} or [0-9]{4}",
    "{type: category, values: [a, a]}": "field x: a value is listed twice",
    "{type: timestamp, unit: ms, zone: UTC}": "field x: unit is for numbers, format and zone are for text: "
    "leave one or the other out",
    "{type: timestamp, epoch: '2013-09-01T00:00:00Z'}": "field x: epoch is for numbers: "
    "add what they count, such as unit: s",
    "{type: timestamp, unit: h, epoch: 2013-09-01}": "epoch is 2013-09-01: it must be a time with its offset, "
    "such as 2013-09-01T00:00:00Z",
    "{type: timestamp, unit: h, epoch: 2013-02-30T00:00:00Z}": "field x: 2013-02-30T00:00:00Z is no time "
    "of the calendar",
    "{type: timestamp, unit: d}": "unit has no value d: there are s, ms, us, ns, h",
    "{type: timestamp, members: [Year, Time], format: '%Y %H', zone: UTC, path: Year}": "field x: members stand "
    "instead of path: leave one or the other out",
    "{type: timestamp, members: [Year, Year], format: '%Y %m', zone: UTC}": "field x: a member is listed twice",
    "{type: timestamp, members: [Year], format: '%Y', zone: UTC}": "members is ['Year']: it must have at least "
    "2 values",
    "{type: timestamp, members: [Year, Time]}": "field x: members need a format of their texts with spaces "
    "between them: '%Y %m %d %H:%M'",
    "{type: timestamp, members: [Year, Time], unit: s}": "field x: unit is for one number, members are for text: "
    "leave one or the other out",
    "{type: timestamp, members: [Year, mcc], format: '%Y %H', zone: UTC}": "x and mcc are the same member: "
    "give one another path",
    "{type: timestamp, format: '%Y-%m-%d'}": "field x: times without offset (%z) need a zone, such as zone: UTC",
    "{type: timestamp, format: '%Q', zone: UTC}": "field x: %Q is not read: "
    "a format has %Y %m %d %H %M %S %f %z and text",
    "{type: timestamp, format: '%Y %Y', zone: UTC}": "field x: a format has each of its directives once",
    "{type: timestamp, zone: Europe/Atlantis}": "field x: there is no time zone Europe/Atlantis: "
    "write it as Europe/Berlin",
    "{type: id, path: merchant.id.short}": "x lies in merchant, which is a value itself: give one another path",
    "{type: timestamp, unit: ns, epoch: 1601-01-01T00:00:00Z}": "field x: ns from 1601-01-01T00:00:00Z to 2099 "
    "do not fit 64 bits: take a nearer epoch",
    "{type: timestamp, members: [y, mcc.y], format: '%Y %m', zone: UTC}": "x lies in mcc, which is a value itself: "
    "give one another path",
    "{type: id, optional: true, max_length: 3, default: none}": "field x: default has 4 characters: max_length is 3",
    "{type: category, optional: true, pattern: '[A-Z]{2}', default: fr}": "field x: fr is no value that a message "
    "could have",
    "{type: decimal, optional: true, scale: 1, default: 0.25}": "field x: 0.25 has more than 1 decimal places",
    "{type: decimal, optional: true, scale: 2, default: 1e+17}": "field x: 1e+17 does not fit 18 digits with 2 "
    "decimal places",
}
"""Options of a field x → what is said of it."""


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_declaration(text, FILE)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("line", IN_A_FEATURE)
def test_a_wrong_feature_is_told_with_its_place(line):
    expected = IN_A_FEATURE[line]
    told = (expected,) if isinstance(expected, str) else expected
    places = (fault.split(":", 1) for fault in told)
    assert faults(text_of(line)) == [f"{FILE}:{FIRST_FEATURE_LINE}:{column}: {text}" for column, text in places]


@pytest.mark.parametrize("options", IN_A_FIELD)
def test_a_wrong_field_is_told_with_its_line(options):
    (fault,) = faults(text_of(x=options))
    place, text = fault.split(": ", 1)
    assert text == IN_A_FIELD[options]
    assert place.startswith(f"{FILE}:{FIRST_FEATURE_LINE - 1}:")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"ts": "{type: timestamp}"}, "no field has role time: add role: time to a field of type timestamp"),
        ({"auth_id": "{type: id}"}, "no field has role transaction: add role: transaction to a field of type id"),
        (
            {"Card-No": "{type: id}"},
            "field Card-No: a name has small letters, digits and _ only; path says the member's",
        ),
    ],
)
def test_the_platform_needs_to_know_what_and_when(fields, text):
    (fault,) = faults(text_of(**fields))
    assert fault.endswith(f": {text}")


def test_all_faults_are_told_at_once_in_the_order_of_the_file():
    found = faults(text_of("{value: amont}", "{calendar: hour}", "{count: {}, per: card, over: 31d}"))
    assert [fault.split(":")[1] for fault in found] == [str(FIRST_FEATURE_LINE), str(FIRST_FEATURE_LINE + 2)]


def test_two_features_of_one_name_are_one_too_many():
    (fault,) = faults(text_of("{value: balance}", "{name: balance, value: amount}"))
    line = FIRST_FEATURE_LINE
    assert (
        fault == f"{FILE}:{line + 1}:5: a second feature balance, the first is in line {line}: give one of them a name"
    )


def test_words_may_speak_of_a_feature_that_comes_later():
    features = declared("{value: amount, words: 'amount after {count_1d:.0f}'}", "{count: {}, per: card, over: 1d}")
    assert features.features[0].sentence(5, {"count_1d": 7}) == "amount after 7"


def test_a_file_of_faults_is_told_in_part():
    found = faults(text_of(*["{value: amont}"] * 1000))
    assert len(found) == MOST_SHOWN + 1
    assert found[-1] == f"… and {MOST_KEPT - MOST_SHOWN} more"


def test_the_error_carries_what_its_message_leaves_out():
    with pytest.raises(DeclarationError) as caught:
        read_declaration(text_of(*["{value: amont}"] * (MOST_SHOWN + 5)), FILE)
    assert len(caught.value.faults) == MOST_SHOWN + 5
    assert str(caught.value).splitlines()[:-1] == list(caught.value.faults[:MOST_SHOWN])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "cards.yaml:1:1: a declaration is a mapping: its options in {}, or one a line"),
        ("- name", "cards.yaml:1:1: a declaration is a mapping: its options in {}, or one a line"),
        ("name: a\nfields: {}\n", "cards.yaml:1:1: a declaration lacks features"),
        ("name: a\nfields: []\nfeatures: []", "cards.yaml:2:9: fields is a mapping of names"),
    ],
)
def test_what_is_no_declaration_says_so(text, expected):
    assert expected in faults(text)
