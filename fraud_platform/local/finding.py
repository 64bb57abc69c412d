"""What an examination says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One check. `needed` is false where the platform can be used, or started, without it."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    needed: bool = True
