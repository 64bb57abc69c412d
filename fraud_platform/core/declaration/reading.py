"""YAML text to a checked declaration. Text in, objects out: nothing in it is ever run."""

from fraud_platform.core.declaration.conversion import converted, place_of_option
from fraud_platform.core.declaration.declaration import Declaration, Header
from fraud_platform.core.declaration.faults import Faults
from fraud_platform.core.declaration.feature_reading import FeatureReader
from fraud_platform.core.declaration.field_reading import check_version, read_fields
from fraud_platform.core.declaration.fields.field import split_path
from fraud_platform.core.declaration.file_layout import FileLayout
from fraud_platform.core.declaration.labels import Labels
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.declaration.yaml_tree import Node, parsed

_REQUIRED = ("fields", "features")
_PARTS: dict[str, type[Labels] | type[FileLayout]] = {"labels": Labels, "file": FileLayout}
"""Of the header, those whose options are told one by one."""


def read_declaration(source: str | bytes, file: str) -> Declaration:
    """The declaration in the text of a file.

    file: how errors name it. Raises ConfigurationError with one line a fault: file, line, column, what is
    wrong and the way out. Features are looked at once the fields are sound.
    """
    faults = Faults(file)
    root = parsed(source, faults)
    parts = {name: _part(root, name, kind, faults) for name, kind in _PARTS.items()}
    header = converted(root, Header, faults, "a declaration", read=(*_REQUIRED, *_PARTS), **parts)
    for name in _REQUIRED if isinstance(root.value, dict) else ():
        if name not in root.value:
            faults.add(root.place, f"a declaration lacks {name}")
    faults.raise_if_any()
    assert header is not None
    fields = read_fields(root.value["fields"], faults)
    if version := header.message.version:
        check_version(split_path(version.member), place_of_option(root, "message"), fields, faults)
    faults.raise_if_any()
    world = World(fields, Window.of(header.history))
    declared = FeatureReader(world, faults).read(root.value["features"])
    faults.raise_if_any()
    return Declaration(header, world, declared)


def _part(root: Node, name: str, kind: type[Labels] | type[FileLayout], faults: Faults) -> Labels | FileLayout | None:
    if not isinstance(root.value, dict) or name not in root.value or root.value[name].value is None:
        return None
    node = root.value[name]
    part = converted(node, kind, faults, name)
    for fault in part.faults() if part else ():
        faults.add(place_of_option(node, fault.option), f"{name}: {fault.text}")
    return part
