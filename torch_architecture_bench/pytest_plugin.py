"""The pytest plug-in as it is entered: that of the suite, or fixtures that say which folder is imported in its place.

Where a repository has a `bench` of its own, its tests run as if the suite was not installed.
"""

from collections.abc import Callable
from typing import Any

import pytest

from torch_architecture_bench import shadow_of

if _SHADOW := shadow_of("bench"):

    @pytest.fixture
    def bench_cell() -> Callable[..., Any]:
        """Refused: the suite is not what is imported."""
        return _refuse

    @pytest.fixture
    def bench_step() -> Callable[..., Any]:
        """Refused, likewise."""
        return _refuse

    def _refuse(*_: object, **__: object) -> None:
        pytest.fail(_SHADOW, pytrace=False)

else:
    from bench.pytest_plugin import bench_cell as bench_cell  # noqa: PLC0414 - pytest finds them by these names
    from bench.pytest_plugin import bench_step as bench_step  # noqa: PLC0414
    from bench.pytest_plugin import pytest_itemcollected as pytest_itemcollected  # noqa: PLC0414
