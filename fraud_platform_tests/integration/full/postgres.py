"""A private PostgreSQL cluster, with the databases that docker/postgres/init.sh makes."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fraud_platform.local.probes import port_answers
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform_tests.integration.full.server import Server, program, running
from fraud_platform_tests.support.ports import free_ports

PASSWORDS = {"POSTGRES_PASSWORD": "of-root", "DB_PASSWORD": "of-dagster", "MLFLOW_DB_PASSWORD": "of-mlflow"}


@dataclass(frozen=True)
class Postgres:
    port: int
    server: Server

    def settings(self) -> dict[str, object]:
        """Settings under which Dagster uses it."""
        return {
            "db_host": "127.0.0.1",
            "db_port": self.port,
            "db_user": "dagster",
            "db_name": "dagster",
            "db_password": PASSWORDS["DB_PASSWORD"],
        }

    def psql(self, statement: str, user: str = "postgres", database: str = "postgres") -> subprocess.CompletedProcess:
        """Run a statement; the answer is bare lines."""
        password = PASSWORDS[{"postgres": "POSTGRES", "dagster": "DB", "mlflow": "MLFLOW_DB"}[user] + "_PASSWORD"]
        command = [program("psql", "postgresql"), "--no-psqlrc", "--tuples-only", "--no-align", "--command", statement]
        address = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": user, "PGDATABASE": database}
        environment = {**os.environ, **address, "PGPASSWORD": password}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def initialise(self) -> None:
        """Run the init script of the full stack; may be run again."""
        address = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGPASSWORD": PASSWORDS["POSTGRES_PASSWORD"]}
        names = {"POSTGRES_USER": "postgres", "DB_USER": "dagster", "DB_NAME": "dagster"}
        script = PROJECT_ROOT / "docker" / "postgres" / "init.sh"
        subprocess.run(["sh", script], env={**os.environ, **address, **names, **PASSWORDS}, check=True)


@contextmanager
def private_postgres(folder: Path) -> Iterator[Postgres]:
    """A cluster in the folder, on a free port."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    initdb, postgres = (program(name, "postgresql", binaries) for name in ("initdb", "postgres"))
    (port,) = free_ports(1)
    user = "postgres" if os.geteuid() == 0 else None
    folder.mkdir()
    password = folder / "password"
    password.write_text(PASSWORDS["POSTGRES_PASSWORD"])
    if user:
        for path in (folder, password):
            shutil.chown(path, user)
    options = ["--username", "postgres", "--auth", "scram-sha-256", "--pwfile", str(password), "--no-sync"]
    as_user = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] if user else []
    subprocess.run([*as_user, initdb, "-D", folder / "data", *options], check=True, capture_output=True, cwd=folder)
    command = [postgres, "-D", str(folder / "data"), "-p", str(port), "-h", "127.0.0.1", "-k", ""]
    server = Server(
        command, lambda: port_answers("127.0.0.1", port), folder / "log", user=user, stop_signal=signal.SIGINT
    )
    with running(server):
        made = Postgres(port, server)
        made.initialise()
        yield made
