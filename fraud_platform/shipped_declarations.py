"""The declarations that the platform ships: config/declarations of a checkout, package data where it is installed."""

from pathlib import Path

from fraud_platform.errors import ConfigurationError

_PLACES = (
    Path(__file__).with_name("declarations"),  # of a wheel: pyproject.toml puts them there
    Path(__file__).resolve().parents[1] / "config" / "declarations",
)


def shipped_declaration(name: str) -> bytes:
    """The text of NAME.yaml, whatever the working directory and FRAUD_HOME are.

    Raises ConfigurationError where there is none.
    """
    for folder in _PLACES:
        if (path := folder / f"{name}.yaml").is_file():
            return path.read_bytes()
    raise ConfigurationError(f"declaration {name}: no {name}.yaml in {' or '.join(map(str, _PLACES))}")
