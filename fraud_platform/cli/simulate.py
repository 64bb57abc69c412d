"""`fraud simulate`: send days of a seeded world to Kafka."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from fraud_platform.cli.feeding import FlushLabels, Json, Rate, feed

if TYPE_CHECKING:
    from fraud_platform.storage.pacing import Pace


def simulate(
    start: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day. Default: so that the days end yesterday; today live."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="Days to send.")] = 60,
    customers: Annotated[int, typer.Option(min=1, help="Customers, of about 1.3 transactions a day each.")] = 4000,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the world. Default: SEED.")] = None,
    rate: Rate = None,
    real_time: Annotated[
        bool, typer.Option("--real-time", help="Send each transaction when its time has come.")
    ] = False,
    late: Annotated[float, typer.Option(min=0, max=1, help="Share sent up to six hours late.")] = 0.0,
    duplicates: Annotated[float, typer.Option(min=0, max=1, help="Share sent twice.")] = 0.0,
    malformed: Annotated[float, typer.Option(min=0, max=1, help="Malformed messages per transaction.")] = 0.0,
    continues: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="First day of earlier runs whose outstanding fraud reports are sent too."
        ),
    ] = None,
    flush_labels: FlushLabels = False,
    as_json: Json = False,
) -> None:
    """Send days of a simulated world to Kafka: transactions, and fraud reports days after.

    The same seed and number of customers give the same world, so a later run continues
    an earlier one. Missing topics are created.

    Examples:

    `fraud simulate` sends the last 60 days as fast as possible

    `fraud simulate --start 2026-08-01 --days 60 --late .05 --duplicates .01 --malformed .001`

    `fraud simulate --start 2026-09-30 --days 1 --continues 2026-08-01 --rate 200` goes on from there

    `fraud simulate --real-time` lives from today on
    """
    from fraud_platform.core.simulation.days import outstanding_reports, simulate_day
    from fraud_platform.core.simulation.world import World
    from fraud_platform.core.time import day_start_ms
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.feed_messages import Disturbances
    from fraud_platform.storage.feed_schedule import schedule

    settings = load_settings()
    seed = settings.seed if seed is None else seed
    pace = _pace(rate, real_time)
    first = _first_day(start, days, real_time)
    until = first + timedelta(days=days)
    world = World(seed, customers)
    messages = schedule(
        (simulate_day(world, first + timedelta(days=n)) for n in range(days)),
        day_start_ms(until),
        outstanding=outstanding_reports(world, continues.date(), first) if continues else None,
        disturbances=Disturbances(late, duplicates, malformed, seed),
        flush_labels=flush_labels,
    )
    feed(settings, messages, pace, start_ms=day_start_ms(first), until_ms=day_start_ms(until), as_json=as_json)


def _pace(rate: float | None, real_time: bool) -> "Pace":
    from fraud_platform.storage.pacing import AsFastAsPossible, FixedRate, RealTime

    if rate and real_time:
        raise typer.BadParameter("--rate and --real-time exclude each other")
    if real_time:
        return RealTime()
    return FixedRate(rate) if rate else AsFastAsPossible()


def _first_day(start: datetime | None, days: int, real_time: bool) -> date:
    today = datetime.now(UTC).date()
    if real_time:
        first = start.date() if start else today
        if first < today - timedelta(days=6):
            raise typer.BadParameter(f"--start {first}: live transactions over 7 days old are rejected")
        return first
    first = start.date() if start else today - timedelta(days=days)
    if first + timedelta(days=days - 1) > today:
        raise typer.BadParameter(
            f"--start {first} --days {days} ends after today, and Kafka takes no message from the future"
        )
    return first
