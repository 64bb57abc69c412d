"""Tests that `make test` leaves to `make test-long`: they take minutes each."""

import os

import pytest

LONG = "LONG_TESTS" in os.environ
long_test = pytest.mark.skipif(not LONG, reason="runs in make test-long")
