"""procfs: what the system's own files tell about the machine that decides a time. Needs no torch; reads Linux alone.

Every reader takes the root of the file tree, and gives None (or nothing) for what the machine does not tell.
"""

import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path("/")
_FLAT_CLOCKS = 100  # the kernel counts CPU time in hundredths of a second where sysconf does not say


def cgroup_quota(root: Path = ROOT) -> float | None:
    """Cores' worth of CPU time the cgroup grants, of version 2 or 1; None where there is no limit."""
    quotas = [*_quotas_v2(root), *_quotas_v1(root)]
    return min(quotas) if quotas else None


def _quotas_v2(root: Path) -> Iterator[float]:
    """The limits of the process's own cgroup and of those around it."""
    for place in _cgroups(root, root / "sys/fs/cgroup", ""):
        quota, _, period = (_text(place / "cpu.max") or "").partition(" ")
        if quota.isdigit() and period.isdigit():
            yield int(quota) / int(period)


def _cgroups(root: Path, mount: Path, controller: str) -> Iterator[Path]:
    """The folders of the process's own cgroup and of those around it; of version 1 those of a controller."""
    lines = (line.split(":", 2) for line in _lines(root / "proc/self/cgroup") if line.count(":") >= 2)
    own = next((path for _, controllers, path in lines if controllers == controller), "/")
    folder = mount / own.strip("/")
    yield from (place for place in (folder, *folder.parents) if place.is_relative_to(mount))


def _quotas_v1(root: Path) -> Iterator[float]:
    folder = root / "sys/fs/cgroup/cpu"
    quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
    if quota and period and quota > 0:
        yield quota / period


def usable_cores() -> int:
    """Cores this process may use: its affinity, and the cgroup's quota where there is one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroup_quota()
    return max(1, min(cores, int(quota))) if quota else cores


def cpu_model(root: Path = ROOT) -> str | None:
    """The processor's name as the system gives it."""
    named = (line.split(":", 1)[1].strip() for line in _lines(root / "proc/cpuinfo") if line.startswith("model name"))
    return next(named, None) or platform.processor() or None


def gpu_models(root: Path = ROOT) -> tuple[str, ...]:
    """The names of NVIDIA's GPUs as their driver gives them, sorted by bus; none where there is no such driver."""
    files = sorted((root / "proc/driver/nvidia/gpus").glob("*/information"))
    models = (line.split(":", 1)[1].strip() for file in files for line in _lines(file) if line.startswith("Model:"))
    return tuple(models)


def throttled(root: Path = ROOT) -> int | None:
    """How often the cgroup has been stopped for having spent its quota."""
    lines = [*_lines(root / "sys/fs/cgroup/cpu.stat"), *_lines(root / "sys/fs/cgroup/cpu/cpu.stat")]
    return next((int(line.split()[1]) for line in lines if line.startswith("nr_throttled ")), None)


def cpu_flags(root: Path = ROOT) -> frozenset[str]:
    """The processor's features; empty where it does not list them by these names."""
    lines = _lines(root / "proc/cpuinfo")
    return frozenset(next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), []))


def virtualization(root: Path = ROOT) -> str | None:
    """What virtual machine this is, "none" on bare metal, None where nothing tells."""
    flags = cpu_flags(root)
    dmi = [_text(root / "sys/class/dmi/id" / name) for name in ("sys_vendor", "product_name")]
    name = " ".join(part for part in dmi if part)
    if "hypervisor" in flags:
        return name or "a hypervisor that gives no name"
    return "none" if flags else None


def container(root: Path = ROOT) -> str | None:
    """What container this process is in, or None."""
    for path, name in ((".dockerenv", "docker"), ("run/.containerenv", "podman")):
        if (root / path).exists():
            return name
    group = _text(root / "proc/1/cgroup") or ""
    return next((name for name in ("docker", "kubepods", "containerd", "lxc") if name in group), None)


def governor(root: Path = ROOT) -> str | None:
    """Who sets the clock of the cores: governor and driver, such as "performance (intel_pstate)"."""
    governors: dict[str, None] = {}
    for folder in sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq")):
        name, driver = _text(folder / "scaling_governor"), _text(folder / "scaling_driver")
        if name:
            governors[f"{name} ({driver})" if driver else name] = None
    return ", ".join(governors) or None


def turbo(root: Path = ROOT) -> bool | None:
    """Whether cores may run above their nominal clock."""
    folder = root / "sys/devices/system/cpu"
    never, boost = _number(folder / "intel_pstate/no_turbo"), _number(folder / "cpufreq/boost")
    if never is not None:
        return not never
    return None if boost is None else bool(boost)


def power_source(root: Path = ROOT) -> str | None:
    """Where the power comes from: "battery" while one discharges, else "mains"; None where nothing tells."""
    folder = root / "sys/class/power_supply"
    if not folder.is_dir():
        return None
    batteries = [one for one in folder.iterdir() if _text(one / "type") == "Battery"]
    return "battery" if any(_text(one / "status") == "Discharging" for one in batteries) else "mains"


