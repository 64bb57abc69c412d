"""`fraud simulate`: send days of a seeded world to Kafka."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from fraud_platform.cli.feeding import FlushLabels, Json, Rate, Resume, command_line, end, send_with_progress, tell

if TYPE_CHECKING:
    import pandas as pd

    from fraud_platform.feeding.pacing import Pace


def simulate(
    context: typer.Context,
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
    resume: Resume = False,
    as_json: Json = False,
) -> None:
    """Send days of a simulated world to Kafka: transactions, and fraud reports days after.

    The same seed and number of customers give the same world, so a later run continues
    an earlier one. Reports that are not due yet are kept for the next `simulate` or `replay`;
    --continues finds them in the world itself, where there is no such run on this machine.
    Missing topics are created. Ctrl-C ends cleanly, and --resume goes on, each message once.

    Examples:

    `fraud simulate` sends the last 60 days as fast as possible

    `fraud simulate --start 2026-08-01 --days 60 --late .05 --duplicates .01 --malformed .001`

    `fraud simulate --start 2026-09-30 --days 1 --continues 2026-08-01 --rate 200` goes on from there

    `fraud simulate --real-time` lives from today on
    """
    from fraud_platform.core.simulation.days import outstanding_reports, simulate_day
    from fraud_platform.core.simulation.world import World
    from fraud_platform.core.time import day_start_ms
    from fraud_platform.feeding.messages import REPORT_COLUMNS, Disturbances, require_simulated_world
    from fraud_platform.feeding.schedule import Schedule
    from fraud_platform.feeding.sending import Feed, FeedRun
    from fraud_platform.feeding.state import locked_state
    from fraud_platform.feeding.topic_limits import require_taken
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.kafka import create_topics

    settings = load_settings()
    require_simulated_world()
    seed = settings.seed if seed is None else seed
    pace = _pace(rate, real_time)
    first = _first_day(start, days, real_time)
    start_ms, until_ms = (day_start_ms(first + timedelta(days=n)) for n in (0, days))
    world = World(seed, customers)
    continued = outstanding_reports(world, continues.date(), first) if continues else None

    def make(outstanding: "pd.DataFrame", flush_until_ms: int) -> Schedule:
        known = outstanding if continued is None else _either(outstanding, continued)[REPORT_COLUMNS]
        return Schedule(
            (simulate_day(world, first + timedelta(days=n)) for n in range(days)),
            until_ms,
            outstanding=known,
            disturbances=Disturbances(late, duplicates, malformed, seed),
            flush_labels=flush_labels,
            flush_until_ms=flush_until_ms,
        )

    made_from = (seed, customers, str(first), days, late, duplicates, malformed, str(continues), flush_labels)
    command = command_line(context, start=datetime.combine(first, datetime.min.time()), days=days, seed=seed)
    feed = Feed(f"simulated {made_from}", command, f"the simulation of {first}", make)
    create_topics(settings)
    with locked_state(settings) as state:
        if not real_time and not resume:
            require_taken(settings, start_ms, feed.what)
        run = FeedRun(settings, state, feed, pace, resume=resume)
        outcome = send_with_progress(run, start_ms=start_ms, until_ms=until_ms)
    tell(outcome, run, as_json)
    end(outcome, run)


def _either(outstanding: "pd.DataFrame", continued: "pd.DataFrame") -> "pd.DataFrame":
    """The reports that are written down, and those that the world has besides."""
    others = continued[~continued["transaction_id"].isin(outstanding["transaction_id"])]
    import pandas as pd

    return pd.concat([outstanding, others], ignore_index=True) if len(outstanding) else others


def _pace(rate: float | None, real_time: bool) -> "Pace":
    from fraud_platform.feeding.pacing import AsFastAsPossible, FixedRate, RealTime

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
    if first + timedelta(days=days - 1) >= today:
        raise typer.BadParameter(
            f"--start {first} --days {days} ends after today began, and Kafka takes no message from the future: "
            f"end with {today - timedelta(days=1)}, or live from now on with --real-time"
        )
    return first
