import subprocess

import pytest

from bench.devices import nvidia


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        (
            "1980, 1980, 0x0000000000000001, Enabled, 33, 0\n",
            {
                "gpu_clock_mhz": 1980,
                "gpu_clock_max_mhz": 1980,
                "gpu_temperature": 33,
                "gpu_busy": 0.0,
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


@pytest.fixture
def smi(monkeypatch):
    """nvidia-smi, which answers by the fields that it is asked for; what it does not know makes it fail."""
    answers, asked = {}, []

    def run(command, **_):
        place, fields = (word.partition("=")[2] for word in command[1:3])
        asked.append(place)
        if fields not in answers:
            raise subprocess.CalledProcessError(2, command)
        return subprocess.CompletedProcess(command, 0, stdout=answers[fields])

    monkeypatch.setattr(subprocess, "run", run)
    return answers, asked


@pytest.fixture
def version(tmp_path, monkeypatch):
    path = tmp_path / "version"
    monkeypatch.setattr(nvidia, "_VERSION", path)
    return path


def test_the_version_of_the_driver_hangs_on_no_field_that_it_may_not_know(smi, version):
    answers, asked = smi
    answers["driver_version"] = "580.159.04\n"
    assert nvidia.driver_facts("00000000:04:00.0") == {"gpu_driver": "580.159.04"}
    assert set(asked) == {"00000000:04:00.0"}


def test_the_version_of_the_driver_is_read_from_its_own_file_first(smi, version):
    version.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep\nGCC version: 12.3.0\n")
    assert nvidia.driver_facts("00000000:04:00.0") == {"gpu_driver": "580.95.05"}
    version.write_text("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\n")
    assert nvidia.driver_facts("00000000:04:00.0") == {"gpu_driver": "570.86.15"}


def test_without_nvidia_smi_there_are_no_facts(monkeypatch, version):
    def missing(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", missing)

    assert nvidia.driver_facts("0") == {}
