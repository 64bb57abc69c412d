"""A feed from its first message to its last, over interruptions: each message goes out once, and no report is lost.

What is exact. The messages of a feed are a function of what it is made from, in an order of their own. Every few
seconds, when Kafka has answered for all that was sent, their number and the topics' end offsets are written to disk;
before more is sent, up to where. A feed that goes on leaves out the first number, reads what Kafka has got since those
offsets, leaves out what it finds there of the messages up to the second, and sends the rest. So it holds for Ctrl-C,
for a Kafka that fails and for kill -9, whoever else writes to the topics.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event

import msgspec
import pandas as pd

from fraud_platform.errors import ConfigurationError, FraudPlatformError
from fraud_platform.feeding.feed import FeedReport, OnSent, feed_producer, send
from fraud_platform.feeding.messages import Message
from fraud_platform.feeding.pacing import Pace
from fraud_platform.feeding.schedule import Schedule
from fraud_platform.feeding.state import FeedState, StateFile, Unfinished
from fraud_platform.feeding.topic_end import end_of, require_newer
from fraud_platform.feeding.unsent import Seen, Unsent
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import any_reader
from fraud_platform.storage.kafka_offsets import read_range, watermarks

MakeSchedule = Callable[[pd.DataFrame, int], Schedule]
"""Outstanding reports of earlier feeds, and the time from which on reports are left to a later one → the messages."""
Ends = dict[str, dict[int, int]]


@dataclass(frozen=True)
class Feed:
    """What is sent: the same identity makes the same messages."""

    identity: str
    command: str
    """What a person would type to send it again."""
    what: str
    """Its name in messages: a file, or the simulated days."""
    make: MakeSchedule


@dataclass(frozen=True)
class FeedOutcome:
    """What became of a feed."""

    report: FeedReport
    is_finished: bool
    sent_before: int
    """Messages of this feed that an earlier run of it had sent."""
    outstanding: int
    """Reports that are written down for the next feed."""
    reports_behind: int
    """Reports from before the labels topic's end, see `topic_end`: they count as of its day."""


