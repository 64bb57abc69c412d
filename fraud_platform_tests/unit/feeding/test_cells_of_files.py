"""Cells of text files: the value that is written there, or a line with row, column, value and way out."""

import pandas as pd
import pytest

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.declared_rows import DeclaredRows
from fraud_platform.feeding.messages import report_messages
from fraud_platform.messages.declared.decoder import TransactionDecoder
from fraud_platform.messages.decoding import label_or_fault
from fraud_platform.messages.schemas import Label
from fraud_platform_tests.support.checked_file import checked, declaration_text, text_file

GOOD = {"id": "A1", "customer": "k1", "merchant": "m1", "time": "2026-04-02 08:00:00", "amount": "3.25", "fraud": "0"}
AMOUNT = "{type: decimal, role: amount, scale: 2}"


def rows(tmp_path, *changes, **more):
    lines = [{**GOOD, **more, **change} for change in changes]
    text = "\n".join(";".join(line.values()) for line in lines)
    return text_file(tmp_path / "a.csv", ";".join(lines[0]) + "\n" + text + "\n")


def one_fault(found):
    (fault,) = found.faults
    return fault


@pytest.mark.parametrize(
    "text",
    ["007", "0010", "18446744073709551615", "NA", "N/A", "true", "2026-04-02", "9007199254740993", "1e5f", "12E5"],
)
def test_an_id_is_the_text_that_is_written(tmp_path, text):
    assert checked(rows(tmp_path, {"merchant": text})).column("merchant") == [text]


@pytest.mark.parametrize("text", ["4.2E+12", "6.011e+15", "1E+16", "4.111E15"])
def test_an_id_whose_digits_are_gone_is_refused(tmp_path, text):
    fault = one_fault(checked(rows(tmp_path, {}, {"customer": text})))
    assert (fault.row, fault.column, fault.value) == (2, "customer", text)
    assert "last digits are gone: export the column as text" in fault.reason


def test_a_formula_of_a_spreadsheet_is_no_id(tmp_path):
    path = rows(tmp_path, {"customer": '"=""007"""'})
    assert "formula of a spreadsheet" in one_fault(checked(path)).reason


def test_whole_numbers_of_a_column_with_gaps_have_no_point(tmp_path):
    device = {"device": "{type: id, optional: true}"}
    path = rows(tmp_path, {"device": "77.0"}, {"device": ""}, {"device": "8.0"})
    found = checked(path, declaration=declaration_text(**device))
    assert found.column("device") == ["77", None, "8"]
    assert found.notices[-1] == "column device has whole numbers written as 77.0: they are read as 77"


def test_a_point_that_tells_ids_apart_stays(tmp_path):
    found = checked(rows(tmp_path, {"merchant": "12.0"}, {"merchant": "12.1"}))
    assert found.column("merchant") == ["12.0", "12.1"]


def test_the_same_id_written_in_two_ways_is_refused(tmp_path):
    fault = one_fault(checked(rows(tmp_path, {"merchant": "12.0"}, {"merchant": "13"})))
    assert (fault.row, fault.value) == (1, "12.0")


@pytest.mark.parametrize("text", ["", '""', "  "])
def test_an_empty_id_is_none(tmp_path, text):
    assert "is missing" in one_fault(checked(rows(tmp_path, {"customer": text}))).reason
    optional = declaration_text(merchant="{type: id, optional: true}")
    assert checked(rows(tmp_path, {"merchant": text}), declaration=optional).column("merchant") == [None]


@pytest.mark.parametrize("text", ["NaN", "NULL", "None", r"\N", "#N/A"])
def test_a_word_for_nothing_is_no_customer_unless_it_is_declared_to_be_text(tmp_path, text):
    path = rows(tmp_path, {"customer": text})
    assert "missing: [NaN, 'NULL']" in one_fault(checked(path)).reason
    assert checked(path, declaration=declaration_text("missing: []")).column("customer") == [text]
    declared = declaration_text(f"missing: ['{text}']")
    assert "is missing" in one_fault(checked(path, declaration=declared)).reason


def test_an_id_longer_than_the_contract_is_refused(tmp_path):
    path = rows(tmp_path, {"merchant": "f" * 100})
    assert one_fault(checked(path)).reason.endswith("length <= 64: declare max_length: 128")
    longer = declaration_text(merchant="{type: id, max_length: 128}")
    assert checked(path, declaration=longer).column("merchant") == ["f" * 100]


def test_a_fraud_is_reported_of_ids_as_long_as_may_be_declared(tmp_path):
    longest = {"customer": "c" * 256, "id": "t" * 256, "fraud": "1"}
    declaration = declaration_text(
        customer="{type: id, role: key, max_length: 256}", id="{type: id, role: transaction, max_length: 256}"
    )
    found = checked(rows(tmp_path, longest), declaration=declaration)
    assert (found.faults, found.column("customer")) == ([], ["c" * 256])
    assert found.reported[0] > 0


def test_quotes_that_are_not_declared_are_refused(tmp_path):
    path = rows(tmp_path, {"merchant": "'m1'"})
    assert "declare file: {quote:" in one_fault(checked(path)).reason
    assert checked(path, declaration=declaration_text("quote: '\"'")).column("merchant") == ["'m1'"]
    assert checked(path, declaration=declaration_text('quote: "\'"')).column("merchant") == ["m1"]


