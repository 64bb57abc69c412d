"""What is sent, and in which order: no transaction lost, every label after its time, disturbances in their shares."""

from collections import Counter
from datetime import date, timedelta
from itertools import chain

import pandas as pd
import pytest

from fraud_platform.core.simulation.days import outstanding_reports, simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import day_start_ms
from fraud_platform.feeding.messages import Disturbances, Message
from fraud_platform.feeding.schedule import Schedule
from fraud_platform.messages.decoding import decode_labels
from fraud_platform.messages.transactions import DECODER

WORLD = World(seed=5, customers=600, merchants=300)
START = date(2026, 5, 1)
DISTURBED = Disturbances(late=0.05, duplicates=0.02, malformed=0.02, seed=1)


def days(first: date, count: int) -> list[pd.DataFrame]:
    return [simulate_day(WORLD, first + timedelta(days=n)) for n in range(count)]


def messages(count: int = 12, **options: object) -> list[Message]:
    until_ms = day_start_ms(START + timedelta(days=count))
    return list(chain.from_iterable(Schedule(days(START, count), until_ms, **options)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def disturbed() -> list[Message]:
    return messages(disturbances=DISTURBED)


def test_send_times_never_go_back(disturbed: list[Message]) -> None:
    times = [m.send_ms for m in disturbed]
    assert times == sorted(times)


def test_every_transaction_goes_out_once_before_the_end(disturbed: list[Message]) -> None:
    sent = [m.transaction_id for m in disturbed if m.kind in ("transaction", "late")]
    assert sorted(sent) == sorted(pd.concat(days(START, 12))["transaction_id"])
    assert max(m.send_ms for m in disturbed) < day_start_ms(START + timedelta(days=12))


def test_disturbances_come_in_the_shares_asked_for(disturbed: list[Message]) -> None:
    kinds = Counter(m.kind for m in disturbed)
    world = kinds["transaction"] + kinds["late"]
    assert kinds["late"] / world == pytest.approx(0.05, abs=0.01)
    assert kinds["duplicate"] / world == pytest.approx(0.02, abs=0.006)
    assert kinds["malformed"] / world == pytest.approx(0.02, abs=0.006)


def test_the_same_seed_disturbs_the_same_transactions(disturbed: list[Message]) -> None:
    assert messages(disturbances=DISTURBED) == disturbed


def test_an_undisturbed_schedule_has_only_transactions_and_labels() -> None:
    assert {m.kind for m in messages()} == {"transaction", "label"}


def test_the_platform_rejects_exactly_the_malformed_in_each_of_their_ways(disturbed: list[Message]) -> None:
    sent = [m for m in disturbed if m.kind != "label"]
    columns = [m.key for m in sent], [m.value for m in sent], [m.send_ms for m in sent]
    rejected = DECODER.decode(*columns).rejections
    assert [r.index for r in rejected] == [i for i, m in enumerate(sent) if m.kind == "malformed"]
    assert {r.field for r in rejected} == {"value", "merchant_id", "amount", "schema_version", "event_time_ms"}


def test_a_duplicate_repeats_the_bytes_of_its_transaction_after_it(disturbed: list[Message]) -> None:
    originals = {m.transaction_id: m for m in disturbed if m.kind in ("transaction", "late")}
    duplicates = [m for m in disturbed if m.kind == "duplicate"]
    assert duplicates
    for duplicate in duplicates:
        original = originals[duplicate.transaction_id]
        assert duplicate.value == original.value
        assert duplicate.send_ms >= original.send_ms


def test_labels_go_out_when_they_are_reported_and_later_ones_wait() -> None:
    sent = [m for m in messages() if m.kind == "label"]
    accepted, labels, _ = decode_labels([m.value for m in sent], [m.send_ms for m in sent])
    assert len(accepted) == len(sent) > 0
    assert [label.reported_at_ms for label in labels] == [m.send_ms for m in sent]
    world = pd.concat(days(START, 12))
    in_time = world["reported_at_ms"].between(0, day_start_ms(START + timedelta(days=12)), inclusive="left")
    assert sorted(label.transaction_id for label in labels) == sorted(world.loc[in_time, "transaction_id"])


def test_flushing_sends_all_labels_of_the_period_as_if_weeks_had_passed() -> None:
    frauds = pd.concat(days(START, 12)).query("is_fraud")["transaction_id"]
    assert sorted(m.transaction_id for m in messages(flush_labels=True) if m.kind == "label") == sorted(frauds)


def test_a_continued_feed_sends_what_one_long_feed_would_have_sent() -> None:
    middle, end = START + timedelta(days=7), START + timedelta(days=12)
    second = Schedule(days(middle, 5), day_start_ms(end), outstanding=outstanding_reports(WORLD, START, middle))
    assert [*messages(7), *chain.from_iterable(second)] == messages(12)


def test_nothing_is_scheduled_for_a_period_without_transactions() -> None:
    assert list(chain.from_iterable(Schedule([days(START, 1)[0].iloc[:0]], day_start_ms(START)))) == []
