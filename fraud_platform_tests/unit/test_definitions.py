"""Every Dagster process loads the definitions, and each run starts with that: what only a training needs stays out."""

import subprocess
import sys

HEAVY = ("sklearn", "imblearn", "matplotlib", "mlflow", "pyspark", "dagster_webserver")
PROGRAM = f"import sys, fraud_platform.definitions; print(*[m for m in {HEAVY!r} if m in sys.modules])"


def test_loading_the_definitions_loads_no_library_of_training():
    loaded = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
