"""What a person sees of messages with personal fields, in a process that has such a declaration."""

import json

from fraud_platform.messages.personal import is_personal, masked, masked_key, masked_message

MESSAGE = {"auth_id": "T1", "card": {"pan_hash": "pan-0123456789", "bin": "411111"}, "amount": 1}

if __name__ == "__main__":
    told = {
        "message": json.loads(masked_message(json.dumps(MESSAGE).encode()) or b""),
        "unreadable": (masked_message(b'{"card": {"pan_hash": "pan-0123456789"') or b"").decode(),
        "without": json.loads(masked_message(b'{"card": null}') or b""),
        "nothing": masked_message(None),
        "key": masked_key("pan-0123456789"),
        "personal": [is_personal("card"), is_personal("amount")],
        "short": masked("Ada"),
    }
    print(json.dumps(told))
