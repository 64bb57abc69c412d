"""The limits of a topic's message timestamps: which history they allow, and when they are none."""

import pytest

from fraud_platform.core.time import DAY_MS, day_start_ms
from fraud_platform.local.broker import server_properties
from fraud_platform.storage.message_times import (
    AFTER,
    BEFORE,
    LONGEST_BEFORE_MS,
    RETENTION_MS,
    TYPE,
    limits,
    loose,
    mend,
)

UNLIMITED = str(2**63 - 1)


def test_history_from_the_start_date_on_is_taken_until_it_is_not_kept_any_more(settings):
    start_ms = day_start_ms(settings.start_date)
    made_ms = start_ms + 500 * DAY_MS
    before_ms = int(limits(settings, made_ms)[BEFORE])
    assert made_ms + RETENTION_MS - before_ms == start_ms


def test_a_start_date_that_is_still_to_come_takes_what_is_kept(settings):
    assert int(limits(settings, day_start_ms(settings.start_date) - DAY_MS)[BEFORE]) == RETENTION_MS


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({BEFORE: UNLIMITED, AFTER: "3600000"}, BEFORE),
        ({BEFORE: "1000", AFTER: UNLIMITED}, AFTER),
        ({BEFORE: "1000"}, AFTER),
        ({AFTER: "1000"}, BEFORE),
        ({BEFORE: "1000", AFTER: "86400000"}, AFTER),
        ({BEFORE: UNLIMITED, AFTER: UNLIMITED, TYPE: "CreateTime"}, BEFORE),
    ],
)
def test_a_topic_without_limits_is_named_with_the_setting_at_fault(settings, config, named):
    assert named in loose(settings, config)
    assert f"{AFTER}=3600000" in mend(settings, "transactions")


@pytest.mark.parametrize(
    "config",
    [
        {BEFORE: "3600000", AFTER: "3600000"},
        {BEFORE: str(LONGEST_BEFORE_MS), AFTER: "0"},
        {BEFORE: UNLIMITED, AFTER: UNLIMITED, TYPE: "LogAppendTime"},
    ],
)
def test_a_topic_with_limits_or_with_the_brokers_clock_is_fine(settings, config):
    assert loose(settings, config) is None


def test_what_the_platform_makes_is_fine_itself(settings):
    assert loose(settings, limits(settings)) is None
    properties = dict(line.split("=", 1) for line in server_properties(settings).splitlines())
    assert loose(settings, {name: properties[f"log.{name}"] for name in (BEFORE, AFTER)}) is None
