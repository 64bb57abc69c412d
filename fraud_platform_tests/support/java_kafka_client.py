"""Kafka's own Java client, in a JVM of its own: what producers of other languages do with our topics."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import py4j.java_gateway
import pyspark
from py4j.java_gateway import GatewayParameters, JavaGateway

from fraud_platform.local.java import find_java
from fraud_platform.settings import Settings
from fraud_platform.storage.jars import kafka_classpath


@contextmanager
def kafka_jvm(settings: Settings) -> Iterator[JavaGateway]:
    """A JVM with the jars of the embedded broker, the Java client among them."""
    (jar,) = Path(pyspark.__file__).parent.glob("jars/py4j-*.jar")
    port, token, process = py4j.java_gateway.launch_gateway(
        jarpath=str(jar),
        classpath=kafka_classpath(settings),
        java_path=find_java()[0],
        die_on_exit=True,
        enable_auth=True,
        return_proc=True,
    )
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token))
    try:
        yield gateway
    finally:
        gateway.shutdown()
        process.stdin.close()  # it ends with its input
        process.wait(30)