def memory(root: Path = ROOT) -> dict[str, int]:
    """Bytes: `memory_available` and `swap_used`."""
    sizes = {
        name: int(rest.split()[0]) * 1024
        for name, _, rest in (line.partition(":") for line in _lines(root / "proc/meminfo"))
        if rest.split()
    }
    sums = {}
    if "MemAvailable" in sizes:
        sums["memory_available"] = sizes["MemAvailable"]
    if "SwapTotal" in sizes:
        sums["swap_used"] = sizes["SwapTotal"] - sizes.get("SwapFree", 0)
    return sums


def free_memory(root: Path = ROOT) -> float | None:
    """Bytes that can still be taken: what the system has available, or less where a cgroup leaves less."""
    left = [*_left(root, "", "memory.max", "memory.current", "inactive_file")]
    left += _left(root, "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    if (available := memory(root).get("memory_available")) is not None:
        left.append(available)
    return float(max(0, min(left))) if left else None


def _left(root: Path, controller: str, most: str, used: str, cached: str) -> Iterator[int]:
    """What each cgroup around this process leaves; pages of files that nobody uses count as left."""
    mount = root / "sys/fs/cgroup" / controller
    for place in _cgroups(root, mount, controller):
        limit, usage = _number(place / most), _number(place / used)
        if limit is not None and usage is not None:
            counts = (line.split() for line in _lines(place / "memory.stat"))
            yield limit - usage + next((int(count) for name, count in counts if name == cached), 0)


def huge_pages(root: Path = ROOT) -> str | None:
    """When memory comes in huge pages unasked: "always", "madvise" or "never"."""
    text = _text(root / "sys/kernel/mm/transparent_hugepage/enabled") or ""
    return next((word.strip("[]") for word in text.split() if word.startswith("[")), None)


def clock_source(root: Path = ROOT) -> str | None:
    """What the kernel reads the time from."""
    return _text(root / "sys/devices/system/clocksource/clocksource0/current_clocksource")


def preloaded(root: Path = ROOT) -> str | None:
    """The allocator that is mapped into this process in place of the C library's, if it is a known one."""
    mapped = _text(root / "proc/self/maps") or ""
    return next((name for name in ("jemalloc", "tcmalloc", "mimalloc") if name in mapped), None)


@dataclass(frozen=True, slots=True)
class Activity:
    """Counters of the whole system at one moment, all growing.

    Attributes:
        total: CPU seconds of all cores, idle ones included.
        steal: CPU seconds for which a core had work and the hypervisor ran something else.
        processes: name and CPU seconds by process id.
        parents: by process id, that of the process that started it.
        swapped: pages moved to and from swap.

    """

    total: float
    steal: float
    processes: dict[int, tuple[str, float]]
    swapped: int
    parents: Mapping[int, int] = field(default_factory=dict)


def activity(root: Path = ROOT) -> Activity | None:
    """What the system has done until now; None where it has no such files."""
    first = next(iter(_lines(root / "proc/stat")), "")
    if not first.startswith("cpu "):
        return None
    ticks = _ticks()
    times = [int(word) / ticks for word in first.split()[1:9]]  # user nice system idle iowait irq softirq steal
    processes = list(_processes(root, ticks))
    swapped = [line.split()[1] for line in _lines(root / "proc/vmstat") if line.startswith(("pswpin ", "pswpout "))]
    return Activity(
        total=sum(times),
        steal=times[7] if len(times) > 7 else 0.0,
        processes={pid: (name, seconds) for pid, _, name, seconds in processes},
        swapped=sum(map(int, swapped)),
        parents={pid: parent for pid, parent, _, _ in processes},
    )


def others(before: Activity, after: Activity, own: int) -> list[tuple[str, float]]:
    """Name with id and CPU seconds of each process that ran between two moments, the busiest first.

    The process `own` and what it started, and these in turn, are left out.
    """
    family = family_of(after.parents, own)
    spent = [
        (f"{name} ({pid})", seconds - before.processes[pid][1])
        for pid, (name, seconds) in after.processes.items()
        if pid not in family and pid in before.processes
    ]
    return sorted((one for one in spent if one[1] > 0), key=lambda one: -one[1])


def family_of(parents: Mapping[int, int], own: int) -> set[int]:
    """The process and all that descends from it; the parent of what was started outside of a container is 0."""
    family = {own}
    while more := {pid for pid, parent in parents.items() if parent and parent in family} - family:
        family |= more
    return family


def _processes(root: Path, ticks: float) -> Iterator[tuple[int, int, str, float]]:
    """Of each process its id, its parent, its name, and its user and system time: fields of proc_pid_stat(5)."""
    for path in (root / "proc").glob("[0-9]*/stat"):
        name, _, rest = (_text(path) or "").partition("(")[2].rpartition(")")
        words = rest.split()
        if len(words) > 12:  # else it has ended meanwhile
            yield int(path.parent.name), int(words[1]), name, (int(words[11]) + int(words[12])) / ticks


def _ticks() -> float:
    try:
        return os.sysconf("SC_CLK_TCK")
    except (ValueError, OSError, AttributeError):
        return _FLAT_CLOCKS


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip() or None
    except OSError:
        return None


def _lines(path: Path) -> list[str]:
    return (_text(path) or "").splitlines()


def _number(path: Path) -> int | None:
    try:
        return int(_text(path) or "")
    except ValueError:
        return None
