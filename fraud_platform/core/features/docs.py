"""docs/features.md from the declared table: `python -m fraud_platform.core.features.docs` prints it."""

from collections.abc import Iterable, Sequence

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.declaration import Feature
from fraud_platform.shipped_declarations import shipped_declaration

INTRODUCTION = """\
# Features

<!-- Made from config/declarations/simulated.yaml by `make docs`: do not edit. -->

- **Time.** All features are in UTC; a customer's window of length w is (t - w, t], t being the time of the transaction,
  and a merchant's leaves out the newest days, whose fraud labels have not had time to arrive.
- **Velocity.** A merchant's and a device's transactions come over all Kafka partitions. What their velocity counts is
  therefore what had arrived a minute before the time of the transaction, however partitions interleave.
- **Clock.** A customer's clock never goes back: a transaction that arrives late counts at the newest event time already
  seen for that customer, so values depend on the order of arrival alone, and batch and stream agree exactly.
- **Version.** A hash over this table, order included, is the feature-set version. A model takes its own features out of
  those that are declared, and is served as long as all of them are, and are computed as when it was trained.
"""
HEADINGS = ("name", "entity", "window", "unit", "default", "meaning")


def features_markdown(features: Sequence[Feature]) -> str:
    """The page: one table an entity, in the order of declaration."""
    sections = [INTRODUCTION]
    for entity in dict.fromkeys(feature.entity for feature in features):
        own = [_feature_row(feature) for feature in features if feature.entity == entity]
        rows = [_row(HEADINGS), _row(["---"] * len(HEADINGS)), *own]
        sections.append("\n".join([f"## {entity.capitalize()}", "", *rows, ""]))
    return "\n".join(sections)


def _feature_row(feature: Feature) -> str:
    texts = (feature.entity, feature.window, feature.unit, f"{feature.default:g}", feature.meaning)
    return _row([f"`{feature.name}`", *(text.replace("|", "\\|") for text in texts)])


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    print(features_markdown(read_declaration(shipped_declaration("simulated"), "simulated.yaml").features), end="")
