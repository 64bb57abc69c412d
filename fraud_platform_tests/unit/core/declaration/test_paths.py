"""Where a message has a value: members by any name, nested, several of them, and times that count from anywhere."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.declaration.fields.field import split_path, written_path
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.errors import ConfigurationError
from fraud_platform_tests.support.declarations import declared, text_of

names = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=30)


def field_x(options: str):
    return declared(x=options).world.field("x")


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("card.bin", ("card", "bin")),
        ("Merchant Name", ("Merchant Name",)),
        ("'Is Fraud?'", ("Is Fraud?",)),
        (r"card\.number", ("card.number",)),
        (r"card.issuer\.country", ("card", "issuer.country")),
        (r"a\\b", (r"a\b",)),
        ("größe.名", ("größe", "名")),
        ("'{}: [x], #'", ("{}: [x], #",)),
    ],
)
def test_a_path_names_members_as_the_message_does(path, members):
    assert field_x(f"{{type: id, path: {path}}}").source == members


@given(st.lists(names, min_size=2, max_size=8))
def test_any_name_can_be_written(members):
    path = ".".join(name.replace("\\", "\\\\").replace(".", "\\.") for name in members)
    assert split_path(path) == tuple(members) and written_path(members) == path
    quoted = path.replace("'", "''")
    assert field_x(f"{{type: id, path: '{quoted}'}}").source == tuple(members)


def test_a_field_without_a_path_is_where_its_name_says():
    assert field_x("{type: id}").sources == (("x",),)


def test_a_time_may_be_spread_over_members():
    options = r"{type: timestamp, members: [Year, date.Month, Day\.], format: '%Y %m %d', zone: UTC}"
    assert field_x(options).sources == (("Year",), ("date", "Month"), ("Day.",))


@pytest.mark.parametrize(
    ("options", "epoch"),
    [
        ("unit: s", datetime(1970, 1, 1, tzinfo=UTC)),
        ("unit: h, epoch: 2013-09-01T00:00:00Z", datetime(2013, 9, 1, tzinfo=UTC)),
        ("unit: ms, epoch: 2013-09-01T02:00:00+02:00", datetime(2013, 9, 1, tzinfo=UTC)),
        ("unit: us, epoch: 1601-01-01T00:00:00Z", datetime(1601, 1, 1, tzinfo=UTC)),
    ],
)
def test_numbers_count_from_the_epoch(options, epoch):
    field = field_x(f"{{type: timestamp, {options}}}")
    assert isinstance(field, Timestamp) and field.epoch_ms == epoch.timestamp() * 1000


@pytest.mark.parametrize(
    "text",
    [
        'name: "cards\\n"\nfields: {}\nfeatures: []',
        text_of('{name: "a\\n", value: amount}'),
        text_of('{count: {}, per: card, over: "1d\\n"}'),
        text_of(x='{type: id, noun: "x\\n"}'),
        text_of(x='{type: decimal, scale: 2, currency: "EUR\\n"}'),
        text_of(x='{type: timestamp, zone: "UTC\\n"}'),
        text_of(x='{type: timestamp, unit: s, epoch: "2013-09-01T00:00:00Z\\n"}'),
    ],
)
def test_a_line_break_at_the_end_is_a_character_like_others(text):
    with pytest.raises(ConfigurationError, match=r"\\n: it must be"):
        read_declaration(text, "x.yaml")
