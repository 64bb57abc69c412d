"""Aliases along a version's way: it looks on, decides on a share of customers, decides on all of them."""

from typing import Final

CHALLENGER: Final = "challenger"
CANARY: Final = "canary"
CHAMPION: Final = "champion"
