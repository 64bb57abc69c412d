"""How a driver says that no restart is of use."""

FINAL_EXIT_CODE = 2
"""Of a driver whose error no restart mends: its settings, its declaration, its login, its checkpoint."""
