"""The embedded Kafka broker: one KRaft node on loopback, from the Maven jars."""

import base64
import subprocess
import uuid

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.local.environment import service_environment
from fraud_platform.local.java import find_java
from fraud_platform.local.paths import StackPaths
from fraud_platform.settings import Settings
from fraud_platform.storage.jars import kafka_classpath
from fraud_platform.storage.message_times import limits

# A broker on a laptop lives for minutes and waits on disk and clients, so it gains more
# from starting early than from the optimising compiler.
JVM_OPTIONS = ("-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
FORMAT_TIMEOUT_SECONDS = 60

LOG4J = """\
Configuration:
  status: error
  Appenders:
    Console:
      name: stdout
      target: SYSTEM_OUT
      PatternLayout: {pattern: "%d{ISO8601} %-5p %c{1} %m%n"}
  Loggers:
    Root: {level: warn, AppenderRef: {ref: stdout}}
    Logger:
      - {name: kafka.server.KafkaRaftServer, level: info}
"""


def server_properties(settings: Settings) -> str:
    """The broker's configuration. https://kafka.apache.org/documentation/#brokerconfigs"""
    host, _, port = settings.kafka_broker.rpartition(":")
    listener = f"PLAINTEXT://{host}:{port}"
    controller = f"127.0.0.1:{controller_port(settings)}"
    return "\n".join(
        [
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.voters=1@{controller}",
            f"listeners={listener},CONTROLLER://{controller}",
            f"advertised.listeners={listener}",
            "controller.listener.names=CONTROLLER",
            f"log.dirs={StackPaths(settings).kafka / 'log'}",
            "auto.create.topics.enable=false",
            "default.replication.factor=1",
            "offsets.topic.replication.factor=1",
            "offsets.topic.num.partitions=4",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "transaction.state.log.num.partitions=4",
            "share.coordinator.state.topic.replication.factor=1",
            "share.coordinator.state.topic.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            # Of topics that were made before the platform set limits of their own.
            *(f"log.{name}={value}" for name, value in limits(settings).items()),
            # The scorer's marker of the last batch is a committed offset: it outlives a long pause.
            f"offsets.retention.minutes={400 * 24 * 60}",
            "",
        ]
    )


def controller_port(settings: Settings) -> int:
    """The node's own controller listens one port above the broker."""
    return int(settings.kafka_broker.rpartition(":")[2]) + 1


def broker_command(settings: Settings) -> list[str]:
    folder = StackPaths(settings).kafka
    return [*_java_command(settings), "kafka.Kafka", str(folder / "server.properties")]


def prepare_broker(settings: Settings) -> None:
    """Write the configuration and, the first time, format the storage.

    Raises ServiceUnavailableError with Kafka's own words where the storage cannot be formatted.
    """
    folder = StackPaths(settings).kafka
    properties = folder / "server.properties"
    properties.write_text(server_properties(settings))
    (folder / "log4j2.yaml").write_text(LOG4J)
    if (folder / "log" / "meta.properties").exists():
        return
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    command = [*_java_command(settings), "kafka.tools.StorageTool", "format", "--ignore-formatted"]
    result = subprocess.run(
        [*command, f"--cluster-id={cluster_id}", f"--config={properties}"],
        capture_output=True,
        text=True,
        timeout=FORMAT_TIMEOUT_SECONDS,
        check=False,
        env=service_environment(settings),
    )
    if result.returncode != 0:
        raise ServiceUnavailableError(
            f"Kafka cannot format {folder}: {(result.stderr or result.stdout).strip()[-500:]}"
        )


def _java_command(settings: Settings) -> list[str]:
    log4j = StackPaths(settings).kafka / "log4j2.yaml"
    return [find_java()[0], *JVM_OPTIONS, f"-Dlog4j2.configurationFile={log4j}", "-cp", kafka_classpath(settings)]
