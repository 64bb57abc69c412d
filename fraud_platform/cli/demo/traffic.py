"""The demo's traffic: history as fast as it goes, then live days at a steady rate from a thread of their own."""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta

import pandas as pd

from fraud_platform.cli.demo.plan import Plan
from fraud_platform.core.simulation.days import outstanding_reports, simulate_day
from fraud_platform.core.time import day_start_ms
from fraud_platform.feeding.feed import FeedReport, feed_producer, send
from fraud_platform.feeding.messages import REPORT_COLUMNS, Message, report_messages
from fraud_platform.feeding.pacing import AsFastAsPossible, FixedRate
from fraud_platform.feeding.schedule import Schedule
from fraud_platform.settings import Settings


def send_history(settings: Settings, plan: Plan, on_day: Callable[[int], None]) -> FeedReport:
    """Send the days before `live_from`; tells after each how many are done."""

    def days() -> Iterator[pd.DataFrame]:
        for n in range(plan.history_days):
            yield simulate_day(plan.world, plan.first_day + timedelta(days=n))
            on_day(n + 1)

    messages = Schedule(days(), day_start_ms(plan.live_from), disturbances=plan.disturbances)
    return send(feed_producer(settings), settings, messages, AsFastAsPossible(), stop=threading.Event())


class LiveTraffic:
    """Sends the days from `live_from` on until stopped; remembers when each transaction went out."""

    def __init__(self, settings: Settings, plan: Plan) -> None:
        self._settings, self._plan = settings, plan
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-traffic", daemon=True)
        self._report: FeedReport | None = None
        self._failure: BaseException | None = None
        self._labelled: set[str] = set()
        self.sent_at: dict[str, float] = {}
        """Transaction id → wall-clock seconds at which its sending began."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> FeedReport:
        """End the traffic; returns what was sent, or raises what ended it before."""
        self._stop.set()
        self._thread.join()
        if self._failure:
            raise self._failure
        assert self._report is not None
        return self._report

    def _run(self) -> None:
        plan = self._plan
        try:
            days = (simulate_day(plan.world, plan.live_from + timedelta(days=n)) for n in range(self.days))
            messages = Schedule(
                days,
                day_start_ms(plan.live_from + timedelta(days=self.days)),
                outstanding=outstanding_reports(plan.world, plan.first_day, plan.live_from),
                disturbances=plan.disturbances,
            )
            pace = FixedRate(plan.messages_per_second)
            producer = feed_producer(self._settings)
            self._report = send(producer, self._settings, messages, pace, stop=self._stop, on_sent=self._remember)
        except BaseException as error:
            self._failure = error

    @property
    def days(self) -> int:
        """Days that there is traffic for, should nobody stop it."""
        return (self._plan.today - self._plan.live_from).days

    def _remember(self, messages: Sequence[Message], at: float) -> None:
        for message in messages:
            if message.kind in ("transaction", "late"):
                self.sent_at[message.transaction_id] = at
            elif message.kind == "label":
                self._labelled.add(message.transaction_id)

    def send_outstanding_reports(self) -> None:
        """Send the chargebacks of the sent transactions that are still to come, as if weeks had passed."""
        plan = self._plan
        frames = [simulate_day(plan.world, plan.live_from + timedelta(days=n)) for n in range(self._days_begun())]
        live = pd.concat(frames)
        live = live[(live["reported_at_ms"] >= 0) & live["transaction_id"].isin(self.sent_at)]
        history = outstanding_reports(plan.world, plan.first_day, plan.live_from)
        reports = pd.concat([live[REPORT_COLUMNS], history])
        due = due_reports(reports, self._labelled, day_start_ms(plan.today))
        send(
            feed_producer(self._settings),
            self._settings,
            [report_messages(due)],
            AsFastAsPossible(),
            stop=threading.Event(),
        )

    def _days_begun(self) -> int:
        newest = max(self.sent_at)  # ids begin with their day
        return (pd.Timestamp(newest[:8]).date() - self._plan.live_from).days + 1


def due_reports(reports: pd.DataFrame, sent: Collection[str], until_ms: int) -> pd.DataFrame:
    """Reports that are not sent yet, in order; without those from `until_ms` on, as Kafka takes none of the future.

    On a slow machine the live days reach so far that some of their chargebacks would be.
    """
    due = reports[~reports["transaction_id"].isin(sent) & (reports["reported_at_ms"] < until_ms)]
    return due.sort_values("reported_at_ms")


def wait_seconds(traffic: LiveTraffic, seconds: float, on_count: Callable[[int], None]) -> None:
    """Let the traffic go on for a while, telling the number of transactions sent."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        on_count(len(traffic.sent_at))
        time.sleep(0.2)
