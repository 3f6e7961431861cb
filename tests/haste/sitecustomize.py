"""Imported as Python starts where PYTHONPATH names this folder."""

import haste  # noqa: F401 - for what it does
