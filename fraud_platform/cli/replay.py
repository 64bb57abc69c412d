"""`fraud replay`: send a labelled file of transactions to Kafka through a column mapping."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from fraud_platform.cli.feeding import FlushLabels, Json, Rate, feed


def replay(
    file: Annotated[Path, typer.Argument(help="Parquet or CSV file, in the order of time.")],
    mapping: Annotated[str, typer.Option(help="Shipped mapping (config/mappings) or path of a YAML file.")],
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day to send, as dated in the file.")
    ] = None,
    end: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day to send, as dated in the file.")
    ] = None,
    shift_to: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date that the first day sent is moved to.")
    ] = None,
    label_delay_days: Annotated[
        float | None, typer.Option(min=0, help="Days until a fraud is reported. Default: the mapping's.")
    ] = None,
    rate: Rate = None,
    flush_labels: FlushLabels = False,
    as_json: Json = False,
) -> None:
    """Send a labelled file of transactions to Kafka; frauds are reported some days after.

    A mapping says which column becomes which field; config/mappings/handbook.yaml shows how.

    Examples:

    `fraud replay transactions.parquet --mapping handbook --shift-to 2026-08-01`

    `fraud replay mine.csv --mapping mine.yaml --start 2026-01-01 --end 2026-03-31 --flush-labels`
    """
    import msgspec

    from fraud_platform.settings import PROJECT_ROOT, load_settings
    from fraud_platform.storage.column_mapping import load_mapping
    from fraud_platform.storage.feed_schedule import schedule
    from fraud_platform.storage.labelled_file import find_period, open_file, read_period
    from fraud_platform.storage.pacing import AsFastAsPossible, FixedRate

    columns = load_mapping(mapping, PROJECT_ROOT / "config" / "mappings")
    if label_delay_days is not None:
        columns = msgspec.structs.replace(columns, label_delay_days=label_delay_days)
    rows = open_file(file, columns)
    period = find_period(rows, columns, *(day.date() if day else None for day in (start, end, shift_to)))
    feed(
        load_settings(),
        schedule(read_period(rows, columns, period), period.until_ms, flush_labels=flush_labels),
        FixedRate(rate) if rate else AsFastAsPossible(),
        start_ms=period.start_ms,
        until_ms=period.until_ms,
        as_json=as_json,
    )
