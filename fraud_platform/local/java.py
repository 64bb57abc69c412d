"""The Java that the broker and Spark run on."""

import os
import re
import shutil
import subprocess

from fraud_platform.errors import ServiceUnavailableError

REQUIRED_VERSION = 17
HOW_TO_INSTALL = (
    "install Java 17, for example 'apt-get install openjdk-17-jre-headless' or 'brew install openjdk@17', "
    "and set JAVA_HOME where it is not on PATH"
)


def find_java() -> tuple[str, str]:
    """Path and version of the `java` that Spark would take: JAVA_HOME's, else the one on PATH.

    Raises ServiceUnavailableError where there is none, or it is older than 17.
    """
    home = os.environ.get("JAVA_HOME")  # Java's own variable, not one of the platform's settings
    path = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if path is None:
        raise ServiceUnavailableError(f"Java was not found{f' in JAVA_HOME={home}' if home else ''}: {HOW_TO_INSTALL}")
    output = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    version = parse_version(output)
    if version is None or int(version.split(".")[0]) < REQUIRED_VERSION:
        raise ServiceUnavailableError(f"{path} is Java {version or 'of unknown version'}: {HOW_TO_INSTALL}")
    return path, version


def parse_version(output: str) -> str | None:
    """Version in the output of `java -version`; before Java 9 it was written 1.8.

    >>> parse_version('openjdk version "17.0.15" 2025-04-15')
    '17.0.15'
    """
    match = re.search(r'version "(?:1\.)?([\d.]+)', output)
    return match.group(1) if match else None
