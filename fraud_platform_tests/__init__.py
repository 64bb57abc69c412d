import pytest

# Their assertions show values, as those of tests do.
pytest.register_assert_rewrite("fraud_platform_tests.support")
