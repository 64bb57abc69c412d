"""Arithmetic on the fields of a transaction.

Python's own parser reads an expression, and NumPy's functions compute it. Nothing is
evaluated that is not in the two tables below. Other evaluators that were looked at call
`eval` on the text (numexpr) or take one row at a time (simpleeval).
"""

import ast
from collections.abc import Iterator
from typing import Annotated, Any, cast

import msgspec
import numpy as np
from msgspec import Meta

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.faults import Fault, one_of, quoted
from fraud_platform.core.declaration.kinds.line import Draft, FeatureLine, FeatureName, faults_of_field
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows

FUNCTIONS: dict[str, np.ufunc] = {
    "abs": np.abs,
    "exp": np.exp,
    "floor": np.floor,
    "log": np.log,
    "log1p": np.log1p,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "sqrt": np.sqrt,
}
"""The only ones there are. Each takes as many numbers as its ufunc."""
_OPERATORS: dict[type[ast.operator] | type[ast.unaryop], np.ufunc] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.USub: np.negative,
}


class Expression(FeatureLine, frozen=True, kw_only=True):
    """A number from the numbers of the transaction alone, with + - * / and a few functions. Needs a name."""

    of: Annotated[str, Meta(min_length=1, max_length=300)] = msgspec.field(name="expression")
    name: FeatureName

    def draft(self, world: World, window: Window) -> Draft:
        words = f"{self.name.replace('_', ' ')} is {{value:,.4g}}"
        return Draft(self.name, "", f"{self.of} of the transaction", words)

    def compute(self, rows: KeyRows, window: Window) -> Floats:
        with np.errstate(all="ignore"):  # what is not finite gets the default
            values = _value(ast.parse(self.of.strip(), mode="eval").body, rows)
        return np.broadcast_to(np.asarray(values, np.float64), rows.new.shape)

    def faults(self, world: World) -> Iterator[Fault]:
        try:
            tree = ast.parse(self.of.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            yield Fault(self.option, f"{quoted(self.of)} is no expression such as amount / balance")
            return
        yield from self._faults_within(tree.body, world)

    def _faults_within(self, node: ast.expr, world: World) -> Iterator[Fault]:
        if isinstance(node, ast.BinOp | ast.UnaryOp) and type(node.op) in _OPERATORS:
            parts = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.operand]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            parts = node.args
            yield from self._faults_of_call(node.func.id, len(parts))
        elif isinstance(node, ast.Name):
            yield from faults_of_field(world, self.option, node.id, "number")
            return
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return
        else:
            text = ast.unparse(node)
            yield Fault(self.option, f"{quoted(text)} is neither number, field, + - * / nor a function: {_functions()}")
            return
        for part in parts:
            yield from self._faults_within(part, world)

    def _faults_of_call(self, name: str, arguments: int) -> Iterator[Fault]:
        if name not in FUNCTIONS:
            yield Fault(self.option, f"there is no function {quoted(name)}: {one_of(name, FUNCTIONS)}")
        elif arguments != FUNCTIONS[name].nin:
            yield Fault(self.option, f"{name} takes {FUNCTIONS[name].nin} and gets {arguments}")


def _value(node: ast.expr, rows: KeyRows) -> Any:
    """The value (m,) of a checked expression for the new rows, or a plain number."""
    if isinstance(node, ast.Constant):
        return float(cast("float", node.value))
    if isinstance(node, ast.Name):
        field, encoded = rows.field_and_column(node.id)
        return field.as_floats(encoded[rows.new])
    if isinstance(node, ast.Call):
        return FUNCTIONS[cast("ast.Name", node.func).id](*(_value(part, rows) for part in node.args))
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left, rows), _value(node.right, rows))
    unary = cast("ast.UnaryOp", node)
    return _OPERATORS[type(unary.op)](_value(unary.operand, rows))


def _functions() -> str:
    return ", ".join(FUNCTIONS)
