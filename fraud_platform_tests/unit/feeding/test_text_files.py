"""Text files as people have them: read to the same messages, or refused by one line that names the setting."""

import csv
import gzip
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.errors import ConfigurationError
from fraud_platform_tests.support.checked_file import checked, declaration_text, text_file

HEADER = "id,customer,merchant,time,amount,fraud"
ROWS = ("A1,k1,m1,2026-04-02 08:00:00,3.25,0", "A2,k2,m2,2026-04-02 08:00:05,4.75,1")
PLAIN = "\n".join([HEADER, *ROWS]) + "\n"
MESSAGES = [
    {"id": "A1", "customer": "k1", "merchant": "m1", "time": "2026-04-02 08:00:00", "amount": "3.25"},
    {"id": "A2", "customer": "k2", "merchant": "m2", "time": "2026-04-02 08:00:05", "amount": "4.75"},
]
DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.csv", PLAIN.encode(), ""),
        ("a.CSV", PLAIN.encode(), ""),
        ("a.txt", PLAIN.encode(), ""),
        ("a.csv.gz", PLAIN.encode(), ""),
        ("a.csv", gzip.compress(PLAIN.encode()), ""),
        ("a.csv", PLAIN.replace("\n", "\r\n").encode(), ""),
        ("a.csv", PLAIN.replace("\n", "\r").encode(), ""),
        ("a.csv", PLAIN.removesuffix("\n").encode(), ""),
        ("a.csv", ("\n" + PLAIN.replace("\n", "\n\n")).encode(), ""),
        ("a.csv", PLAIN.encode("utf-8-sig"), ""),
        ("a.csv", PLAIN.encode("utf-16"), ""),
        ("a.csv", PLAIN.encode("utf-32"), ""),
        ("a.csv", PLAIN.encode("utf-16-be"), "encoding: utf-16-be"),
        ("a.csv", PLAIN.encode("latin-1"), "encoding: latin-1"),
        ("a.csv", PLAIN.replace(",", ";").encode(), ""),
        ("a.csv", PLAIN.replace(",", "\t").encode(), ""),
        ("a.tsv", PLAIN.replace(",", "\t").encode(), ""),
        ("a.csv", PLAIN.replace(",", "|").encode(), "separator: '|'"),
        ("a.csv", ("sep=;\n" + PLAIN.replace(",", ";")).encode(), ""),
        ("a.csv", PLAIN.replace(",", ", ").encode(), ""),
        ("a.csv", "\n".join(ROWS).encode(), "header: [id, customer, merchant, time, amount, fraud]"),
        ("a.csv", PLAIN.encode(), "header: [id, customer, merchant, time, amount, fraud]"),
        ("a.csv", ("exported by us\n" + PLAIN).encode(), "skip: 1"),
        ("a.csv", PLAIN.replace("A1,k1", "'A1','k1'").encode(), 'quote: "\'"'),
        ("a.csv", PLAIN.replace("k1", '"k1"').encode(), ""),
    ],
)
def test_the_same_rows_are_the_same_messages_however_they_are_written(tmp_path, name, content, options):
    found = checked(text_file(tmp_path / name, content), declaration=declaration_text(options))
    assert (found.messages, found.faults) == (MESSAGES, [])
    assert found.reported == [-1, found.decoded["time"][1] + 7 * DAY_MS]


