"""Settings of a test's own, and of a stack of its own."""

from collections.abc import Callable
from pathlib import Path

from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings
from fraud_platform_tests.support.ports import free_ports

SettingsFactory = Callable[..., Settings]


def stack_settings(folder: Path, **overrides: object) -> Settings:
    """Settings of a stack in the folder, on ports that are free now; jars are the checkout's."""
    kafka, mlflow, dagster, spark_ui = free_ports(4)
    values = {
        "data_dir": folder / "data",
        "log_dir": folder / "logs",
        "jars_dir": PROJECT_ROOT / ".jars",
        "kafka_broker": f"127.0.0.1:{kafka}",
        "mlflow_tracking_uri": f"http://127.0.0.1:{mlflow}",
        "dagster_url": f"http://127.0.0.1:{dagster}",
        "spark_ui_port": spark_ui,
        "metrics_port": spark_ui + 1,
        **overrides,
    }
    return Settings(_env_file=None, **values)
