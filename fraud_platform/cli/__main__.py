"""`python -m fraud_platform.cli`: the `fraud` command where its script is not on PATH."""

from fraud_platform.cli.main import app

app(prog_name="fraud")
