"""Rows that would be rejected: told before anything is sent, or left out and written to a file."""

import json

import pandas as pd

from fraud_platform_tests.support.replayed_file import ROWS, refusal, rows, sent


def test_rows_that_would_be_rejected_are_told_by_field_and_reason_and_nothing_is_sent(settings, replay, file):
    spoilt = rows().astype(object)
    spoilt.loc[[10, 20], "amount"] = -1.0
    spoilt.loc[30, "amount"] = "much"
    spoilt.loc[40, "customer"] = ""
    spoilt.loc[50, "shop"] = "m" * 65
    spoilt.loc[60, "fraud"] = "perhaps"
    spoilt.to_csv(file, index=False)
    told = refusal(replay(), settings)
    assert "6 of 4,000 rows would be rejected, nothing was sent" in told
    assert "amount (column amount) expected `float` >= 0.0: 2 rows, first row 11: '-1.0'" in told
    assert "amount (column amount) is no number: 1 rows, first row 31: 'much'" in told
    assert "customer_id (column customer) is empty: 1 rows, first row 41" in told
    checked = replay("--check")
    assert checked.exit_code == 2 and "6 of 4,000 rows" in checked.stderr


def test_the_rest_can_be_sent_and_what_is_not_stands_in_a_file(settings, replay, file, tmp_path):
    spoilt = rows().astype(object)
    spoilt.loc[[3, 20], "amount"] = [-1.0, "much"]
    spoilt.to_csv(file, index=False)
    result = replay("--reject", str(tmp_path / "rejected.csv"), "--flush-labels", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["transactions"], told["rejected"], told["labels"]) == (ROWS - 2, 2, 199)
    assert {(kind["field"], kind["rows"]) for kind in told["rejections"]} == {("amount", 1)}
    written = pd.read_csv(tmp_path / "rejected.csv").to_dict("records")
    assert [(r["row"], r["column"], r["value"], r["field"]) for r in written] == [
        (4, "amount", "-1.0", "amount"),
        (21, "amount", "much", "amount"),
    ]
    assert sorted(sent(settings)) == sorted(rows()["id"].drop([3, 20]))


def test_a_file_of_which_nothing_is_sound_is_not_sent_whatever_is_asked(settings, replay, file, tmp_path):
    rows().assign(amount=-1).to_csv(file, index=False)
    told = refusal(replay("--reject", str(tmp_path / "rejected.csv")), settings)
    assert "4,000 of 4,000 rows would be rejected" in told
    assert len(pd.read_csv(tmp_path / "rejected.csv")) == ROWS
