"""The scorer's log is lines of its own, whatever it quotes."""

import io
import logging

import pytest

from fraud_platform_tests.support.hostile_text import HOSTILE, OBEYED
from streaming.process.log_lines import LONGEST, Lines


@pytest.fixture
def written() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines("%(levelname)s %(message)s"))
    log = logging.Logger("of the test")
    log.addHandler(handler)
    return log, stream


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_record_is_one_line(written, text):
    log, stream = written
    log.error("version %s refused: %s", 3, text)
    line, end = stream.getvalue().split("\n")
    assert line.startswith("ERROR version 3 refused: ") and end == ""
    assert not OBEYED.search(line) and len(line) < 10 * LONGEST


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_traceback_keeps_its_lines_and_nothing_in_them_is_obeyed(written, text):
    log, stream = written
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("failed")
    first, second, *_ = stream.getvalue().split("\n")
    assert first == "ERROR failed" and second == "Traceback (most recent call last):"
    assert not OBEYED.search(stream.getvalue())
