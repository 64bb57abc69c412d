"""docs/metrics.md from the declared table: `python -m streaming.metrics.docs` prints it."""

from streaming.metrics.metrics import METRICS, Metric

INTRODUCTION = """\
# Metrics

<!-- Made from the declarations in streaming/metrics/metrics.py by `make docs`: do not edit. -->

What `http://BIND_HOST:METRICS_PORT/metrics` serves, in Prometheus' format. Counters and histograms of the driver
begin at 0 when it is started again, which `rate()` and `increase()` take care of. Rows a second are
`rate(fraud_scorer_transactions_total[1m])`. Dashboards are in docker/grafana, alert rules in docker/prometheus.

Latency is measured on live transactions only. History that is replayed carries the timestamps of its own day, and what
waited for over an hour says how long the scorer was away and not how fast it is: `fraud_scorer_lag_seconds` tells that.

| metric | type | unit | labels | meaning |
|---|---|---|---|---|
"""


def metrics_markdown() -> str:
    """The page: one row a metric, in the order of declaration."""
    return INTRODUCTION + "".join(map(_row, METRICS))


def _row(metric: Metric) -> str:
    labels = "; ".join(f"`{name}`: {_values(values)}" for name, values in metric.labels.items())
    return f"| `{metric.name}` | {metric.type} | {metric.unit} | {labels} | {metric.meaning} |\n"


def _values(values: tuple[str, ...] | str) -> str:
    return values if isinstance(values, str) else ", ".join(values)


if __name__ == "__main__":
    print(metrics_markdown(), end="")
