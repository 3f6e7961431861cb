import subprocess

import pytest

from bench.devices import nvidia


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        (
            "1980, 1980, 0x0000000000000001, Enabled, 33, 0, 570.86.15\n",
            {
                "gpu_clock_mhz": 1980,
                "gpu_clock_max_mhz": 1980,
                "gpu_temperature": 33,
                "gpu_busy": 0.0,
                "gpu_driver": "570.86.15",
                "gpu_persistence": True,
                "gpu_throttle": [],
            },
        ),
        (
            "1200, 1980, 0x0000000000000024, Disabled, 87, 100\n",
            {
                "gpu_clock_mhz": 1200,
                "gpu_clock_max_mhz": 1980,
                "gpu_temperature": 87,
                "gpu_busy": 1.0,
                "gpu_persistence": False,
                "gpu_throttle": ["power cap", "software thermal"],
            },
        ),
        ("[N/A], [N/A], [N/A], [N/A], 41, [N/A]\n", {"gpu_temperature": 41}),
        ("", {}),
    ],
)
def test_the_driver_s_line_is_read_and_what_it_does_not_know_left_out(line, facts):
    assert nvidia.parse(line) == facts


def test_without_nvidia_smi_there_are_no_facts(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", missing)

    assert nvidia.driver_facts("0") == {}
