"""Every kind of feature that looks at a transaction and its key, as a plain loop: slow and obvious.

A transaction is a dict of plain values by field, in which None means unknown, with `clock`,
the clock of its key. `past` has the earlier ones of the key that lie in the window.
"""

import ast
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from fraud_platform.core.declaration.conditions import Condition, Where
from fraud_platform.core.declaration.declaration import Declaration, DeclaredFeature
from fraud_platform.core.declaration.kinds.line import kind_name

Row = dict[str, Any]
Reference = Callable[[Any, Row, list[Row], "Scale"], float | None]


class Scale:
    """How many places of each decimal count."""

    def __init__(self, declaration: Declaration) -> None:
        self._places = {f.name: getattr(f, "scale", None) for f in declaration.world}

    def units(self, field: str, value: Any) -> int | float:
        places = self._places[field]
        if places is None:
            return int(value) if isinstance(value, bool) else value
        return round(Fraction(repr(value)) * 10**places)

    def per_one(self, field: str) -> int:
        return 10 ** (self._places[field] or 0)


def reference(declaration: Declaration, declared: DeclaredFeature, rows: list[Row]) -> tuple[list[float], list[bool]]:
    """Values of one feature for the rows in arrival order, and which are duplicates."""
    names = {field.role: field.name for field in declaration.world if field.role}
    key, scale, history_ms = names.get("key", names["transaction"]), Scale(declaration), None
    history_ms = declaration.world.history.milliseconds
    kept: dict[str, list[Row]] = {}
    values, duplicates = [], []
    for row in rows:
        own = kept.setdefault(row[key], [])
        clock = max(row[names["time"]], own[-1]["clock"]) if own else row[names["time"]]
        remembered = [r for r in own if r["clock"] > clock - history_ms]
        duplicates.append(any(r[names["transaction"]] == row[names["transaction"]] for r in remembered))
        if duplicates[-1]:
            values.append(0.0)
            continue
        row = {**row, "clock": clock}
        window_ms = declared.window.milliseconds if declared.feature.window else 0
        past = [r for r in remembered if r["clock"] > clock - window_ms]
        value = REFERENCES[kind_name(type(declared.line))](declared.line, row, past, scale)
        values.append(declared.feature.default if value is None or not math.isfinite(value) else float(value))
        own.append(row)
    return values, duplicates


def meets(where: Where, row: Row, scale: Scale) -> bool:
    return all(_meets(test, row, scale) for test in where)


def _meets(test: Condition, row: Row, scale: Scale) -> bool:
    value = row[test.field]
    if value is None:
        return False
    if test.values:
        wanted = [scale.units(test.field, v) if not isinstance(v, str) else v for v in test.values]
        exact = {Fraction(repr(v)) * scale.per_one(test.field) for v in test.values if not isinstance(v, str | bool)}
        if exact and not isinstance(value, bool):
            return Fraction(repr(value)) * scale.per_one(test.field) in exact
        return (scale.units(test.field, value) if not isinstance(value, str) else value) in wanted
    size = Fraction(repr(value))
    bounds = {name: Fraction(repr(bound)) for name, bound in test.comparisons.items()}
    holds = {
        "above": lambda bound: size > bound,
        "at_least": lambda bound: size >= bound,
        "at_most": lambda bound: size <= bound,
        "below": lambda bound: size < bound,
    }
    return all(holds[name](bound) for name, bound in bounds.items())


def units(line: Any, rows: list[Row], scale: Scale) -> list[int | float]:
    """The numbers of the rows that count."""
    return [scale.units(line.of, r[line.of]) for r in rows if meets(line.where, r, scale) and r[line.of] is not None]


