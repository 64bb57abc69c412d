"""A figure as PNG bytes."""

import io

from matplotlib.figure import Figure


def png(figure: Figure) -> bytes:
    """At 120 dots an inch."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()
