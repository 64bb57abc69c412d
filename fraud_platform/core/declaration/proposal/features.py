"""A set of features that fits most worlds: to begin with, and to be pruned."""

from collections.abc import Sequence

from fraud_platform.core.declaration.proposal.fields import Proposed

MOST_VALUES = 60
"""Fields whose value is a feature."""
_MOST_ENTITIES = 2


def feature_lines(fields: Sequence[Proposed]) -> list[str]:
    """Lines of features, and comments between them."""
    by_role = {field.role: field for field in fields if field.role}
    key, amount = by_role.get("key"), by_role.get("amount")
    others = [field for field in fields if not field.role]
    return [
        *_of_transaction(amount, others),
        *(_of_key(key.name, amount, others) if key else []),
        *_of_entities(others, key, amount),
        *_of_places(others, key),
    ]


def _of_transaction(amount: Proposed | None, others: Sequence[Proposed]) -> list[str]:
    wanted = ("category", "boolean", "number", "decimal")
    values = [amount.name] if amount else []
    values += [field.name for field in others if field.type in wanted][:MOST_VALUES]
    hours = ["{calendar: hour}", "{calendar: weekday}", "{calendar: night}"]
    return ["# The transaction itself", *(f"{{value: {name}}}" for name in values), *hours]


def _of_key(key: str, amount: Proposed | None, others: Sequence[Proposed]) -> list[str]:
    lines = ["# Against what the key did before", f"{{count: {{}}, per: {key}, over: [1h, 1d, 7d, 30d]}}"]
    if amount:
        lines += [f"{{sum: {amount.name}, per: {key}, over: [1h, 1d, 7d, 30d]}}"] if amount.type == "decimal" else []
        lines += [f"{{mean: {amount.name}, per: {key}, over: [1d, 7d, 30d]}}"] if amount.type == "decimal" else []
        lines += [f"{{max: {amount.name}, per: {key}, over: [1d, 7d, 30d]}}"]
        if amount.type == "decimal":
            lines += [f"{{{kind}: {amount.name}, per: {key}, over: 30d}}" for kind in ("ratio_to_mean", "zscore")]
    lines.append(f"{{time_since_previous: {{}}, per: {key}}}")
    told_apart = [field for field in others if field.type in ("id", "category", "ip")]
    for field in sorted(told_apart, key=lambda field: not field.options.get("entity"))[:_MOST_ENTITIES]:
        lines += [f"{{distinct: {field.name}, per: {key}, over: 1d}}", f"{{first_seen: {field.name}, per: {key}}}"]
    return lines


def _of_entities(others: Sequence[Proposed], key: Proposed | None, amount: Proposed | None) -> list[str]:
    entities = [field for field in others if field.options.get("entity")][:_MOST_ENTITIES]
    lines = ["# What labels say of others, and what others just did there"] if entities else []
    for entity in entities:
        lines.append(
            f"{{per: {entity.name}, over: [7d, 30d], features: [{{matured_count: {{}}}}, {{fraud_share: {{}}}}]}}"
        )
        distinct = f", {{velocity_distinct: {key.name}}}" if key else ""
        lines.append(f"{{per: {entity.name}, over: [1h, 1d], features: [{{velocity: {{}}}}{distinct}]}}")
    return lines


def _of_places(others: Sequence[Proposed], key: Proposed | None) -> list[str]:
    latitudes, longitudes = (
        [field.name for field in others if field.type == kind] for kind in ("latitude", "longitude")
    )
    places = [f"[{latitude}, {longitude}]" for latitude, longitude in zip(latitudes, longitudes, strict=False)]
    if len(places) == 2:
        return ["# Where", f"{{distance_between: [{places[0]}, {places[1]}], name: distance_between_km}}"]
    if len(places) == 1 and key:
        return ["# Where", f"{{distance: {places[0]}, per: {key.name}}}", f"{{speed: {places[0]}, per: {key.name}}}"]
    return []
