from pathlib import Path

import pytest

from fraud_platform.errors import ConfigurationError, ServiceUnavailableError
from fraud_platform.local import jars
from fraud_platform.settings import Settings
from fraud_platform.storage.jars import KAFKA, MARKER, SPARK, spark_jars


def with_jars_dir(folder: Path) -> Settings:
    return Settings(_env_file=None, jars_dir=folder)


def test_a_folder_without_its_marker_is_not_a_set(tmp_path: Path) -> None:
    (tmp_path / "spark").mkdir()
    (tmp_path / "spark" / "delta.jar").touch()
    with pytest.raises(ConfigurationError, match="--set spark"):
        spark_jars(with_jars_dir(tmp_path))


def test_a_set_of_other_versions_is_fetched_anew(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    marker = tmp_path / "kafka" / MARKER
    marker.write_text("\n".join(KAFKA.artifacts))
    assert KAFKA.is_fetched(with_jars_dir(tmp_path))
    marker.write_text("org.apache.kafka:kafka_2.13:3.0.0")
    assert not KAFKA.is_fetched(with_jars_dir(tmp_path))


def test_what_pyspark_ships_is_not_fetched() -> None:
    module = jars.ivy_module(SPARK, jars._pyspark_artifacts())
    assert 'name="delta-spark_4.2_2.13" rev="4.4.0"' in module
    for artifact in ("spark-core_2.13", "scala-library", "hadoop-client-runtime", "jackson-databind", "lz4-java"):
        assert f'<exclude module="{artifact}"/>' in module


def test_offline_the_error_names_the_way_out_and_leaves_no_half_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A proxy that nobody serves cuts the Java process off from every host.
    options = "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9 -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=9"
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", options)
    with pytest.raises(ServiceUnavailableError, match="check the network or proxy"):
        jars.fetch(with_jars_dir(tmp_path), SPARK)
    assert not (tmp_path / "spark").exists()
    assert "UNRESOLVED DEPENDENCIES" in (tmp_path / "spark.log").read_text()
