"""A Spark standalone cluster from pyspark's own jars: a master and two workers, each executor a process of its own."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark

from fraud_platform_tests.integration.full.server import Server, running
from fraud_platform_tests.support.ports import free_ports
from fraud_platform_tests.support.waiting import wait_until

HOME = Path(pyspark.__file__).parent


@dataclass(frozen=True)
class SparkCluster:
    port: int
    ui_port: int
    workers: list[Server]

    def settings(self) -> dict[str, object]:
        """Settings under which Spark applications run on it."""
        master = f"spark://127.0.0.1:{self.port}"
        return {"spark_master": master, "spark_driver_host": "127.0.0.1", "spark_executor_memory": "1g"}

    def alive_workers(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ui_port}/json/", timeout=5) as answer:
            return json.load(answer)["aliveworkers"]


@contextmanager
def spark_cluster(folder: Path) -> Iterator[SparkCluster]:
    """The cluster, with one core a worker and its files in the folder."""
    port, master_ui, *ports = free_ports(6)
    address = ["--host", "127.0.0.1"]
    environment = {"SPARK_HOME": str(HOME), "SPARK_LOCAL_IP": "127.0.0.1"}
    spark_class = [str(HOME / "bin" / "spark-class")]

    def made(name: str, *arguments: str, ui_port: int) -> Server:
        command = [*spark_class, f"org.apache.spark.deploy.{name}", *address, "--webui-port", str(ui_port), *arguments]

        def answers() -> bool:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{ui_port}/json/", timeout=5).close()
            except OSError:
                return False
            return True

        return Server(command, answers, folder / f"{name}-{ui_port}.log", environment)

    def worker(own_port: int, ui_port: int) -> Server:
        options = ["--port", str(own_port), "--cores", "1", "--memory", "1g", "--work-dir", str(folder / "work")]
        return made("worker.Worker", *options, f"spark://127.0.0.1:{port}", ui_port=ui_port)

    with ExitStack() as servers:
        servers.enter_context(running(made("master.Master", "--port", str(port), ui_port=master_ui)))
        workers = [worker(*ports[:2]), worker(*ports[2:])]
        for server in workers:
            servers.enter_context(running(server))
        cluster = SparkCluster(port, master_ui, workers)
        wait_until(lambda: cluster.alive_workers() == len(workers), "the workers at the master")
        yield cluster
