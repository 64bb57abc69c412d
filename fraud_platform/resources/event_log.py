"""Dagster's storage on SQLite and on PostgreSQL, with the events of a batch written together.

A run over many days plans one event for each asset and day, and each asset reports one for each
day. Dagster 1.13 stores them one by one, each in several transactions and on new connections: a
run over 300 days took minutes to launch, and the webserver answered nobody meanwhile. The rows
written here are Dagster's own. `dagster.yaml` and `docker/dagster.yaml` name the two storages.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dagster import DagsterEventType, EventLogEntry
from dagster._core.events import ASSET_EVENTS, AssetCheckEvaluationPlanned
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData, serialize_value
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage
from dagster_postgres.utils import pg_url_from_config
from sqlalchemy import Connection

MOST_EVENTS = 1_000
"""In one batch. Whoever else wants to write waits for its transaction, some tenths of a second."""
PLANNED = {DagsterEventType.ASSET_MATERIALIZATION_PLANNED, DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED}
INSERT = SqlEventLogStorageTable.insert()
INSERT_AND_NUMBER = INSERT.returning(SqlEventLogStorageTable.c.id, sort_by_parameter_order=True)


class _Batches(SqlEventLogStorage):
    """What both databases have in common."""

    def _store_with_index(self, conn: Connection, events: Sequence[EventLogEntry]) -> None:
        """Write the events, and what is kept across runs of assets and of checks that are planned."""
        rows = [self._event_to_row(event) for event in events]
        stored = list(zip(events, conn.execute(INSERT_AND_NUMBER, rows).scalars().all(), strict=True))
        of_assets = [(event, event_id) for event, event_id in stored if event.dagster_event_type in ASSET_EVENTS]
        self._store_asset_event_tags(conn, [event for event, _ in of_assets], [event_id for _, event_id in of_assets])
        # An asset has one row, which tells of its newest event.
        newest = {event.get_dagster_event().asset_key: (event, event_id) for event, event_id in of_assets}
        for event, event_id in newest.values():
            self._store_asset_event(conn, event, event_id)
        if checks := [row for event, event_id in stored for row in self._planned_check(event, event_id)]:
            conn.execute(AssetCheckExecutionsTable.insert(), checks)

    def _planned_check(self, event: EventLogEntry, event_id: int) -> Iterator[dict[str, Any]]:
        """The rows of a check that is planned, one for each day; none of another event."""
        planned = event.get_dagster_event().event_specific_data
        if not isinstance(planned, AssetCheckEvaluationPlanned):
            return
        serialised = serialize_value(event)
        for day in planned.partitions_subset.get_partition_keys() if planned.partitions_subset else [None]:
            yield {
                "asset_key": planned.asset_key.to_string(),
                "check_name": planned.check_name,
                "partition": day,
                "run_id": event.run_id,
                "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
                "evaluation_event": serialised,
                "evaluation_event_timestamp": self._event_insert_timestamp(event),
                "evaluation_event_storage_id": event_id,
            }


class BatchingSqliteEventLog(_Batches, SqliteEventLogStorage):
    """SQLite keeps the events of a run in a file of its own, and those of assets and checks in an index besides."""

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run, of the kinds that Dagster gives out in batches."""
        with self.run_connection(events[0].run_id) as conn:
            conn.execute(INSERT, [self._event_to_row(event) for event in events])
        with self.index_transaction() as conn:
            self._store_with_index(conn, events)


class BatchingPostgresEventLog(_Batches, PostgresEventLogStorage):
    """PostgreSQL has one table of events. Dagster itself batches what assets report, but not what is planned."""

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run, of the kinds that Dagster gives out in batches."""
        if not {event.dagster_event_type for event in events} <= PLANNED:
            return super().store_event_batch(events)
        with self.index_transaction() as conn:
            self._store_with_index(conn, events)


class BatchingSqliteStorage(DagsterSqliteStorage):
    """Dagster's storage in a folder, configured as DagsterSqliteStorage is."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = BatchingSqliteEventLog(self._event_log_storage._base_dir)
        _write_batches()

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "BatchingSqliteStorage":
        return cls.from_local(config_value["base_dir"], inst_data)


class BatchingPostgresStorage(DagsterPostgresStorage):
    """Dagster's storage on PostgreSQL, configured as DagsterPostgresStorage is."""

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url, inst_data=inst_data)
        self._event_log_storage = BatchingPostgresEventLog(postgres_url)
        _write_batches()

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "BatchingPostgresStorage":
        return cls(pg_url_from_config(config_value), inst_data)


def _write_batches() -> None:
    """Make this process, and those that it starts, give events out in batches: Dagster goes by a variable alone."""
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(MOST_EVENTS))
