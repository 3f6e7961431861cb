import sys

import pytest

from bench.machine import procfs


def at(root, files):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, None),
        ({"sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "200000 100000\n"}, 2.0),
        (
            {
                "proc/self/cgroup": "0::/a\n",
                "sys/fs/cgroup/a/cpu.max": "400000 100000\n",
                "sys/fs/cgroup/cpu.max": "300000 100000\n",
            },
            3.0,
        ),
        ({"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
    ],
)
def test_the_quota_is_the_tightest_that_holds(tmp_path, files, quota):
    assert procfs.cgroup_quota(at(tmp_path, files)) == quota


V1 = "sys/fs/cgroup/memory"


@pytest.mark.parametrize(
    ("files", "left"),
    [
        ({}, None),
        ({"proc/meminfo": "MemAvailable: 1000 kB\n"}, 1_024_000),
        ({"sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "7\n"}, None),
        (
            {
                "proc/meminfo": "MemAvailable: 1000 kB\n",
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/memory.max": "5000\n",
                "sys/fs/cgroup/a/memory.current": "3000\n",
                "sys/fs/cgroup/a/memory.stat": "anon 1\ninactive_file 500\n",
            },
            2500,
        ),
        (
            {
                "proc/self/cgroup": "4:memory:/a\n0::/\n",
                f"{V1}/a/memory.limit_in_bytes": "900\n",
                f"{V1}/a/memory.usage_in_bytes": "1000\n",
                f"{V1}/memory.limit_in_bytes": "9223372036854771712\n",
                f"{V1}/memory.usage_in_bytes": "1000\n",
            },
            0,
        ),
    ],
)
def test_the_free_memory_is_the_least_that_the_system_or_a_cgroup_leaves(tmp_path, files, left):
    assert procfs.free_memory(at(tmp_path, files)) == left


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, None),
        ({"proc/cpuinfo": "flags\t\t: fpu avx2\n"}, "none"),
        ({"proc/cpuinfo": "flags\t\t: fpu hypervisor\n"}, "a hypervisor that gives no name"),
        (
            {
                "proc/cpuinfo": "flags\t\t: fpu hypervisor\n",
                "sys/class/dmi/id/sys_vendor": "QEMU\n",
                "sys/class/dmi/id/product_name": "Standard PC\n",
            },
            "QEMU Standard PC",
        ),
    ],
)
def test_a_virtual_machine_is_told_by_its_processor_and_named_by_its_board(tmp_path, files, found):
    assert procfs.virtualization(at(tmp_path, files)) == found


def test_each_governor_is_named_once(tmp_path):
    folder = "sys/devices/system/cpu"
    files = {f"{folder}/cpu{core}/cpufreq/scaling_governor": "powersave\n" for core in range(3)}
    files |= {f"{folder}/cpu{core}/cpufreq/scaling_driver": "intel_pstate\n" for core in range(3)}

    assert procfs.governor(tmp_path) is None
    assert procfs.governor(at(tmp_path, files)) == "powersave (intel_pstate)"


def test_turbo_is_read_from_either_driver(tmp_path):
    folder = "sys/devices/system/cpu"

    assert procfs.turbo(tmp_path) is None
    assert procfs.turbo(at(tmp_path, {f"{folder}/cpufreq/boost": "0\n"})) is False
    assert procfs.turbo(at(tmp_path, {f"{folder}/intel_pstate/no_turbo": "0\n"})) is True


def test_only_a_discharging_battery_is_the_power_source(tmp_path):
    assert procfs.power_source(tmp_path) is None
    battery = {"sys/class/power_supply/BAT0/type": "Battery\n", "sys/class/power_supply/BAT0/status": "Charging\n"}
    assert procfs.power_source(at(tmp_path, battery)) == "mains"
    assert procfs.power_source(at(tmp_path, {"sys/class/power_supply/BAT0/status": "Discharging\n"})) == "battery"


def test_memory_is_in_bytes(tmp_path):
    text = "MemTotal: 100 kB\nMemAvailable: 50 kB\nSwapTotal: 20 kB\nSwapFree: 15 kB\n"

    assert procfs.memory(tmp_path) == {}
    assert procfs.memory(at(tmp_path, {"proc/meminfo": text})) == {"memory_available": 51_200, "swap_used": 5_120}


def test_the_setting_of_huge_pages_is_the_bracketed_one(tmp_path):
    path = "sys/kernel/mm/transparent_hugepage/enabled"

    assert procfs.huge_pages(at(tmp_path, {path: "always [madvise] never\n"})) == "madvise"


def test_a_container_is_told_by_its_mark(tmp_path):
    assert procfs.container(tmp_path) is None
    assert procfs.container(at(tmp_path, {"run/.containerenv": ""})) == "podman"


def test_activity_counts_seconds_of_steal_and_of_each_process(tmp_path, monkeypatch):
    monkeypatch.setattr(procfs, "_ticks", lambda: 100)
    words = " ".join(["0"] * 10)

    def moment(steal, first, second):
        files = {
            "proc/stat": f"cpu  100 0 100 700 0 0 0 {steal} 0 0\ncpu0 1 2 3\n",
            "proc/vmstat": "pswpin 3\npswpout 4\n",
            "proc/7/stat": f"7 (a name) with (brackets) R {words} {first} 10 0\n",
            "proc/8/stat": f"8 (other) S {words} {second} 0 0\n",
        }
        return procfs.activity(at(tmp_path, files))

    before, after = moment(100, 100, 50), moment(200, 150, 250)

    assert (before.total, before.steal, before.swapped) == (10.0, 1.0, 7)
    assert after.steal - before.steal == 1.0
    assert procfs.others(before, after, own=7) == [("other (8)", 2.0)]
    assert procfs.others(before, after, own=0)[1] == ("a name) with (brackets (7)", 0.5)
    assert procfs.activity(tmp_path / "nowhere") is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_this_machine_s_own_files_are_read():
    found = procfs.activity()

    assert found.total > 0
    assert found.processes
    assert procfs.memory()["memory_available"] > 0
