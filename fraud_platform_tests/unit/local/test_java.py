from pathlib import Path

import pytest

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.local.java import find_java, parse_version


@pytest.mark.parametrize(
    ("output", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', "17.0.15"),
        ('java version "1.8.0_391"', "8.0"),
        ('openjdk version "21" 2023-09-19', "21"),
        ("no such thing", None),
    ],
)
def test_java_versions_are_read_old_and_new(output: str, version: str | None) -> None:
    assert parse_version(output) == version


def fake_java(home: Path, version: str) -> None:
    java = home / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)


def test_java_home_goes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path, "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == (f"{tmp_path}/bin/java", "21.0.1")


def test_an_old_java_is_refused_with_how_to_install_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path, "1.8.0_391")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ServiceUnavailableError, match=r"is Java 8.0: install Java 17"):
        find_java()


def test_a_missing_java_is_named_with_how_to_install_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ServiceUnavailableError, match=r"JAVA_HOME=.*install Java 17"):
        find_java()
