"""A labelled file as a feed: what is asked for, whether it can be sent, and its schedule."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from fraud_platform.declared import DECLARATION
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.column_mapping import ColumnMapping, load_mapping
from fraud_platform.feeding.declared_rows import DELAY_DAYS, DeclaredRows, layout_of, wanted_columns
from fraud_platform.feeding.file_check import FileCheck, Place, RejectFile, check_file, sound_rows
from fraud_platform.feeding.file_rows import open_files
from fraud_platform.feeding.labelled_file import by_time, find_period, require_columns
from fraud_platform.feeding.pacing import AsFastAsPossible, FixedRate, Pace
from fraud_platform.feeding.rows import Rows
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
        files: Sequence[Path],
        mapping: str | None,
        start: date | None = None,
        end: date | None = None,
        shift_to: date | None = None,
        label_delay_days: float | None = None,
        *,
        flush_labels: bool = False,
    ) -> None:
        """files: those of one feed, a folder standing for the files in it."""
        self._settings, self._flush_labels = settings, flush_labels
        self._file = ", ".join(map(str, files))
        self._mapping: ColumnMapping | DeclaredRows
        if mapping is None:
            self._opened = open_files(files, layout_of(DECLARATION), wanted_columns(DECLARATION))
            self._mapping = DeclaredRows(
                self._opened.names, DELAY_DAYS if label_delay_days is None else label_delay_days
            )
        else:
            self._mapping = load_mapping(mapping, PROJECT_ROOT / "config" / "mappings")
            if label_delay_days is not None:
                self._mapping = msgspec.structs.replace(self._mapping, label_delay_days=label_delay_days)
            self._opened = open_files(files, wanted=self._mapping.columns)
            require_columns(self._opened.paths[0], self._opened, self._mapping)
        self.period = find_period(self._opened, self._mapping, start, end, shift_to, sorts=True)
        self._rows: Rows = self._opened if self.period.is_sorted else self._sorted()
        self.check = FileCheck()

    def _sorted(self) -> Rows:
        folder = self._settings.data_dir
        folder.mkdir(parents=True, exist_ok=True)
        return by_time(self._opened, self._mapping, folder)

    @property
    def notices(self) -> list[str]:
        """What was found out about the files, for a person to see."""
        found = [*self._opened.notices, *getattr(self._mapping, "notices", ())]
        if not self.period.is_sorted:
            found.append(
                f"rows are not in the order of {' and '.join(self._mapping.time_columns)}: they are sorted by it"
            )
        return found

    @property
    def unused_columns(self) -> list[str]:
        """Those that nothing is read from."""
        if isinstance(self._mapping, DeclaredRows):
            return self._mapping.unused_columns
        return [name for name in self._opened.names if name not in self._mapping.columns]

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
        with closing(RejectFile(reject, self._place)) if reject else nullcontext() as rejects:
            self.check = check_file(
                self._rows,
                self._mapping,
                self.period,
                of_transactions,
                of_reports,
                since_ms=since_ms,
                place=self._place,
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

    def _place(self, number: int) -> Place:
        path, row = self._opened.place(number)
        return Place(str(path) if len(self._opened.paths) > 1 else None, row)

    @cached_property
    def _limits(self) -> list[Limits]:
        topics = (self._settings.kafka_topic, self._settings.kafka_labels_topic)
        return limits_of(self._settings, topics, now_ms())

    @cached_property
    def _identity(self) -> str:
        content = [_digest(path) for path in self._opened.paths]
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


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
