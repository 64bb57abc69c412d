"""The declarations that the platform ships: config/declarations of a checkout, package data where it is installed.

A user's own is a file; `declaration_text` finds either.
"""

import os
from pathlib import Path

from fraud_platform.errors import ConfigurationError

_PLACES = (
    Path(__file__).with_name("declarations"),  # of a wheel: pyproject.toml puts them there
    Path(__file__).resolve().parents[1] / "config" / "declarations",
)


def shipped_names() -> list[str]:
    """Names of all that are shipped, in the order of the alphabet."""
    return sorted({path.stem for folder in _PLACES for path in folder.glob("*.yaml")})


def declaration_text(name_or_file: str) -> tuple[bytes, str]:
    """The text of a declaration, and what errors call it; a name has neither a dot nor a slash, a file one of them.

    Raises ConfigurationError where there is none.
    """
    if "." not in name_or_file and os.sep not in name_or_file:
        return shipped_declaration(name_or_file), f"{name_or_file}.yaml"
    try:
        return Path(name_or_file).read_bytes(), name_or_file
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"declaration {name_or_file}: {reason}; give the path of a file, or one of {', '.join(shipped_names())}"
        ) from None


def shipped_declaration(name: str) -> bytes:
    """The text of NAME.yaml, whatever the working directory and FRAUD_HOME are.

    Raises ConfigurationError where there is none.
    """
    for folder in _PLACES:
        if (path := folder / f"{name}.yaml").is_file():
            return path.read_bytes()
    raise ConfigurationError(
        f"declaration {name}: no {name}.yaml in {' or '.join(map(str, _PLACES))}; "
        f"there are {', '.join(shipped_names())}, and a file is given with its ending: {name}.yaml"
    )
