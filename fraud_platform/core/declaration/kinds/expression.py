"""Arithmetic on the fields of a transaction."""

import ast
from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from fraud_platform.core.declaration.faults import Fault, one_of, quoted
from fraud_platform.core.declaration.kinds.line import Draft, FeatureLine, FeatureName, faults_of_field
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World

FUNCTIONS = {"abs": 1, "exp": 1, "floor": 1, "log": 1, "log1p": 1, "maximum": 2, "minimum": 2, "sqrt": 1}
"""The only ones there are, and how many numbers each takes."""
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub)


class Expression(FeatureLine, frozen=True, kw_only=True):
    """A number from the numbers of the transaction alone, with + - * / and a few functions. Needs a name."""

    of: Annotated[str, Meta(min_length=1, max_length=300)] = msgspec.field(name="expression")
    name: FeatureName

    def draft(self, world: World, window: Window) -> Draft:
        words = f"{self.name.replace('_', ' ')} is {{value:,.4g}}"
        return Draft(self.name, "", f"{self.of} of the transaction", words)

    def faults(self, world: World) -> Iterator[Fault]:
        try:
            tree = ast.parse(self.of.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            yield Fault(self.option, f"{quoted(self.of)} is no expression such as amount / balance")
            return
        yield from self._faults_within(tree.body, world)

    def _faults_within(self, node: ast.expr, world: World) -> Iterator[Fault]:
        if isinstance(node, ast.BinOp | ast.UnaryOp) and isinstance(node.op, _OPERATORS):
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
        elif arguments != FUNCTIONS[name]:
            yield Fault(self.option, f"{name} takes {FUNCTIONS[name]} and gets {arguments}")


def _functions() -> str:
    return ", ".join(FUNCTIONS)