@pytest.mark.parametrize(
    ("content", "options", "line"),
    [
        (b"", "", "is empty: it has no row"),
        (b"\n\n", "", "is empty: it has no row"),
        (
            PLAIN.replace("0\n", "0,\n").replace("1\n", "1,\n").encode(),
            "",
            "none of 2 rows can be read: row 1",
        ),
        ((HEADER + "\n").encode(), "", "there is a header with time, and no row below it"),
        (
            "\n".join(ROWS).encode(),
            "",
            r"\(A1, k1, .*\): if that is a row, name the columns by file: {header",
        ),
        (b"id,buyer,price\n1,2,3\n", "", "has none of the columns customer, .* otherwise correct the paths"),
        (
            PLAIN.replace("merchant", "amount").encode(),
            "",
            r"amount twice: .* file: {header: \[name, …\], skip: 1}",
        ),
        (
            PLAIN.replace("merchant", "shop").encode(),
            "",
            "no column merchant that the declaration small reads",
        ),
        (PLAIN.encode(), "header: [id, customer]", "6 cells in its first row, .* names 2 columns"),
        (
            PLAIN.replace("k1", "Zoë").encode("latin-1"),
            "",
            "is not UTF-8 in line 2: declare its encoding",
        ),
        (PLAIN.replace("k1", "Zoë").encode(), "encoding: latin-1", "is UTF-8, and the declaration says latin-1"),
        (PLAIN.encode("utf-16-le"), "", "bytes that are 0.*encoding: utf-16-le"),
        (PLAIN.replace("A2", '"A2').encode(), "", 'a " in line 3 that is not closed'),
        (PLAIN.replace("k2,m2", 'k2,"m2').encode(), "", 'a " in line 3 that is not closed'),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_set(tmp_path, content, options, line):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(ConfigurationError, match=line):
        checked(tmp_path / "a.csv", declaration=declaration_text(options))


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    whole = gzip.compress("\n".join([HEADER, *ROWS * 5_000]).encode())
    (tmp_path / "a.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ConfigurationError, match=r"a\.csv\.gz: cannot be read"):
        checked(tmp_path / "a.csv.gz")


def test_what_was_found_out_is_said(tmp_path):
    found = checked(text_file(tmp_path / "a.csv", PLAIN.replace(",", ";")))
    assert found.notices == [f"{tmp_path / 'a.csv'}: cells are separated by ;"]


def test_a_column_without_a_name_is_not_sent(tmp_path):
    lines = zip(("", 0, 1), PLAIN.splitlines(), strict=True)
    found = checked(text_file(tmp_path / "a.csv", "\n".join(f"{at},{line}" for at, line in lines)))
    assert found.messages == MESSAGES
    assert "1 column without a name is not read" in found.notices[0]


def test_a_dot_in_the_name_of_a_column_leads_into_an_object_or_is_escaped(tmp_path):
    path = text_file(tmp_path / "a.csv", PLAIN.replace("customer", "card.pan").replace("merchant", "shop no."))
    fields = {"customer": "{type: id, role: key, path: card.pan}", "merchant": r"{type: id, path: 'shop no\.'}"}
    found = checked(path, declaration=declaration_text(**fields))
    assert (found.column("card")[0], found.column("shop no.")[0]) == ({"pan": "k1"}, "m1")


def test_columns_that_nothing_uses_are_sent_and_named(tmp_path):
    found = checked(text_file(tmp_path / "a.csv", f"{HEADER},note\n{ROWS[0]},seen\n"))
    assert (found.column("note"), found.unused) == (["seen"], ["note"])


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_row_with_other_cells_than_the_header_is_one_fault_with_its_number(tmp_path, line_end):
    lines = [HEADER, ROWS[0], "A9,k9", ROWS[1], "A8,k8,m,2026-04-02 09:00:00,1,0,0"]
    found = checked(text_file(tmp_path / "a.csv", line_end.join([*lines, ""])))
    assert found.messages == MESSAGES
    assert [(fault.row, fault.value) for fault in found.faults] == [(2, lines[2]), (4, lines[4])]
    assert "has 2 cells, and the header 6" in found.faults[0].reason


def test_rows_below_a_ragged_one_keep_their_numbers(tmp_path):
    text = "\n".join([HEADER, "x", ROWS[0], "x", ROWS[1].replace("4.75", "much")])
    assert [fault.row for fault in checked(text_file(tmp_path / "a.csv", text)).faults] == [1, 3, 4]


def test_line_breaks_within_quotes_belong_to_the_cell(tmp_path):
    text = PLAIN.replace("m1", '"m\n1"')
    found = checked(text_file(tmp_path / "a.csv", f"{text}"), declaration=declaration_text(merchant=""))
    assert found.column("merchant") == ["m\n1", "m2"]


def test_a_mark_in_the_middle_of_a_cell_is_part_of_it(tmp_path):
    found = checked(text_file(tmp_path / "a.csv", PLAIN.replace("m1", '5" TV')))
    assert found.column("merchant") == ['5" TV', "m2"]


printable_text = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(printable_text, st.decimals(0, 10**9, places=2)), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_is_written_is_read_back_or_refused(cells, separator, line_end, encoding):
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator, lineterminator=line_end)
    writer.writerow(HEADER.split(","))
    for number, (merchant, amount) in enumerate(cells):
        writer.writerow([f"A{number}", "k1", merchant, f"2026-04-02 08:00:0{number}", amount, 0])
    with TemporaryDirectory() as folder:
        found = checked(text_file(Path(folder) / "a.csv", written.getvalue(), encoding))
    refused = {fault.row - 1: fault.value for fault in found.faults}
    assert refused == {number: cells[number][0] for number in refused}
    taken = [cell for number, cell in enumerate(cells) if number not in refused]
    assert found.column("merchant") == [merchant for merchant, _ in taken]
    assert found.decoded["amount"] == [int(amount * 100) for _, amount in taken]
