"""Values of personal fields are masked wherever a person reads a message."""

import json
import os
import subprocess
import sys

import pytest

from fraud_platform.messages.personal import masked_key, masked_message
from fraud_platform_tests.support.worlds.generated_rows import CARD_AUTHORISATIONS


@pytest.fixture(scope="module")
def told():
    command = [sys.executable, "-m", "fraud_platform_tests.support.worlds.personal"]
    environment = os.environ | {"DECLARATION": str(CARD_AUTHORISATIONS)}
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def test_a_personal_value_shows_its_last_characters_only(told):
    assert told["message"] == {"auth_id": "T1", "card": {"pan_hash": "…6789", "bin": "411111"}, "amount": 1}
    assert (told["key"], told["short"]) == ("…6789", "…")


def test_nothing_is_shown_of_a_message_that_cannot_be_read(told):
    assert "pan-" not in told["unreadable"] and "38 bytes" in told["unreadable"]


def test_a_message_without_the_value_stays(told):
    assert told["without"] == {"card": None} and told["nothing"] is None


def test_other_fields_are_not_personal(told):
    assert told["personal"] == [True, False]


def test_a_world_without_personal_fields_shows_all_as_it_is():
    assert masked_key("C-0123456789") == "C-0123456789" and masked_message(b"{no JSON") == b"{no JSON"
