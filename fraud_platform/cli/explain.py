"""`fraud explain`: why one transaction got its score."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fraud_platform.storage.clock import as_text

if TYPE_CHECKING:
    from rich.table import Table

    from fraud_platform.core.explanation import Explanation

HISTORY_SHOWN = 10


def explain(
    transaction_id: Annotated[str, typer.Argument(help="Id of a transaction that is in the lake.")],
    features: Annotated[int, typer.Option(min=1, help="How many features to show, the strongest first.")] = 12,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, all features and history.")] = False,
) -> None:
    """Show why a transaction got its score: features, contributions, history, model version and offset.

    The decision is read from scored_transactions and taken apart with the version that
    made it. A transaction that was never scored is explained by the champion, with the
    features of transaction_features.

    Examples: `fraud explain 20260330-000541`, `fraud explain 20260330-000541 --json`
    """
    from rich.console import Console

    from fraud_platform.core.explanation import explain as explain_decision
    from fraud_platform.core.features.table import feature_set_hash
    from fraud_platform.core.scoring import ModelBundle
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.decisions import find_decision, history_before
    from fraud_platform.storage.lake import Lake
    from fraud_platform.storage.registry import CHAMPION, Registry

    settings = load_settings()
    lake, registry = Lake(settings), Registry(settings)
    with Console(stderr=True).status(f"looking up {transaction_id}") as status:
        decision = find_decision(lake, transaction_id, lambda: registry.version(CHAMPION))
        status.update(f"loading version {decision.model_version}")
        bundle = ModelBundle.load(registry.download(decision.model_version))
        bundle.verify(feature_set_hash())
        explanation = explain_decision(decision, bundle, history_before(lake, decision))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(explanation), indent=2).decode())
    else:
        _show(explanation, features)


def _show(explanation: "Explanation", shown: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(_heading(explanation), soft_wrap=True)
    for reason in explanation.reasons:
        console.print(f"  · {reason}", soft_wrap=True)
    for rule in explanation.rules:
        console.print(f"  · by hand-written rule: {rule}", soft_wrap=True)
    table = Table("feature", "value", "unit", "log-odds", title="What each feature adds", title_justify="left")
    table.add_row("[dim]without any[/dim]", "", "", f"{explanation.base_log_odds:+.3f}")
    for part in explanation.features[:shown]:
        style = "red" if part.contribution > 0 else "green"
        table.add_row(part.name, f"{part.value:,.6g}", part.unit, f"[{style}]{part.contribution:+.3f}[/{style}]")
    others = explanation.features[shown:]
    if others:
        table.add_row(f"[dim]{len(others)} others[/dim]", "", "", f"{sum(part.contribution for part in others):+.3f}")
    table.add_row("sum", "", "", f"{explanation.log_odds:+.3f}", end_section=True)
    console.print(table)
    console.print(_history(explanation))


def _heading(explanation: "Explanation") -> str:
    decided = "ALERT" if explanation.is_fraud else "no alert"
    probability, again = explanation.probability, explanation.probability_again
    when = (
        f"scored {as_text(explanation.scored_at_ms)} UTC"
        if explanation.scored_at_ms is not None
        else "never scored: this is what the champion would say"
    )
    lines = [
        f"{explanation.transaction_id} of {explanation.customer_id}, {as_text(explanation.event_time_ms)} UTC",
        f"{decided}: probability {probability:.6f}, threshold {explanation.threshold:.6f}",
        f"{explanation.model_name} version {explanation.model_version}, {when}",
        f"partition {explanation.source_partition}, offset {explanation.source_offset}",
    ]
    if abs(probability - again) > 1e-9:
        lines.append(f"[red]the same version gives {again:.6f} now[/red]")
    return "\n".join(lines)


def _history(explanation: "Explanation") -> "Table":
    from rich.table import Table

    title = f"{len(explanation.history)} transactions of the customer in the 30 days before"
    table = Table("time, UTC", "amount", "merchant", "device", "channel", "country", title=title, title_justify="left")
    for row in explanation.history[:HISTORY_SHOWN]:
        names = (row["merchant_id"], row["device_id"], row["channel"], row["country"])
        table.add_row(as_text(row["event_time_ms"]), f"{row['amount']:,.2f}", *(name or "" for name in names))
    return table
