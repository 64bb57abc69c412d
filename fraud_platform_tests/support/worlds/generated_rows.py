"""A few thousand labelled rows in the format of a declared world, whose frauds a model can find."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from fraud_platform_tests.support.public_files import ROWS

CARD_AUTHORISATIONS = Path(__file__).with_name("card_authorisations.yaml")
ADDED_FIELD = "  device_score: {type: number, path: device.score, optional: true}\n"
ADDED_FEATURES = """\
  - {value: device_score}
  - {mean: amount, per: card, over: 1d}
  - {max: amount, per: card, over: 7d}
  - {distinct: merchant, per: card, over: 1d}
  - {velocity: {}, per: merchant, over: 1h}
"""
_AUTHORISATION = {
    "card.bin": "411111",
    "card.product": "gold",
    "card.opened": "03/02/2021",
    "merchant.city": "Ulm",
    "merchant.mcc": "5411",
    "merchant.position.lat": "48.4",
    "merchant.position.lon": "9.98",
    "tip": "",
    "currency": "EUR",
    "balance": "812.5",
    "flags.pin": "true",
    "flags.recurring": "",
    "device.ip": "192.0.2.1",
    "device.score": "0.25",
    "shop_note": "not declared",
}

START = pd.Timestamp("2026-05-01")
FRAUD_SHARE = 0.04
Columns = dict[str, Sequence[str]]


@dataclass(frozen=True)
class Shape:
    """What of a row varies, and how it is written."""

    time: Callable[[pd.DatetimeIndex], Columns]
    amount: str
    label: str
    codes: Mapping[str, str]
    """Column of ids → how the n-th is written."""
    number: str | None = None
    """Column with the id of the transaction."""
    flags: tuple[str, str] = ("0", "1")
    written: str = "{:.2f}"
    """How an amount is written."""
    numbers: Sequence[str] = field(default_factory=tuple)
    """Columns of numbers that frauds have larger."""
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Column of categories → its values, the last of which most frauds have."""


def _text(name: str, pattern: str) -> Callable[[pd.DatetimeIndex], Columns]:
    return lambda times: {name: list(times.strftime(pattern))}


def _since_start(name: str, seconds: int) -> Callable[[pd.DatetimeIndex], Columns]:
    return lambda times: {name: [str(int((at - START).total_seconds() // seconds)) for at in times]}


def _members(times: pd.DatetimeIndex) -> Columns:
    patterns = {"Year": "%Y", "Month": "%-m", "Day": "%-d", "Time": "%H:%M"}
    return {name: list(times.strftime(pattern)) for name, pattern in patterns.items()}


SHAPES = {
    "handbook": Shape(
        time=_text("TX_DATETIME", "%Y-%m-%d %H:%M:%S"),
        amount="TX_AMOUNT",
        label="TX_FRAUD",
        number="TRANSACTION_ID",
        codes={"CUSTOMER_ID": "{}", "TERMINAL_ID": "{}"},
    ),
    "sparkov": Shape(
        time=_text("trans_date_trans_time", "%Y-%m-%d %H:%M:%S"),
        amount="amt",
        label="is_fraud",
        number="trans_num",
        codes={"cc_num": "40{:014}", "merchant": "fraud_{}"},
        choices={"category": ("grocery_pos", "gas_transport", "misc_net", "shopping_net")},
    ),
    "paysim": Shape(
        time=_since_start("step", 3600),
        amount="amount",
        label="isFraud",
        codes={"nameDest": "C{}", "nameOrig": "C9{}"},
        choices={"type": ("PAYMENT", "CASH_IN", "CASH_OUT", "TRANSFER")},
    ),
    "ieee_cis": Shape(
        time=_since_start("TransactionDT", 1),
        amount="TransactionAmt",
        label="isFraud",
        number="TransactionID",
        codes={"card1": "{}", "addr1": "{}.0", "card2": "{}.0"},
        written="{:.3f}",
        choices={"P_emaildomain": ("gmail.com", "", "yahoo.com", "mail.com"), "ProductCD": ("W", "H", "R", "C")},
    ),
    "tabformer": Shape(
        time=_members,
        amount="Amount",
        label="Is Fraud?",
        flags=("No", "Yes"),
        codes={"User": "{}", "Merchant Name": "-35{}"},
        written="${:.2f}",
        choices={"MCC": ("5300", "5411", "4829"), "Use Chip": ("Swipe Transaction", "Online Transaction")},
    ),
    "ulb": Shape(
        time=_since_start("Time", 1),
        amount="Amount",
        label="Class",
        codes={},
        numbers=("V4", "V11", "V14"),
    ),
    "card_authorisations": Shape(
        time=_text("at", "%Y-%m-%dT%H:%M:%S+00:00"),
        amount="amount",
        label="chargeback",
        number="auth_id",
        codes={"card.pan_hash": "pan{:06}", "merchant.id": "M{}", "merchant.terminal": "TERM{}"},
        choices={"entry_mode": ("chip", "contactless", "ecom"), "currency": ("EUR", "EUR", "USD")},
    ),
}
"""Declaration → its rows. All other columns have the value of the public file's row."""


def generated_rows(world: str, rows: int = 4_000, days: int = 40, seed: int = 5) -> pd.DataFrame:
    """Texts by column, in the order of time."""
    shape, rng = SHAPES[world], np.random.default_rng(seed)
    times = START + pd.to_timedelta(np.sort(rng.integers(0, days * 86_400, rows)), unit="s")
    is_fraud = rng.random(rows) < FRAUD_SHARE
    amounts = np.round(rng.gamma(2, 25, rows) * np.where(is_fraud, 4, 1), 2)
    columns: Columns = {
        name: [value] * rows for name, value in (ROWS | {"card_authorisations": _AUTHORISATION})[world].items()
    }
    columns |= shape.time(pd.DatetimeIndex(times))
    columns[shape.amount] = [shape.written.format(amount) for amount in amounts]
    columns[shape.label] = [shape.flags[int(fraud)] for fraud in is_fraud]
    for size, (name, pattern) in zip((150, 40, 40), shape.codes.items(), strict=False):
        columns[name] = [pattern.format(code) for code in rng.integers(1, size, rows)]
    if shape.number:
        columns[shape.number] = [f"T{number}" for number in range(rows)]
    for name in shape.numbers:
        columns[name] = [f"{number:.6f}" for number in rng.normal(0, 1, rows) + 3 * is_fraud]
    for name, values in shape.choices.items():
        usual = np.array(values, object)[rng.integers(0, len(values), rows)]
        columns[name] = list(np.where(is_fraud & (rng.random(rows) < 0.8), values[-1], usual))
    return pd.DataFrame(columns)


def with_a_field_and_five_features(declaration: str) -> str:
    """The text of card_authorisations.yaml with lines added among its fields and at its end."""
    fields, labels = declaration.split("\nlabels:")
    return f"{fields}{ADDED_FIELD}\nlabels:{labels}{ADDED_FEATURES}"
