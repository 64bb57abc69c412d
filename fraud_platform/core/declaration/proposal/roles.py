"""Which column is the transaction's id, its key, its time, its amount and its label: by name, then by content."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fraud_platform.core.declaration.labels import FRAUD, label_text
from fraud_platform.core.declaration.proposal.paths import path_of
from fraud_platform.core.declaration.proposal.profile import Profile

_TRANSACTION = ("transaction_id", "trans_num", "trans_id", "tx_id", "txn_id", "auth_id", "payment_id", "order_id", "id")
_KEY = (
    *("cc_num", "card_number", "card_num", "card_id", "pan_hash", "pan", "card_hash", "card", "card1"),
    *("account_id", "account", "customer_id", "customer", "cust_id", "client_id", "client", "user_id", "user"),
    *("sender_id", "sender", "name_orig", "payer", "name_dest"),
)
_TIME = (
    *("event_time", "tx_datetime", "trans_date_trans_time", "transaction_time", "transaction_date", "datetime"),
    *("timestamp", "ts", "event_time_ms", "time", "date", "created_at", "at", "transaction_dt", "step", "unix_time"),
)
_AMOUNT = ("amount", "tx_amount", "transaction_amount", "transaction_amt", "amt", "value", "price", "total", "betrag")
_LABEL = (
    *("is_fraud", "isfraud", "tx_fraud", "fraud", "fraud_flag", "fraud_label", "is_fraudulent", "fraudulent"),
    *("chargeback", "is_chargeback", "is_laundering", "label", "target", "class", "y"),
)
_REPORTED = ("reported_at", "reported", "report_date", "chargeback_date", "chargeback_at", "fraud_date")
_PARTS = ("year", "month", "day")
_CLOCK = {"time": "%H:%M", "hour": "%H"}
_NO_TIME_OF_TRANSACTION = re.compile(r"birth|dob|open|expir|report|chargeback|signup|regist")
_UNITS = {10: "s", 13: "ms", 16: "us", 19: "ns"}
_SECONDS = ("time", "transaction_dt", "seconds")


@dataclass
class Roles:
    """Column of each role; None where none was found. The comments say what is not sure."""

    label: str
    transaction: str | None = None
    key: str | None = None
    amount: str | None = None
    reported: str | None = None
    time: tuple[str, ...] = ()
    """Several where the parts of a time stand apart."""
    comments: dict[str, str] = field(default_factory=dict)
    """Role → what is not sure."""


def words_of(column: str) -> str:
    """The name in small letters with _ between words.

    >>> words_of("TransactionDT"), words_of("Is Fraud?"), words_of("card.pan_hash")
    ('transaction_dt', 'is_fraud', 'card_pan_hash')
    """
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", column)
    return re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")


def label_of(profiles: Mapping[str, Profile]) -> str | None:
    """The column that says fraud; None where no name says so."""
    return _named(profiles, _LABEL, lambda profile: not profile.has_many and 1 <= profile.distinct <= 5)


def values_of_label(profile: Profile) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """What stands for fraud and for legitimate, where the values are not the usual ones: the rarer is fraud.

    None where they are.
    """
    if profile.is_flag:
        return None
    texts = {label_text(text): text for text in profile.values}
    counts = profile.values

    def how_likely(text: str) -> tuple[bool, int]:
        return label_text(text) not in FRAUD[1:] and "fraud" not in label_text(text), counts[text]  # 1 may be either

    ordered = sorted(texts.values(), key=how_likely)
    return (ordered[0],), tuple(ordered[1:]) or ("0",)


def roles_of(profiles: Mapping[str, Profile], label: str) -> Roles:
    """The roles of all columns but the label to which a path leads."""
    others = {name: one for name, one in profiles.items() if name != label and path_of(name, "") is not None}
    roles = Roles(label)
    roles.reported = _named(others, _REPORTED, lambda profile: True)
    others.pop(roles.reported or "", None)
    roles.transaction = _named(
        others, _TRANSACTION, lambda profile: profile.has_many or profile.distinct == profile.known
    )
    others.pop(roles.transaction or "", None)
    roles.time = _time(others, roles)
    others = {name: profile for name, profile in others.items() if name not in roles.time}
    roles.amount = _named(others, _AMOUNT, lambda profile: profile.is_number and not profile.empty)
    others.pop(roles.amount or "", None)
    roles.key = _named({name: one for name, one in others.items() if not is_time(one)}, _KEY, _may_be_key)
    if roles.key is not None:
        roles.comments["key"] = "not sure: whose transactions come in order, by its name"
    return roles


def _may_be_key(profile: Profile) -> bool:
    # Cards that are numbered within a customer are few, whatever the number of rows.
    is_many = profile.has_many or profile.distinct > max(1, min(20, profile.rows // 50))
    return not profile.empty and is_many and profile.repeats and profile.longest <= 64 and profile.places == 0


def _named(profiles: Mapping[str, Profile], names: Iterable[str], fits: Callable[[Profile], bool]) -> str | None:
    """The column whose name stands first among these, whole before in part."""
    words = {column: words_of(column) for column, profile in profiles.items() if fits(profile)}
    wanted = list(names)
    for name in wanted:
        if found := next((column for column, word in words.items() if word == name), None):
            return found
    long = [name for name in wanted if len(name) > 3]
    for pattern in (r"(^|_){}$", r"^{}_"):
        for name in long:
            if found := next((column for column, word in words.items() if re.search(pattern.format(name), word)), None):
                return found
    return None


def _time(profiles: Mapping[str, Profile], roles: Roles) -> tuple[str, ...]:
    words = {words_of(column): column for column in profiles}
    if all(part in words for part in _PARTS):
        clock = next((part for part in _CLOCK if part in words), None)
        return tuple(words[part] for part in (*_PARTS, *([clock] if clock else [])))
    usable = {
        name: profile
        for name, profile in profiles.items()
        if not profile.empty and not _NO_TIME_OF_TRANSACTION.search(words_of(name))
    }
    times = {name: profile for name, profile in usable.items() if is_time(profile)}
    if found := _named(times, _TIME, lambda profile: True) or next(iter(times), None):
        return (found,)
    numbers = {name: profile for name, profile in usable.items() if profile.is_whole and profile.least >= 0}
    found = _named(numbers, _TIME, lambda profile: True)
    return (found,) if found else ()


def is_time(profile: Profile) -> bool:
    """Whether its values are times, not counts of anything."""
    is_text = bool(profile.formats) and not profile.is_number
    return profile.is_time or (bool(profile.known) and (profile.has_offsets or is_text))


def time_options(roles: Roles, profiles: Mapping[str, Profile]) -> tuple[dict[str, object], str]:
    """Options of the field with role time, and what is not sure of it."""
    if len(roles.time) > 1:
        clock = _CLOCK[words_of(roles.time[3])] if len(roles.time) > 3 else ""
        form = " ".join(["%Y %m %d", *([clock] if clock else [])])
        return {"members": list(roles.time), "format": form, "zone": "UTC"}, "not sure: the zone"
    profile = profiles[roles.time[0]]
    if is_time(profile):
        return time_of(profile)
    if unit := _UNITS.get(len(str(int(profile.most)))):
        return {"unit": unit}, f"not sure: {unit} since 1970"
    unit = "s" if words_of(profile.name) in _SECONDS else "h"
    told = f"not sure: {unit} since a day that the file does not tell"
    return {"unit": unit, "epoch": "2024-01-01T00:00:00Z"}, told


def time_of(profile: Profile) -> tuple[dict[str, object], str]:
    """Options of a column whose values are times."""
    if profile.has_offsets or (profile.is_time and not profile.is_naive_time):
        return {}, ""
    forms = profile.formats
    if profile.is_time or any(form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f") for form in forms):
        return {"zone": "UTC"}, "not sure: the zone"
    zone = {} if "%z" in forms[0] else {"zone": "UTC"}
    if len(forms) > 1 and "%m" in forms[0]:
        return {"format": forms[0], **zone}, f"not sure: day and month cannot be told apart; or format: '{forms[1]}'"
    return {"format": forms[0], **zone}, "not sure: the zone"
