"""Which jars the broker and Spark need, and where they lie. Fetching them is fraud_platform.local.jars."""

from dataclasses import dataclass
from pathlib import Path

from fraud_platform.errors import ConfigurationError
from fraud_platform.settings import Settings


@dataclass(frozen=True)
class JarSet:
    """Maven artifacts (group:artifact:version) that are fetched together with what they depend on.

    One with a classifier (group:artifact:version:classifier) is fetched alone.
    """

    name: str
    artifacts: tuple[str, ...]
    on_spark: bool
    """Runs inside Spark, so what pyspark ships is left out."""

    def folder(self, settings: Settings) -> Path:
        return settings.jars_dir / self.name

    def is_fetched(self, settings: Settings) -> bool:
        """Whether the folder holds this set, complete and in these versions."""
        marker = self.folder(settings) / MARKER
        return marker.exists() and marker.read_text().split() == list(self.artifacts)

    def jars(self, settings: Settings) -> list[Path]:
        """The jars, sorted by name; raises ConfigurationError where they are not fetched yet."""
        if not self.is_fetched(settings):
            raise ConfigurationError(
                f"the {self.name} jars are not in {self.folder(settings)}: "
                f"fetch them with 'python -m fraud_platform.local.jars --set {self.name}'"
            )
        return sorted(self.folder(settings).glob("*.jar"))


MARKER = "versions.txt"
"""Written last, so a folder without it is not a set."""

# Kafka leaves the logging backend to its distribution; without one the broker says nothing.
KAFKA = JarSet(
    "kafka",
    ("org.apache.kafka:kafka_2.13:4.3.1", "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"),
    on_spark=False,
)
SPARK = JarSet(
    "spark",
    (
        "org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0",
        "io.delta:delta-spark_4.2_2.13:4.4.0",
        "com.globalmentor:hadoop-bare-naked-local-fs:0.1.0",
    ),
    on_spark=True,
)
S3 = JarSet("s3", ("org.apache.hadoop:hadoop-aws:3.5.0",), on_spark=True)
JAR_SETS = {jar_set.name: jar_set for jar_set in (KAFKA, SPARK, S3)}


def spark_jars(settings: Settings) -> list[Path]:
    """Jars for `spark.jars`: the Kafka source, Delta and, where MINIO_HOST is set, S3."""
    s3 = S3.jars(settings) if settings.minio_host else []
    return SPARK.jars(settings) + s3


def kafka_classpath(settings: Settings) -> str:
    """Class path of the embedded broker and of Kafka's command-line tools."""
    return ":".join(map(str, KAFKA.jars(settings)))
