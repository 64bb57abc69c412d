"""An S3 server that checks signatures and honours conditional writes: S3Proxy over a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from fraud_platform.local.jars import fetch
from fraud_platform.local.java import find_java
from fraud_platform.local.probes import port_answers
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings
from fraud_platform.storage.jars import S3, JarSet
from fraud_platform_tests.integration.full.server import Server, running
from fraud_platform_tests.support.ports import free_ports

S3PROXY = JarSet("s3proxy", ("org.gaul:s3proxy:4.1.0:jar-with-dependencies",), on_spark=False)
ACCESS_KEY, SECRET_KEY = "access", "secret-of-s3"


@dataclass(frozen=True)
class S3Server:
    port: int
    server: Server

    def settings(self) -> dict[str, object]:
        """Settings under which the lake lies on it, in a bucket that is there."""
        host = f"127.0.0.1:{self.port}"
        return {"minio_host": host, "minio_access_key": ACCESS_KEY, "minio_secret_key": SECRET_KEY}

    def create_bucket(self, name: str) -> None:
        boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
        ).create_bucket(Bucket=name)


@contextmanager
def private_s3(folder: Path) -> Iterator[S3Server]:
    """A server that keeps its objects in the folder, with the bucket of the lake."""
    jars = Settings(_env_file=None, jars_dir=PROJECT_ROOT / ".jars")
    for jar_set in (S3PROXY, S3):
        fetch(jars, jar_set)
    (port,) = free_ports(1)
    (folder / "objects").mkdir(parents=True)
    properties = {
        "s3proxy.endpoint": f"http://127.0.0.1:{port}",
        "s3proxy.authorization": "aws-v2-or-v4",
        "s3proxy.identity": ACCESS_KEY,
        "s3proxy.credential": SECRET_KEY,
        "jclouds.provider": "filesystem-nio2",
        "jclouds.filesystem.basedir": str(folder / "objects"),
    }
    file = folder / "s3proxy.properties"
    file.write_text("\n".join(f"{name}={value}" for name, value in properties.items()))
    (jar,) = S3PROXY.jars(jars)
    options = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-DLOG_LEVEL=warn"]
    command = [find_java()[0], *options, "-jar", str(jar), "--properties", str(file)]
    with running(Server(command, lambda: port_answers("127.0.0.1", port), folder / "log")) as server:
        made = S3Server(port, server)
        made.create_bucket("fraud-lake")
        yield made
