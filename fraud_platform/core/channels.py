"""How a card is used."""

from typing import Literal, get_args

Channel = Literal["chip", "contactless", "online", "atm"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
"""Their order gives the codes that the scorer's state holds: a new one comes last."""
