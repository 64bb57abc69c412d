"""What `fraud dlq list` and `show` tell, whatever lies on the topic."""

import json

import pytest

from fraud_platform.storage import newest_messages as newest
from fraud_platform.storage.kafka import producer
from fraud_platform_tests.support.dead_letter_topic import fraud, now_ms, reject, transaction
from fraud_platform_tests.support.hostile_text import HOSTILE, OBEYED


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--limit", "2"], ["0-3", "0-2"]),
        (["--field", "country"], ["0-2"]),
        (["--field", "nothing"], []),
        (["--since", "1h"], ["0-3", "0-2", "0-1", "0-0"]),
        (["--since", "2000-01-01"], ["0-3", "0-2", "0-1", "0-0"]),
        (["--since", "2100-01-01T00:00"], []),
    ],
)
def test_a_list_can_be_narrowed(settings, arguments, found):
    assert [x["letter"] for x in json.loads(fraud("list", "--json", *arguments).stdout)] == found


def test_a_long_topic_is_read_in_pieces_from_its_end(make_dlq_settings, monkeypatch):
    monkeypatch.setattr(newest, "FIRST_CHUNK", 3)
    settings = make_dlq_settings(kafka_partitions=3)
    fields = {7: "country", 70: "country"}
    reject(settings, *((f"c{n}".encode(), b"{", {"field": fields.get(n, "value")}) for n in range(200)))
    listed = json.loads(fraud("list", "--limit", "60", "--json").stdout)
    assert [int(x["key"][1:]) for x in listed] == list(range(199, 139, -1))
    assert [x["key"] for x in json.loads(fraud("list", "--field", "country", "--json").stdout)] == ["c70", "c7"]


def test_what_strangers_put_on_the_topic_is_listed_and_shown_and_never_sent(make_dlq_settings):
    settings = make_dlq_settings(kafka_partitions=2)
    kafka = producer(settings)
    at_ms = now_ms()
    for n, text in enumerate(HOSTILE):
        key = text[:1000].encode(errors="backslashreplace")
        value = transaction(n, at_ms, channel=text[:100_000], customer_id=text[:1000])
        place = {"source_partition": "0", "source_offset": str(n), "source_timestamp_ms": str(10**17 * (-1) ** n)}
        headers = {name: text[:100_000].encode(errors="replace") for name in ("field", "reason")}
        kafka.produce(settings.kafka_dead_letter_topic, value, key, headers=place | headers, timestamp=at_ms)
        kafka.produce(settings.kafka_dead_letter_topic, value[:5], None, headers=headers)
        kafka.produce(settings.kafka_dead_letter_topic, transaction(n, at_ms), f"c{n}", headers=place)
        kafka.produce(
            settings.kafka_dead_letter_topic,
            None,
            None,
            headers=[(text[:50].encode("ascii", "replace").decode(), None)],
        )
    assert kafka.flush(30) == 0
    listed = fraud("list", "--limit", "1000")
    assert listed.exit_code == 0, listed.exception
    assert not OBEYED.search(listed.stdout)
    letters = json.loads(fraud("list", "--limit", "1000", "--json").stdout)
    assert len(letters) == 4 * len(HOSTILE)
    for letter in letters[::2]:
        shown = fraud("show", letter["letter"])
        assert shown.exit_code == 0, shown.exception
        assert not OBEYED.search(shown.stdout)
    foreign = next(letter["letter"] for letter in letters if letter["source"] is None)
    result = fraud("retry", foreign, "--reason", "x")
    assert result.exit_code == 2 and "is no letter of the scorer's" in result.stderr
    assert fraud("retry", "--all", "--field", "value", "--reason", "x").stdout.startswith("0 sent again")
