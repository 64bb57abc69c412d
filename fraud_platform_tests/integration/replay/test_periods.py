"""What a replay or a simulation of some days sends, and which reports it leaves to the next one."""

import json
from collections import Counter
from datetime import timedelta

import msgspec
from typer.testing import Result

from fraud_platform_tests.support.replayed_file import DAYS, ROWS, TODAY, day, fraud, messages, reports, rows, sent


def test_every_row_arrives_once_under_its_own_time_and_is_reported_under_its_customers_name(settings, replay):
    result = replay("--flush-labels", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["transactions"], told["labels"], told["outstanding"], told["interrupted"]) == (ROWS, 200, 0, False)
    assert sorted(sent(settings)) == sorted(rows()["id"])
    assert all(
        m.timestamp()[1] == msgspec.json.decode(m.value())["event_time_ms"]
        for m in messages(settings, settings.kafka_topic)
    )
    frauds = rows().query("fraud == 1")
    keys = [msgspec.json.decode(m.value())["key"] for m in messages(settings, settings.kafka_labels_topic)]
    assert sorted(keys) == sorted(frauds["customer"])
    assert reports(settings) == Counter(frauds["id"])


def test_reports_between_two_periods_are_carried_over(settings, replay):
    first = replay("--end", day(19))
    assert first.exit_code == 0, first.output
    assert "35 fraud reports are not due yet: the next" in first.stdout
    second = replay("--start", day(20), "--flush-labels")
    assert second.exit_code == 0, second.output
    assert reports(settings) == Counter(rows().query("fraud == 1")["id"])
    assert sorted(sent(settings)) == sorted(rows()["id"])


def test_reports_of_the_future_wait_and_take_no_other_with_them(settings, replay, file, tmp_path):
    rows(TODAY - timedelta(days=DAYS)).to_csv(file, index=False)
    result = replay("--flush-labels", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["labels"] + told["outstanding"] == 200
    assert 30 <= told["outstanding"] <= 36, "seven days of them, less some hours"
    assert reports(settings).total() == told["labels"]


def test_a_simulation_is_continued_without_a_report_lost_and_resumed(settings):
    def simulate(*arguments: str) -> Result:
        return fraud("simulate", "--customers", "200", *arguments)

    start, middle = TODAY - timedelta(days=60), TODAY - timedelta(days=40)
    first = simulate("--start", f"{start:%Y-%m-%d}", "--days", "20", "--json")
    assert first.exit_code == 0, first.output
    second = simulate("--start", f"{middle:%Y-%m-%d}", "--days", "20", "--flush-labels", "--json")
    assert second.exit_code == 0, second.output
    told = [json.loads(result.stdout) for result in (first, second)]
    assert told[0]["outstanding"] > 0 and told[1]["outstanding"] == 0
    found = reports(settings)
    assert set(found.values()) == {1} and len(found) == told[0]["labels"] + told[1]["labels"]
    third = simulate("--start", f"{TODAY - timedelta(days=20):%Y-%m-%d}", "--days", "1", "--resume")
    assert third.exit_code == 2 and "nothing is resumed" in third.stderr
