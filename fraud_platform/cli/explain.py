"""`fraud explain`: why one transaction got its score."""

import json
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fraud_platform.cli.terminal import cell, progress_on_stderr, styled, terminal
from fraud_platform.storage.clock import as_text

if TYPE_CHECKING:
    from rich.table import Table

    from fraud_platform.core.explanation import Explanation

HISTORY_SHOWN, MOST_FIELDS = 10, 6
"""Transactions of the history, and fields of each."""


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
    from fraud_platform.core.explanation import explain as explain_decision
    from fraud_platform.declared import FEATURE_SET
    from fraud_platform.operations.aliases import CHAMPION
    from fraud_platform.operations.decisions import find_decision, history_before, require_current
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.bundle_folder import load_bundle
    from fraud_platform.storage.lake import Lake
    from fraud_platform.storage.registry import Registry

    settings = load_settings()
    lake, registry = Lake(settings), Registry(settings)
    with progress_on_stderr().status(f"looking up {transaction_id}") as status:
        decision = find_decision(lake, transaction_id, lambda: registry.version(CHAMPION))
        status.update(f"loading version {decision.model_version}")
        bundle = load_bundle(registry.download(decision.model_version))
        if decision.feature_set != bundle.card.feature_set:
            require_current(decision)
            bundle = bundle.reading(FEATURE_SET.features)
        bundle.verify()
        explanation = explain_decision(decision, bundle, history_before(lake, decision))
    if as_json:
        # By way of msgspec, which knows the struct and writes NaN as null; json escapes what a terminal would obey.
        typer.echo(json.dumps(json.loads(msgspec.json.encode(explanation)), indent=2))
    else:
        _show(explanation, features)


def _show(explanation: "Explanation", shown: int) -> None:
    from rich.table import Table

    console = terminal()
    for line in _heading(explanation):
        console.print(line, soft_wrap=True)
    if abs(explanation.probability - explanation.probability_again) > 1e-9:
        console.print(f"the same version gives {explanation.probability_again:.6f} now", style="red", soft_wrap=True)
    for reason in explanation.reasons:
        console.print(f"  · {reason}", soft_wrap=True)
    for rule in explanation.rules:
        console.print(f"  · by hand-written rule: {rule}", soft_wrap=True)
    table = Table("feature", "value", "unit", "log-odds", title="What each feature adds", title_justify="left")
    table.add_row(styled("without any", "dim"), "", "", f"{explanation.base_log_odds:+.3f}")
    for part in explanation.features[:shown]:
        style = "red" if part.contribution > 0 else "green"
        table.add_row(part.name, f"{part.value:,.6g}", part.unit, styled(f"{part.contribution:+.3f}", style))
    others = explanation.features[shown:]
    if others:
        together = sum(part.contribution for part in others)
        table.add_row(styled(f"{len(others)} others", "dim"), "", "", f"{together:+.3f}")
    table.add_row("sum", "", "", f"{explanation.log_odds:+.3f}", end_section=True)
    console.print(table)
    console.print(_history(explanation))


def _heading(explanation: "Explanation") -> list[str]:
    from fraud_platform.messages.personal import masked_key

    owner = masked_key(explanation.customer_id)
    decided = "ALERT" if explanation.is_fraud else "no alert"
    when = (
        f"scored {as_text(explanation.scored_at_ms)} UTC"
        if explanation.scored_at_ms is not None
        else "never scored: this is what the champion would say"
    )
    return [
        f"{explanation.transaction_id} of {owner}, {as_text(explanation.event_time_ms)} UTC",
        f"{decided}: probability {explanation.probability:.6f}, threshold {explanation.threshold:.6f}",
        f"{explanation.model_name} version {explanation.model_version}, {when}",
        f"partition {explanation.source_partition}, offset {explanation.source_offset}",
    ]


def _history(explanation: "Explanation") -> "Table":
    from rich.table import Table

    from fraud_platform.declared import FEATURE_SET

    shown = [
        field
        for field in FEATURE_SET.world
        if field.name in (FEATURE_SET.amount, *FEATURE_SET.matured) or (field.IDENTITY and field.role is None)
    ]
    shown = [field for field in shown if not field.personal][:MOST_FIELDS]
    owner = FEATURE_SET.world.owner
    title = f"{len(explanation.history)} transactions of the {owner} in the {FEATURE_SET.history_days} days before"
    table = Table("time, UTC", *(field.called for field in shown), title=title, title_justify="left")
    for row in explanation.history[:HISTORY_SHOWN]:
        cells = (f"{row[f.name]:,.2f}" if f.is_amount else cell(row[f.name]) for f in shown)
        table.add_row(as_text(row[FEATURE_SET.time]), *cells)
    return table
