"""In a folder that chaos runs put on PYTHONPATH: the sink waits at a moment, so that a kill lands in it.

A file named after the moment asks for it; `<moment>.reached` answers. TRANSACTION_TIMEOUT_MS shortens Kafka's
patience with a scorer that stands still.
"""

import os
import sys
import time
from pathlib import Path

_folder = Path(os.environ["PAUSE_FOLDER"])


def _pause(moment: str) -> None:
    asked = _folder / moment
    if asked.exists():
        (_folder / f"{moment}.reached").touch()
        while asked.exists():
            time.sleep(0.01)


def _install() -> None:
    from streaming.output import sink
    from streaming.output.sink import TransactionalSink

    sink.TRANSACTION_TIMEOUT_MS = int(os.environ.get("TRANSACTION_TIMEOUT_MS", sink.TRANSACTION_TIMEOUT_MS))
    write, produce = TransactionalSink.write, TransactionalSink._produce
    in_batch = []

    def pausing_write(self, *batch):
        _pause("before-output")
        in_batch.append(True)
        write(self, *batch)
        in_batch.clear()
        _pause("after-commit")

    def pausing_produce(self, messages):
        produce(self, messages)
        if in_batch:
            self._producer.flush(10)
            _pause("after-flush")

    TransactionalSink.write, TransactionalSink._produce = pausing_write, pausing_produce


if any(word.startswith("streaming") or word.endswith("chaos.writer") for word in sys.orig_argv):
    _install()
