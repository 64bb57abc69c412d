"""Where the platform's files lie that no setting names."""

import os
from pathlib import Path


def _project_root() -> Path:
    """FRAUD_HOME, else the checkout this file stands in, else the working directory."""
    if home := os.environ.get("FRAUD_HOME"):
        return Path(home).resolve()
    checkout = Path(__file__).resolve().parents[1]
    return checkout if (checkout / "config" / "config.yaml").exists() else Path.cwd()


PROJECT_ROOT = _project_root()


def under_root(path: Path) -> Path:
    """A relative path starts at PROJECT_ROOT."""
    return path if path.is_absolute() else PROJECT_ROOT / path


def existing(path: Path | None) -> Path | None:
    """The same of a file that has to be there; raises ValueError where it is not."""
    if path is not None and not (path := under_root(path)).is_file():
        raise ValueError("there is no such file")
    return path


def named_or_under_root(name_or_file: str) -> str:
    """The same of what is a file or a name; a name has neither a dot nor a slash."""
    is_file = "." in name_or_file or "/" in name_or_file
    return str(under_root(Path(name_or_file))) if is_file else name_or_file
