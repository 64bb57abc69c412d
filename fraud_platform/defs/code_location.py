"""What the definitions themselves take from the settings: the first day, the label delay, the launchpad's defaults."""

from fraud_platform.settings import load_settings

SETTINGS = load_settings()
"""Read at import, here and only here: partitions and configuration schemas are built while the code loads."""
