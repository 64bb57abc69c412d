"""A labelled file as a feed: what is asked for, whether it can be sent, and its schedule."""

import hashlib
from collections.abc import Callable
from contextlib import closing, nullcontext
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.column_mapping import ColumnMapping, load_mapping
from fraud_platform.feeding.declared_rows import DeclaredRows
from fraud_platform.feeding.file_check import FileCheck, RejectFile, check_file, sound_rows
from fraud_platform.feeding.labelled_file import find_period, open_file, require_columns
from fraud_platform.feeding.pacing import AsFastAsPossible, FixedRate, Pace
from fraud_platform.feeding.schedule import Schedule
from fraud_platform.feeding.sending import Feed, begun
from fraud_platform.feeding.state import FeedState, Unfinished
from fraud_platform.feeding.topic_end import end_of, require_newer
from fraud_platform.feeding.topic_limits import Limits, fitting_shift, limits_of
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms


class Replay:
    """A period of a file, whose rows are messages of the declaration, or become such through a mapping.

    Raises ConfigurationError where the file or the mapping cannot be read.
    """

    def __init__(
        self,
        settings: Settings,
        file: Path,
        mapping: str | None,
        start: date | None = None,
        end: date | None = None,
        shift_to: date | None = None,
        label_delay_days: float | None = None,
        *,
        flush_labels: bool = False,
    ) -> None:
        self._settings, self._file, self._flush_labels = settings, file, flush_labels
        self._rows = open_file(file)
        self._mapping: ColumnMapping | DeclaredRows
        if mapping is None:
            self._mapping = DeclaredRows(
                self._rows.schema.names, *(() if label_delay_days is None else (label_delay_days,))
            )
        else:
            self._mapping = load_mapping(mapping, PROJECT_ROOT / "config" / "mappings")
            if label_delay_days is not None:
                self._mapping = msgspec.structs.replace(self._mapping, label_delay_days=label_delay_days)
            require_columns(file, self._rows, self._mapping)
        self.period = find_period(self._rows, self._mapping, start, end, shift_to)
        self.check = FileCheck()

    def require_topics(self) -> None:
        """Raise ConfigurationError where a topic does not keep messages under their own times."""
        if faults := [fault for limits in self._limits for fault in limits.faults]:
            raise ConfigurationError("nothing was sent:\n" + "\n".join(faults))

    def begun(self, state: FeedState, resume: bool) -> Unfinished | None:
        """The interrupted replay to go on with; raises ConfigurationError also where a new one is behind the topic."""
        found = begun(state, self._identity, resume)
        if found is None:
            require_newer(self._settings, self._settings.kafka_topic, self.period.first_ms, str(self._file))
        return found

    def look_at_all(self, reject: Path | None, since_ms: int | None, on_rows: Callable[[int], object]) -> None:
        """Check every row; faults are written to `reject`.

        Raises ConfigurationError where a limit of a topic is passed, and where rows would be
        rejected and there is no file to reject them to, or they are all.
        """
        of_transactions, of_reports = self._limits
        with closing(RejectFile(reject)) if reject else nullcontext() as rejects:
            self.check = check_file(
                self._rows,
                self._mapping,
                self.period,
                of_transactions,
                of_reports,
                since_ms=since_ms,
                on_rows=on_rows,
                on_faults=rejects.write if rejects else lambda faults: None,
            )
        found = self.check
        if found.rejected_rows and (reject is None or not found.transactions):
            way_out = (
                f"correct the {'declaration' if isinstance(self._mapping, DeclaredRows) else 'mapping'} or the file"
            )
            more = f"{way_out}, or send the others with --reject FILE.csv" if found.transactions else way_out
            raise ConfigurationError(
                f"{self._file}: {found.rejected_rows:,} of {found.rows:,} rows would be rejected, nothing was sent: "
                + "\n".join([more, *found.fault_lines()])
            )
        if lines := found.limit_lines():
            raise ConfigurationError("\n".join([f"{self._file}: nothing was sent", *lines, *self._shift_advice()]))

    def feed(self, command: str) -> Feed:
        """What is sent; look at it first."""

        def make(outstanding: pd.DataFrame, flush_until_ms: int) -> Schedule:
            return Schedule(
                sound_rows(self._rows, self._mapping, self.period, self.check.rejected),
                self.period.until_ms,
                outstanding=outstanding,
                flush_labels=self._flush_labels,
                flush_until_ms=flush_until_ms,
            )

        return Feed(self._identity, command, str(self._file), make)

    def rejections(self) -> dict[str, Any]:
        """How many rows are rejected, and by field and reason, as JSON tells it."""
        kinds = [
            {"field": name, "column": column, "reason": reason, "rows": rows}
            for (name, column, reason), rows in self.check.faults.most_common()
        ]
        return {"rejected": self.check.rejected_rows, "rejections": kinds}

    @property
    def unseen_topics(self) -> list[str]:
        """Topics whose configuration the broker does not show."""
        return [limits.topic for limits in self._limits if not limits.are_seen]

    @staticmethod
    def pace(rate: float | None) -> Pace:
        return FixedRate(rate) if rate else AsFastAsPossible()

    @cached_property
    def _limits(self) -> list[Limits]:
        topics = (self._settings.kafka_topic, self._settings.kafka_labels_topic)
        return limits_of(self._settings, topics, now_ms())

    @cached_property
    def _identity(self) -> str:
        with self._file.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        how = self._mapping.identity if isinstance(self._mapping, DeclaredRows) else self._mapping
        made_from = (content, how, self.period.first, self.period.last, self.period.shift_days)
        return hashlib.sha256(msgspec.json.encode([*made_from, self._flush_labels])).hexdigest()

    def _shift_advice(self) -> list[str]:
        """The move that would mend it, where there is one."""
        end_ms = end_of(self._settings, self._settings.kafka_topic).ms
        first = fitting_shift(self._limits, self.period.days, datetime.now(UTC).date(), end_ms)
        if first is None:
            return [
                f"Its {self.period.days} days fit nowhere between what the topics take and today: send fewer of them"
            ]
        return [f"Or move all its days: --shift-to {first}"]
