"""What the lines of a declaration refer to: its fields and its history."""

from collections.abc import Iterator
from dataclasses import dataclass

from fraud_platform.core.declaration.fields.field import Field, Role
from fraud_platform.core.declaration.windows import Window


@dataclass(frozen=True)
class World:
    """The fields of a transaction, in order, and how far back its features may look."""

    fields: tuple[Field, ...]
    history: Window

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def field(self, name: str) -> Field:
        """Raises KeyError where there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def with_role(self, role: Role) -> Field | None:
        """The field that has the role."""
        return next((field for field in self.fields if field.role == role), None)

    def of_role(self, role: Role) -> Field:
        """The same of a role that every checked declaration has. Raises KeyError where there is none."""
        field = self.with_role(role)
        if field is None:
            raise KeyError(role)
        return field

    @property
    def names(self) -> list[str]:
        return [field.name for field in self.fields]

    @property
    def owner(self) -> str:
        """Entity of what is computed of a transaction and its key's history."""
        key = self.with_role("key")
        return key.word if key else "transaction"
