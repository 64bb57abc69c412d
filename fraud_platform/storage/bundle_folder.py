"""A model bundle as a folder without a pickle: model.cbm, bundle.json, reference.npz and manifest.json.

The manifest has the SHA-256 of the other three, so its own stands for the whole bundle.
"""

import hashlib
from pathlib import Path

import msgspec

from fraud_platform.core.model_bundle import CARD, MODEL, REFERENCE, ModelBundle
from fraud_platform.errors import BundleError

MANIFEST = "manifest.json"


def save_bundle(bundle: ModelBundle, folder: Path) -> Path:
    """Write the four files; the folder is created. Returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    bundle.model.save_model(str(folder / MODEL))
    for name, content in bundle.encode().items():
        (folder / name).write_bytes(content)
    digests = {name: _sha256((folder / name).read_bytes()) for name in (MODEL, CARD, REFERENCE)}
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(digests), indent=2))
    return folder


def load_bundle(folder: Path, thread_count: int = -1) -> ModelBundle:
    """Read a saved bundle; raises BundleError where a file is missing, altered or malformed.

    A bundle vouches for itself only: compare `bundle_digest` with the one that was written
    down when it was registered. thread_count: as in ModelBundle.
    """
    return ModelBundle.decode(_read_files(folder), str(folder), thread_count)


def bundle_digest(folder: Path, expected: str | None = None) -> str:
    """SHA-256 of the manifest, and so of the whole bundle, in hexadecimal digits.

    Raises BundleError where a file is missing or altered, or where the digest is not the expected one.
    """
    _read_files(folder)
    digest = _sha256((folder / MANIFEST).read_bytes())
    if expected is not None and digest != expected:
        raise BundleError(
            f"model bundle {folder} is not the one that was registered: "
            f"its digest is {digest[:12]}…, {expected[:12]}… was written down"
        )
    return digest


def _read_files(folder: Path) -> dict[str, bytes]:
    """The bundle's files by name, each proven to have the digest that the manifest states."""
    try:
        digests = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=dict[str, str])
        files = {name: (folder / name).read_bytes() for name in (MODEL, CARD, REFERENCE)}
    except OSError as error:
        raise BundleError(f"model bundle {folder} is incomplete: {error.filename} cannot be read") from error
    except msgspec.MsgspecError as error:
        raise BundleError(f"model bundle {folder} is malformed: {MANIFEST}: {error}") from error
    for name, content in files.items():
        if digests.get(name) != _sha256(content):
            raise BundleError(f"model bundle {folder} was altered: {name} does not have the digest in {MANIFEST}")
    return files


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
