"""What `fraud replay --check` would say of files under the declaration in force, without Kafka.

`python -m fraud_platform_tests.support.worlds.checked_replays FILE…` prints a line of JSON.
"""

import json
import sys
from pathlib import Path

from fraud_platform.feeding.file_check import check_file
from fraud_platform.feeding.replaying import Replay
from fraud_platform.settings import load_settings
from fraud_platform_tests.support.checked_file import NO_LIMITS

if __name__ == "__main__":
    asked = Replay(load_settings(), [Path(name) for name in sys.argv[1:]], None)
    check = check_file(asked._rows, asked._mapping, asked.period, NO_LIMITS, NO_LIMITS)
    print(json.dumps({"transactions": check.transactions, "frauds": check.frauds, "faults": check.fault_lines()}))