class FeedRun:
    """One run of a feed; open it inside `locked_state`.

    Raises ConfigurationError where the feed cannot begin, or there is none of its kind to go on with.
    """

    def __init__(self, settings: Settings, file: StateFile, feed: Feed, pace: Pace, *, resume: bool = False) -> None:
        self._settings, self._file, self._feed, self._pace = settings, file, feed, pace
        self._state = file.read()
        self._noted = begun(self._state, feed.identity, resume)
        self._is_new = self._noted is None
        self._found_reach = self._noted.reach if self._noted else 0
        flush_until_ms = self._noted.flush_until_ms if self._noted else now_ms()
        there = _messages_since(settings, self._noted.ends) if self._noted else Counter()
        schedule = feed.make(self._state.reports(), flush_until_ms)
        self._unsent = Unsent(schedule, self._noted.sent if self._noted else 0, there)
        self._flush_until_ms = flush_until_ms
        self._labels_end_ms = end_of(settings, settings.kafka_labels_topic).ms
        self._went_out = self._behind = 0

    def send(self, stop: Event, on_sent: OnSent = lambda messages, at: None) -> FeedOutcome:
        """Send what is left; ends early once `stop` is set. A later run goes on, but for a live one.

        Raises what `storage.feed.send` does, with how far it came and how to go on.
        """
        if self._is_new and not self._pace.live:
            self._require_newer()

        def told(messages: Sequence[Message], at: float) -> None:
            self._count(messages)
            on_sent(messages, at)

        try:
            report = send(
                feed_producer(self._settings),
                self._settings,
                self._announced(),
                self._pace,
                stop=stop,
                on_sent=told,
                on_settled=self._write_down,
            )
        except FraudPlatformError as error:
            raise self._interrupted(error) from None
        return self._ended(report)

    def _require_newer(self) -> None:
        first_ms = self._unsent.first_transaction_ms()
        if first_ms is not None:
            require_newer(self._settings, self._settings.kafka_topic, first_ms, self._feed.what)

    def _announced(self) -> Iterator[list[Message]]:
        """The lists, each once it is on disk how far they reach."""
        for messages in self._unsent:
            if not self._pace.live:
                noted = self._noted or self._settled()
                self._note(msgspec.structs.replace(noted, reach=max(noted.reach, self._unsent.end)))
            yield messages

    def _count(self, messages: Sequence[Message]) -> None:
        self._unsent.take(messages)
        self._went_out += len(messages)
        if (end_ms := self._labels_end_ms) is not None and not self._pace.live:
            self._behind += sum(m.kind == "label" and m.send_ms < end_ms for m in messages)

    def _write_down(self) -> None:
        """Kafka has all that went out. Of a former run it may have more, until that is passed."""
        if self._pace.live:
            self._file.write(FeedState(self._unsent.reports_left()))
        elif self._unsent.taken >= self._found_reach:
            self._note(self._settled())

    def _settled(self) -> Unfinished:
        """As of now, when Kafka has all that went out."""
        return Unfinished(
            identity=self._feed.identity,
            command=self._feed.command,
            sent=self._unsent.taken,
            reach=max(self._unsent.taken, self._unsent.end),
            sent_ms=self._unsent.taken_ms,
            ends=_ends(self._settings),
            flush_until_ms=self._flush_until_ms,
        )

    def _note(self, unfinished: Unfinished) -> None:
        self._noted = unfinished
        self._file.write(FeedState(self._state.outstanding, unfinished))

    def _ended(self, report: FeedReport) -> FeedOutcome:
        is_finished = self._unsent.is_exhausted
        outstanding = self._unsent.reports_left() if is_finished or self._pace.live else self._state.outstanding
        if is_finished or self._pace.live or (self._is_new and not self._went_out):
            self._file.write(FeedState(outstanding))
        else:
            self._write_down()
        return FeedOutcome(report, is_finished, self._unsent.taken - self._went_out, len(outstanding), self._behind)

    def _interrupted(self, error: FraudPlatformError) -> FraudPlatformError:
        if self._pace.live:
            self._write_down()
        if self._noted is None:
            return error
        return type(error)(
            f"{error}\nstopped after {self._noted.sent:,} messages that Kafka has for certain. "
            f"What it has of the next ones is found out when the feed goes on, each message once: {self.resume}"
        )

    @property
    def is_live(self) -> bool:
        """Whether messages go out when their time has come, so that there is nothing to go on with."""
        return self._pace.live

    @property
    def resume(self) -> str:
        """The command that goes on."""
        return f"{self._feed.command} --resume"


def begun(state: FeedState, identity: str, resume: bool) -> Unfinished | None:
    """The interrupted feed to go on with, None for a new one.

    Raises ConfigurationError where one waits that is not to go on or is another, and where none waits to be resumed.
    """
    unfinished = state.unfinished
    if unfinished is None:
        if resume:
            raise ConfigurationError("no feed of this topic was interrupted, so nothing is resumed: leave --resume out")
        return None
    if not resume:
        raise ConfigurationError(
            f"an earlier feed was interrupted after {unfinished.sent:,} messages. '{unfinished.command} --resume' "
            "sends the rest; 'fraud reset' begins anew"
        )
    if unfinished.identity != identity:
        raise ConfigurationError(
            "what was interrupted is another feed, or its file has changed: "
            f"'{unfinished.command} --resume' would go on with it"
        )
    return unfinished


def _ends(settings: Settings) -> Ends:
    topics = (settings.kafka_topic, settings.kafka_labels_topic)
    with any_reader(settings) as consumer:
        return {topic: {p: end for p, (_, end) in watermarks(consumer, topic).items()} for topic in topics}


def _messages_since(settings: Settings, ends: Ends) -> Counter[Seen]:
    """The messages on the two topics from these offsets on, as Unsent tells its own by."""
    found: Counter[Seen] = Counter()
    with any_reader(settings) as consumer:
        for topic, starts in ends.items():
            is_report = topic == settings.kafka_labels_topic
            stored = watermarks(consumer, topic)
            ranges = {p: (max(first, starts.get(p, first)), end) for p, (first, end) in stored.items()}
            for message in read_range(consumer, topic, ranges):
                key, value = message.key(), message.value()
                found[is_report, message.timestamp()[1], key, value] += 1  # type: ignore[index]
    return found