@pytest.mark.parametrize("text", ["NA", "Swipe Transaction", "None"])
def test_a_category_is_what_it_says(tmp_path, text):
    place = {"country": "{type: category, optional: true}"}
    assert checked(rows(tmp_path, {"country": text}), declaration=declaration_text(**place)).column("country") == [text]


def test_a_category_of_another_pattern_is_refused(tmp_path):
    place = {"country": "{type: category, optional: true, pattern: '[A-Z]{2}'}"}
    fault = one_fault(checked(rows(tmp_path, {"country": "usa"}), declaration=declaration_text(**place)))
    assert (fault.column, fault.value) == ("country", "usa")


@pytest.mark.parametrize(
    ("text", "file", "units"),
    [
        ("3.25", "", 325),
        ("150000.0", "", 15_000_000),
        ("92445516.64", "", 9_244_551_664),
        ("-3.25", "", -325),
        ("\u22123.25", "", -325),
        ("3,25", 'decimal: ","', 325),
        ("1.234,50", 'decimal: ",", thousands: "."', 123_450),
        ("1,234.50", 'thousands: ","', 123_450),
        ("1 234.50", 'thousands: " "', 123_450),
        ("$1,234.50", 'sign: $, thousands: ","', 123_450),
        ("-$5", "sign: $", -500),
        ("5,00 €", 'decimal: ",", sign: €', 500),
    ],
)
def test_an_amount_is_read_in_the_declared_notation(tmp_path, text, file, units):
    found = checked(rows(tmp_path, {"amount": text}), declaration=declaration_text(file, amount=AMOUNT))
    assert (found.faults, found.decoded["amount"]) == ([], [units])


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("3,25", 'file: {decimal: ","}'),
        ("1,234.50", 'file: {thousands: ","}'),
        ("1.234,50", 'file: {decimal: ",", thousands: "."}'),
        ("$3.25", "file: {sign: '$'}"),
        ("NaN", "file: {missing: ['NaN']}"),
        ("(3.25)", "correct"),
        ("three", "correct"),
        ("3.257", "declare a larger scale"),
        ("-3.25", "declare another min"),
        ("", "is missing"),
    ],
)
def test_an_amount_in_another_notation_is_refused_with_the_way_out(tmp_path, text, way_out):
    fault = one_fault(checked(rows(tmp_path, {"amount": text})))
    assert (fault.row, fault.column, fault.value) == (1, "amount", text)
    assert way_out in fault.reason


def test_a_declared_prefix_is_read_with_thousands(tmp_path):
    amount = "{type: decimal, role: amount, scale: 2, prefix: $}"
    declaration = declaration_text('thousands: ","', amount=amount)
    found = checked(
        rows(tmp_path, {"amount": "$1,234.50"}, {"amount": "-$2"}, {"amount": "3"}), declaration=declaration
    )
    assert found.decoded["amount"] == [123_450, -200, 300]


@pytest.mark.parametrize(
    ("legitimate", "fraud"),
    [("0", "1"), ("0.0", "1.0"), ("false", "true"), ("False", "True"), ("No", "Yes"), ("F", "T"), ("n", "y")],
)
def test_labels_are_read_in_the_usual_words(tmp_path, legitimate, fraud):
    found = checked(rows(tmp_path, {"fraud": legitimate}, {"fraud": fraud}, {"fraud": ""}))
    assert [at >= 0 for at in found.reported] == [False, True, False]


@pytest.mark.parametrize(
    ("values", "legitimate", "fraud"),
    [("fraud: [2], legitimate: [1]", "1", "2"), ("fraud: [chargeback, Theft], legitimate: ok", "OK", "theft")],
)
def test_labels_are_read_by_declared_values(tmp_path, values, legitimate, fraud):
    path = rows(tmp_path, {"fraud": legitimate}, {"fraud": fraud})
    found = checked(path, declaration=declaration_text(labels=f", {values}"))
    assert [at >= 0 for at in found.reported] == [False, True]


@pytest.mark.parametrize("text", ["legit", "2", "0.5", "-1", "NaN"])
def test_another_label_is_refused(tmp_path, text):
    fault = one_fault(checked(rows(tmp_path, {}, {"fraud": text})))
    assert (fault.row, fault.column, fault.value) == (2, "fraud", text)
    assert "declare labels" in fault.reason


def test_labels_of_1_and_2_are_refused_as_a_whole(tmp_path):
    with pytest.raises(ConfigurationError, match=r"has 1 and 2, .* fraud: \[2\], legitimate: \[1\]"):
        checked(rows(tmp_path, {"fraud": "1"}, {"fraud": "2"}))


def test_a_report_names_the_customer_where_two_share_an_id():
    declared = read_declaration(declaration_text(), "small.yaml")
    reader = DeclaredRows(list(GOOD), feature_set=FeatureSet(declared), decoder=TransactionDecoder(declared))
    both = pd.DataFrame([GOOD, GOOD | {"customer": "k2", "fraud": "1"}], index=[1, 2])
    frame = reader.map_rows(both, 0).frame
    (report,) = report_messages(frame[frame["reported_at_ms"] >= 0])
    label = label_or_fault(report.value, report.send_ms)
    assert isinstance(label, Label)
    assert (label.transaction_id, label.key) == ("A1", "k2")