def value(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    own = row[line.of]
    return None if own is None else scale.units(line.of, own) / scale.per_one(line.of)


def calendar(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    time_ms = row[line.at or "at"]
    if time_ms is None:
        return None
    hour, weekday = time_ms // 3_600_000 % 24, (time_ms // 86_400_000 + 3) % 7
    first, last = line.hours
    night = first <= hour <= last if first <= last else hour >= first or hour <= last
    return {"hour": hour, "weekday": weekday, "weekend": weekday in (5, 6), "night": night}[line.of]


def expression(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    functions = {
        "abs": abs,
        "exp": np.exp,
        "floor": math.floor,
        "log": np.log,
        "log1p": np.log1p,
        "maximum": max,
        "minimum": min,
        "sqrt": np.sqrt,
    }
    names = {node.id for node in ast.walk(ast.parse(line.of.strip())) if isinstance(node, ast.Name)} - {*functions}
    fields = {name: row[name] for name in names}
    if None in fields.values():
        return None
    known = {name: np.float64(scale.units(name, v) / scale.per_one(name)) for name, v in fields.items()}
    with np.errstate(all="ignore"):
        return float(eval(line.of.strip(), {"__builtins__": {}}, functions | known))


def count(line: Any, row: Row, past: list[Row], scale: Scale) -> float:
    return sum(meets(line.where, r, scale) for r in [*past, row])


def total(line: Any, row: Row, past: list[Row], scale: Scale) -> float:
    return float(sum(units(line, [*past, row], scale))) / scale.per_one(line.of)


def mean(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    numbers = units(line, [*past, row], scale)
    return float(sum(numbers)) / scale.per_one(line.of) / len(numbers) if numbers else None


def smallest(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    numbers = units(line, [*past, row], scale)
    return min(numbers) / scale.per_one(line.of) if numbers else None


def largest(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    numbers = units(line, [*past, row], scale)
    return max(numbers) / scale.per_one(line.of) if numbers else None


def spread(numbers: list[int | float]) -> tuple[float, float]:
    """Mean and standard deviation from exact sums."""
    middle = float(sum(numbers)) / len(numbers)
    return middle, math.sqrt(max(float(sum(int(n) ** 2 for n in numbers)) / len(numbers) - middle * middle, 0.0))


def deviation(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    numbers = units(line, [*past, row], scale)
    return spread(numbers)[1] / scale.per_one(line.of) if numbers else None


def zscore(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    numbers = units(line, past, scale)
    if not numbers or row[line.of] is None:
        return None
    middle, wide = spread(numbers)
    return (scale.units(line.of, row[line.of]) - middle) / max(wide, line.smallest_deviation * scale.per_one(line.of))


def ratio_to_mean(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    numbers = units(line, past, scale)
    if not numbers or row[line.of] is None or sum(numbers) <= 0:
        return None
    return scale.units(line.of, row[line.of]) / (float(sum(numbers)) / len(numbers))


def distinct(line: Any, row: Row, past: list[Row], scale: Scale) -> float:
    return len({r[line.of] for r in [*past, row] if meets(line.where, r, scale)} - {None})


def first_seen(line: Any, row: Row, past: list[Row], scale: Scale) -> float:
    return row[line.of] is not None and all(r[line.of] != row[line.of] for r in past)


def time_since_previous(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    return (row["clock"] - past[-1]["clock"]) / 1000 if past else None


def distance(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    places = [r for r in past if all(r[name] is not None for name in line.of)]
    if not places or any(row[name] is None for name in line.of):
        return None
    return kilometres(*([math.radians(np.float32(r[n])) for n in line.of] for r in (row, places[-1])))


def distance_between(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    if any(row[name] is None for place in line.of for name in place):
        return None
    return kilometres(*([math.radians(np.float32(row[n])) for n in place] for place in line.of))


def kilometres(here: list[float], there: list[float]) -> float:
    (lat, lon), (lat0, lon0) = here, there
    h = math.sin((lat - lat0) / 2) ** 2 + math.cos(lat) * math.cos(lat0) * math.sin((lon - lon0) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(min(h, 1.0)))


def speed(line: Any, row: Row, past: list[Row], scale: Scale) -> float | None:
    km = distance(line, row, past, scale)
    if km is None:
        return None
    last = [r for r in past if all(r[name] is not None for name in line.of)][-1]
    return km * 3600 / max((row["clock"] - last["clock"]) / 1000, 60.0)


REFERENCES: dict[str, Reference] = {
    "value": value,
    "calendar": calendar,
    "expression": expression,
    "count": count,
    "sum": total,
    "mean": mean,
    "min": smallest,
    "max": largest,
    "std": deviation,
    "zscore": zscore,
    "ratio_to_mean": ratio_to_mean,
    "distinct": distinct,
    "first_seen": first_seen,
    "time_since_previous": time_since_previous,
    "distance": distance,
    "speed": speed,
    "distance_between": distance_between,
}
"""By the kind's own option."""
