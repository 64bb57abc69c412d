"""Fetches the jar sets from Maven Central, once, with the Ivy that pyspark ships.

python -m fraud_platform.local.jars [--set spark|kafka|s3]
"""

import argparse
import fcntl
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import quoteattr

from fraud_platform.errors import FraudPlatformError, ServiceUnavailableError
from fraud_platform.local.java import find_java
from fraud_platform.settings import Settings, load_settings
from fraud_platform.storage.jars import JAR_SETS, KAFKA, MARKER, SPARK, JarSet

FETCH_TIMEOUT_SECONDS = 1800


def fetch(settings: Settings, jar_set: JarSet, say: Callable[[str], None] = print) -> None:
    """Put the jar set into its folder; returns at once where it is there in these versions.

    The folder appears whole or not at all. Raises ServiceUnavailableError where the
    repository is not reached.
    """
    if jar_set.is_fetched(settings):
        return
    settings.jars_dir.mkdir(parents=True, exist_ok=True)
    with (settings.jars_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # processes share Ivy's cache, and may want the same set
        if not jar_set.is_fetched(settings):
            _fetch(settings, jar_set, say)


def _fetch(settings: Settings, jar_set: JarSet, say: Callable[[str], None]) -> None:
    say(f"fetching the {jar_set.name} jars ({', '.join(jar_set.artifacts)})")
    with tempfile.TemporaryDirectory(prefix=f".{jar_set.name}-", dir=settings.jars_dir) as temporary:
        staged = Path(temporary) / "jars"
        staged.mkdir()
        ivy_file = Path(temporary) / "ivy.xml"
        ivy_file.write_text(ivy_module(jar_set, _pyspark_artifacts() if jar_set.on_spark else []))
        _run_ivy(settings, jar_set, ivy_file, staged)
        (staged / MARKER).write_text("\n".join(jar_set.artifacts) + "\n")
        folder = jar_set.folder(settings)
        shutil.rmtree(folder, ignore_errors=True)
        staged.rename(folder)
    # Kept until now, so that an interrupted download goes on where it stopped.
    shutil.rmtree(_ivy_cache(settings), ignore_errors=True)
    say(f"the {jar_set.name} jars are in {folder}")


def ivy_module(jar_set: JarSet, excluded_artifacts: list[str]) -> str:
    """The set as an Ivy module: its artifacts with all that they need at run time, less the excluded ones."""
    dependencies = []
    for coordinates in jar_set.artifacts:
        group, name, version, *classifier = map(quoteattr, coordinates.split(":"))
        dependency = f"org={group} name={name} rev={version}"
        if classifier:
            file = f'<artifact name={name} type="jar" m:classifier={classifier[0]}/>'
            dependencies.append(f'<dependency {dependency} transitive="false">{file}</dependency>')
        else:
            dependencies.append(f'<dependency {dependency} conf="default->default"/>')
    excludes = [f"<exclude module={quoteattr(name)}/>" for name in excluded_artifacts]
    return (
        '<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">'
        f'<info organisation="fraud-platform" module="{jar_set.name}"/>'
        '<configurations><conf name="default"/></configurations>'
        f"<dependencies>{''.join(dependencies + excludes)}</dependencies></ivy-module>"
    )


def _run_ivy(settings: Settings, jar_set: JarSet, ivy_file: Path, target: Path) -> None:
    command = [find_java()[0], "-jar", str(next(_pyspark_jars().glob("ivy-*.jar")))]
    command += ["-cache", str(_ivy_cache(settings)), "-ivy", str(ivy_file), "-types", "jar", "bundle"]
    command += ["-retrieve", f"{target}/[artifact]-[revision](-[classifier]).[ext]"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_TIMEOUT_SECONDS, check=False)
    fetched = {path.name for path in target.glob("*.jar")}
    wanted = {"-".join(coordinates.split(":")[1:]) + ".jar" for coordinates in jar_set.artifacts}
    if result.returncode != 0 or not wanted <= fetched:
        log = settings.jars_dir / f"{jar_set.name}.log"
        log.write_text(result.stdout + result.stderr)
        raise ServiceUnavailableError(
            f"the {jar_set.name} jars could not be fetched from Maven Central: "
            f"check the network or proxy and run it again ({log} has Ivy's output)"
        )


def _pyspark_jars() -> Path:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise ServiceUnavailableError("pyspark is not installed: run 'make setup'")
    return Path(spec.origin).parent / "jars"


def _pyspark_artifacts() -> list[str]:
    """Artifact names of the jars that pyspark ships: their file names without version."""
    return sorted({re.sub(r"-v?\d[^_]*$", "", path.stem) for path in _pyspark_jars().glob("*.jar")})


def _ivy_cache(settings: Settings) -> Path:
    return settings.jars_dir / ".ivy"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fraud_platform.local.jars", description=__doc__)
    parser.add_argument("--set", dest="names", action="append", choices=sorted(JAR_SETS), help="default: kafka, spark")
    names = parser.parse_args().names or [KAFKA.name, SPARK.name]
    try:
        for name in names:
            fetch(load_settings(), JAR_SETS[name])
    except FraudPlatformError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
