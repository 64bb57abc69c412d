"""Columns as fields: the type that all their values have, with options that let every one of them pass."""

import re
from dataclasses import dataclass, field
from typing import Any

from fraud_platform.core.declaration import reserved
from fraud_platform.core.declaration.proposal.profile import Profile
from fraud_platform.core.declaration.proposal.roles import time_of, words_of

MOST_LENGTH, USUAL_LENGTH = 256, 64
MOST_PLACES = 8
_FEW = 200
"""Distinct values of a category, at most."""
_CODE = re.compile(r"(^|_)(mcc|zip|zipcode|postcode|code|bin|type|category|class|region|city|state)(_|$|\d)")
_ID = re.compile(
    r"(^|_)(id|num|number|hash|uuid|device|account|merchant|terminal|shop|card|customer|user)(_|$|\d)|^name_"
)
_ENTITY = re.compile(r"(^|_)(merchant|terminal|shop|device|ip|receiver|payee|mcc|seller)(_|$)|name_dest")
_PERSONAL = re.compile(r"(^|_)(cc_num|pan|pan_hash|card_number|card_num|email|phone|iban)(_|$)")
_DEGREES = {"latitude": re.compile(r"(^|_)(lat|latitude)$"), "longitude": re.compile(r"(^|_)(lon|lng|long|longitude)$")}


@dataclass
class Proposed:
    """One field of a declaration."""

    name: str
    type: str
    options: dict[str, Any] = field(default_factory=dict)
    comment: str = ""

    @property
    def role(self) -> str | None:
        role: str | None = self.options.get("role")
        return role


def field_name(column: str, taken: set[str]) -> str:
    """A name that a field may have, and that no other has."""
    name = words_of(column) or "column"
    name = f"c_{name}" if not name[0].isalpha() else name
    name = name[:55]
    while name in reserved.FIELDS or name in reserved.FEATURES - {"transaction_id", "customer_id"} or name in taken:
        name += "_of_file" if not name.endswith("_of_file") else "_2"
    return name


def field_of(profile: Profile, name: str) -> Proposed | str:
    """The field of a column without a role, or why there is none."""
    words, optional = words_of(profile.name), {"optional": True} if profile.empty else {}
    if not profile.known:
        return "empty"
    if profile.is_constant:
        return "constant"
    if profile.has_far_times:
        return "times before 1970 or after 2099"
    found = _special(profile, name, words) or _number_or_text(profile, name, words)
    if isinstance(found, str):
        return found
    if found.type in ("id", "category", "ip") and _ENTITY.search(words):
        found.options["entity"] = True
    found.options |= personal(profile.name) | optional
    return found


def amount_of(profile: Profile, name: str) -> Proposed:
    """The field with role amount."""
    if profile.places > MOST_PLACES:
        return Proposed(name, "number", {"role": "amount"}, f"not sure: some have {profile.places} decimal places")
    options: dict[str, Any] = {"role": "amount", "scale": max(profile.places, 2)}
    if profile.sign and profile.is_sign_before:
        options["prefix"] = profile.sign
    if profile.least >= 0:
        return Proposed(name, "decimal", options | {"min": 0}, "not sure: none is negative")
    return Proposed(name, "decimal", options)


def personal(column: str) -> dict[str, bool]:
    """The option of columns that name a person or a card."""
    return {"personal": True} if _PERSONAL.search(words_of(column)) else {}


def id_options(profile: Profile) -> dict[str, Any]:
    """Room for the longest."""
    if profile.longest <= USUAL_LENGTH:
        return {}
    return {"max_length": 128 if profile.longest <= 128 else MOST_LENGTH}


def _special(profile: Profile, name: str, words: str) -> Proposed | None:
    """What the values themselves tell, or with the name."""
    if profile.is_number and not profile.has_zeros_before:
        for kind, pattern in _DEGREES.items():
            most = 90 if kind == "latitude" else 180
            if pattern.search(words) and -most <= profile.least <= profile.most <= most:
                return Proposed(name, kind)
    if profile.is_ip and "." in next(iter(profile.values)):
        return Proposed(name, "ip")
    if profile.is_flag and not profile.has_many and profile.distinct == 2:
        return Proposed(name, "boolean")
    if profile.is_time or (not profile.is_number and (profile.has_offsets or profile.formats)):
        options, comment = time_of(profile)
        return Proposed(name, "timestamp", options, comment)
    return None


def _number_or_text(profile: Profile, name: str, words: str) -> Proposed | str:
    if profile.longest > MOST_LENGTH:
        return f"text of up to {profile.longest:,} characters"
    if not profile.is_plain:
        return "text with characters that do not print"
    is_code = profile.has_zeros_before or _CODE.search(words) or _ID.search(words)
    if profile.is_number and not (is_code and profile.places == 0):
        return Proposed(name, "number", comment="not sure: a number or a code" if profile.is_whole else "")
    if profile.has_many or profile.distinct > _FEW or (_ID.search(words) and not _CODE.search(words)):
        return Proposed(name, "id", id_options(profile))
    return Proposed(name, "category", id_options(profile))
