"""What a declaration says of labels and of files."""

import pytest

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.errors import DeclarationError
from fraud_platform_tests.support.declarations import FILE, text_of

LABELS = "labels: {transaction: auth_id, is_fraud: fraud, reported_at: reported%s}"


def header(section: str):
    return read_declaration(text_of().replace("features:", f"{section}\nfeatures:"), FILE).header


def test_values_of_labels_have_defaults():
    known = header(LABELS % "").labels.is_fraud_by_text
    assert [text for text, fraud in known.items() if fraud] == ["1", "true", "yes", "t", "y"]
    assert [text for text, fraud in known.items() if not fraud] == ["0", "false", "no", "f", "n"]


def test_declared_values_of_labels_are_the_only_ones():
    known = header(LABELS % ", fraud: [2, Chargeback], legitimate: 1").labels.is_fraud_by_text
    assert known == {"2": True, "chargeback": True, "1": False}


def test_reports_have_the_zone_that_labels_or_the_time_have():
    own, without = header(LABELS % ", zone: Europe/Berlin").labels, header(LABELS % "").labels
    assert own.reported("UTC").zone == "Europe/Berlin"
    assert (without.reported("UTC").zone, without.reported(None).zone) == ("UTC", None)


def test_a_file_s_layout_is_read():
    layout = header('file: {separator: ";", decimal: ",", thousands: ".", encoding: latin-1, header: [a, b]}').file
    assert (layout.separator, layout.decimal, layout.thousands, layout.encoding) == (";", ",", ".", "latin-1")
    assert layout.header == ("a", "b")


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        (LABELS % ", fraud: [2]", "fraud and legitimate go together"),
        (LABELS % ", fraud: [1], legitimate: [1.0]", "1 cannot be fraud and legitimate"),
        (LABELS % ", format: '%d/%m'", "without a year"),
        (LABELS % ", unit: s, zone: UTC", "unit is for numbers"),
        ("file: {thousands: '.'}", "decimal and thousands are the same"),
        ("file: {separator: x}", "separator has no value x"),
        ("file: {encoding: klingon}", "there is no encoding klingon"),
        ("file: {sign: '-'}", "sign is -: it must be letters or signs that change no number"),
        ("file: {header: [a, a]}", "a column is listed twice"),
        ("file: {seperator: ','}", "did you mean separator"),
    ],
)
def test_what_contradicts_itself_is_a_fault_at_its_place(section, fault):
    with pytest.raises(DeclarationError, match=fault) as caught:
        header(section)
    assert all(line.startswith(FILE) for line in caught.value.faults)


@pytest.mark.parametrize("form", ["%Y-%m-%d %I:%M", "%Y-%m-%d %H:%M %p"])
def test_half_a_day_goes_with_its_half(form):
    with pytest.raises(DeclarationError, match="go together"):
        read_declaration(text_of(ts=f"{{type: timestamp, role: time, format: '{form}', zone: UTC}}"), FILE)
