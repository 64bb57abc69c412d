"""Tags in MLflow that tell each version's time as champion: since when, until when, by whom and why."""

from datetime import UTC, datetime

from fraud_platform.errors import ModelError
from fraud_platform.storage.registry import Registry

SINCE, UNTIL, BY, REASON = "champion_since", "champion_until", "champion_by", "champion_reason"
"""Of the version's newest time as champion; without UNTIL it lasts."""
HISTORY = "champion_history"
"""Of the times before that, a line each, the newest last."""
LONGEST_REASON, LONGEST_HISTORY = 1_000, 4_000
"""Characters; of a longer history the oldest lines go, the ledger has them all."""
IN_MLFLOW = "alias moved in MLflow"


def tag_deployment(
    registry: Registry, before: int | None, version: int, *, by: str | None, reason: str | None, at_ms: int
) -> None:
    """Write on a version that it is champion since `at_ms`, and on the one before that it is so no longer.

    Safe to call again with the same time. A version before that MLflow no longer has is left out.
    """
    since = _as_text(at_ms)
    tags = registry.tags(version)
    if tags.get(SINCE) != since:
        history = {HISTORY: _history(tags)} if SINCE in tags else {}
        registry.delete_tag(version, UNTIL)
        told = {SINCE: since, BY: by or IN_MLFLOW, REASON: (reason or "")[:LONGEST_REASON]}
        registry.set_tags(version, {**told, **history})
    if before is not None and before != version:
        try:
            if SINCE in registry.tags(before):
                registry.set_tags(before, {UNTIL: since})
        except ModelError:  # deleted in MLflow
            return


def _history(tags: dict[str, str]) -> str:
    """The history with the time that the tags tell of added to it."""
    reason = " ".join(tags.get(REASON, "").split())
    line = f"{tags[SINCE]} to {tags.get(UNTIL, 'unknown')}, {tags.get(BY, IN_MLFLOW)}: {reason}"
    lines = [*tags.get(HISTORY, "").splitlines(), line]
    while len(lines) > 1 and sum(len(line) + 1 for line in lines) > LONGEST_HISTORY:
        del lines[0]
    return "\n".join(lines)


def _as_text(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
