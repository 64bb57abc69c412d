"""What a scorer's /metrics page says."""

from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from fraud_platform.settings import Settings


def scraped(settings: Settings, name: str) -> float | None:
    """Sum of a metric over its labels; None where the page, or the metric on it, is not there."""
    try:
        with urlopen(f"http://127.0.0.1:{settings.metrics_port}/metrics", timeout=5) as page:
            families = list(text_string_to_metric_families(page.read().decode()))
    except OSError:
        return None
    values = [sample.value for family in families for sample in family.samples if sample.name == name]
    return sum(values) if values else None
