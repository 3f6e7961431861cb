"""Rules: judge the facts of a machine: what is fit to measure on, what is doubtful, what that costs, what helps."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.machine.neighbours import Neighbours
from bench.plan.timing import BLOCK_SECONDS
from bench.stats.variance import share_of_cause
from bench.text import percent, plural, signed, tenths

Facts = Mapping[str, Any]
Verdict = tuple[str, str]

STATES = ("good", "noted", "doubtful", "unknown")

AA_LIMIT = 0.05  # two identical cells may differ by this much; the gate's own tolerance
OWN_SHARE = 0.95  # of a core, for a process that keeps it busy; timed blocks are flagged below the same
STEAL_LIMIT = 0.02  # of a core
FAULTS_LIMIT = 10  # a step; a process whose allocator is not pinned has 1,000, and the first blocks of any some
LEAST_MEMORY = 2**30  # bytes
TICKS = 10_000  # of the clock in a block
SLOW_CLOCKS = ("hpet", "acpi_pm", "jiffies", "refined-jiffies")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what.
        state: "good"; "noted", which spoils nothing but belongs to the record; "doubtful"; or "unknown".
        seen: what this machine shows.
        cost: what it costs when it is not good, with where that is known from.
        remedy: what to do then.

    """

    name: str
    state: str
    seen: str
    cost: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    cost: str
    remedy: str
    judge: Callable[[Facts], Verdict]


_RULES: list[_Rule] = []


def findings(facts: Facts) -> list[Finding]:
    """Every finding on the facts that `bench.doctor.diagnose` gathers; a fact that is absent makes it unknown."""
    return [*(_finding(rule, facts) for rule in _RULES), _openmp(facts), *_gpus(facts.get("gpus", {}))]


def is_fit(checked: list[Finding]) -> bool:
    """Whether nothing is doubtful."""
    return all(finding.state != "doubtful" for finding in checked)


def _finding(rule: _Rule, facts: Facts) -> Finding:
    try:
        state, seen = rule.judge(facts)
    except KeyError:
        state, seen = "unknown", "this machine does not report it"
    return Finding(rule.name, state, seen, rule.cost, rule.remedy)


def _rule(name: str, *, cost: str, remedy: str) -> Callable[[Callable[[Facts], Verdict]], None]:
    """Enrols a rule: it returns (state, what was seen), and lets a fact's KeyError pass."""
    return lambda judge: _RULES.append(_Rule(name, cost, remedy, judge))


def _good_if(fit: bool) -> str:
    return "good" if fit else "doubtful"


@_rule(
    "A/A pairs",
    cost="identical cells differ by this much, so no smaller difference can be told from chance",
    remedy="remove the other doubtful causes; else allow more with more repeats, or use a quieter machine",
)
def _pairs(facts: Facts) -> Verdict:
    ratios = facts["aa_log_ratios"]
    seen = ", ".join(signed(math.expm1(ratio)) for ratio in ratios)
    return _good_if(max(map(abs, ratios)) <= math.log1p(AA_LIMIT)), f"identical cells differed by {seen}"


@_rule(
    "memory layout",
    cost="where a process's memory lies moves its times, so that one process tells as little as its layout is usual",
    remedy="leave address space randomization on (sysctl kernel.randomize_va_space=2, no setarch -R)",
)
def _layout(facts: Facts) -> Verdict:
    alike, unlike = facts["alike_log_ratios"], facts["aa_log_ratios"]
    if facts.get("layout_drawn") is False:
        return "doubtful", "addresses are the same in every process: each time hangs on one layout"
    share = share_of_cause(alike, unlike)
    if share is None or share.low is None or share.high is None:
        return "good", "no pair of identical cells differed"
    bounds = f"{percent(share.low)} to {percent(share.high)}"
    pairs = f"{plural(len(unlike), 'pair')} whose layouts differ, {len(alike)} of one layout; --pairs 20 tells more"
    seen = f"explains {percent(share.value)} ({bounds}) of the variance between identical cells: {pairs}"
    return ("noted" if share.low > 0 else "good"), seen


@_rule(
    "own core",
    cost="every step that is interrupted takes longer; which ones is chance",
    remedy="stop other work on this machine, or reserve cores (taskset, --cpuset-cpus)",
)
def _own_core(facts: Facts) -> Verdict:
    share = facts["own_share"]
    return _good_if(share >= OWN_SHARE), f"a busy process got {tenths(share)} of its core"


@_rule(
    "other processes",
    cost="measured: two busy processes with 2 threads each on 2 cores ran up to 60 times slower",
    remedy="stop them, or wait until they are done",
)
def _others(facts: Facts) -> Verdict:
    busy, usable = facts["others"], facts["cores_usable"]
    others = Neighbours(busy, tuple(facts.get("busiest", ())))
    return _good_if(not others.are_busy(usable)), f"they {others.words(usable)}"


@_rule(
    "load average",
    cost="work that has just ended or is about to go on competes for cores and caches",
    remedy="wait a minute, then look again (uptime)",
)
def _load(facts: Facts) -> Verdict:
    load, cores = facts["load"], facts["cores"]
    return _good_if(load <= cores), f"{load:.2f} over the last minute, {cores} cores"


@_rule(
    "steal",
    cost="the hypervisor ran another machine while this one had work; times grow by that share, unevenly",
    remedy="a dedicated host or an instance that does not share its cores",
)
def _steal(facts: Facts) -> Verdict:
    return _good_if(facts["steal"] <= STEAL_LIMIT), f"{tenths(facts['steal'])} of a busy core over a second"


@_rule(
    "page faults",
    cost="measured: 1,000 to 1,600 faults a step made identical processes take 4.1 to 6.3 ms a step",
    remedy="leave MALLOC_MMAP_THRESHOLD_ and MALLOC_TRIM_THRESHOLD_ to bench, which sets them for its workers",
)
def _faults(facts: Facts) -> Verdict:
    return _good_if(facts["aa_faults"] <= FAULTS_LIMIT), f"{facts['aa_faults']:.2f} a step in the A/A pairs"


@_rule(
    "allocator",
    cost="measured: with glibc's default, identical processes differed by up to half, and were 1.4 times slower",
    remedy="unset LD_PRELOAD and the MALLOC_ variables, so that bench can set glibc's for its workers",
)
def _allocator(facts: Facts) -> Verdict:
    states = {"glibc, pinned": "good", "glibc, not pinned": "doubtful"}
    return states.get(facts["allocator"], "noted"), f"workers use {facts['allocator']}"


@_rule(
    "cores",
    cost="once the quota of a period (0.1 s) is spent, every thread stands still until the next one",
    remedy="give whole cores instead of a quota (docker run --cpuset-cpus, taskset)",
)
def _cores(facts: Facts) -> Verdict:
    quota, affinity = facts.get("cpu_quota"), facts["cores_affinity"]
    seen = f"{facts['cores_usable']} usable of {facts['cores']}"
    if quota is None or quota >= affinity:
        return "good", seen
    stopped = facts.get("throttled", 0)
    seen += f"; a quota of {quota:g} over {affinity} cores" + (
        f", stopped {plural(stopped, 'time')} in a second" * bool(stopped)
    )
    return ("doubtful" if quota < 2 or stopped else "noted"), seen  # the worker and its parent are two


@_rule(
    "threads",
    cost="measured: more busy threads than cores ran up to 60 times slower; bench sets its own, other programs do not",
    remedy="export OMP_NUM_THREADS=<usable cores>",
)
def _threads(facts: Facts) -> Verdict:
    threads, usable, variable = facts["torch_threads"], facts["cores_usable"], facts.get("omp_num_threads")
    source = f"OMP_NUM_THREADS={variable}" if variable else "OMP_NUM_THREADS is not set"
    return _good_if(threads <= usable), f"torch starts {threads} on {usable} usable cores ({source})"


@_rule(
    "OpenMP waiting",
    cost="measured: OMP_WAIT_POLICY=passive makes a step with 2 threads take 1.6 times as long",
    remedy="unset OMP_WAIT_POLICY",
)
def _waiting(facts: Facts) -> Verdict:
    policy = facts.get("openmp", {}).get("OMP_WAIT_POLICY")
    return _good_if(str(policy).lower() != "passive"), f"OMP_WAIT_POLICY {f'is {policy}' if policy else 'is not set'}"


@_rule(
    "frequency governor",
    cost="the clock follows the load, so the first steps after a pause are slower",
    remedy="sudo cpupower frequency-set --governor performance",
)
def _governor(facts: Facts) -> Verdict:
    governor = facts["governor"]
    if governor.startswith("performance") and "," not in governor:
        return "good", governor
    # these drivers choose the clock in hardware, whatever the governor is called, and schedutil follows within 10 ms
    quick = all("pstate" in one or one.startswith(("schedutil", "performance")) for one in governor.split(", "))
    return "noted" if quick else "doubtful", governor


@_rule(
    "turbo",
    cost="the clock depends on temperature and on how many cores are busy",
    remedy="switch it off where absolute times must repeat from day to day; ratios need it less",
)
def _turbo(facts: Facts) -> Verdict:
    return ("noted", "on") if facts["turbo"] else ("good", "off")


@_rule(
    "power source",
    cost="on battery the clock is held down, and changes with the charge",
    remedy="plug it in",
)
def _power(facts: Facts) -> Verdict:
    return _good_if(facts["power"] != "battery"), facts["power"]


@_rule(
    "virtualization",
    cost="neighbours may share cores, caches and memory; the pairs, the steal and the own core above show how much",
    remedy="bare metal where 1 % must be seen",
)
def _virtualization(facts: Facts) -> Verdict:
    kind = facts["virtualization"]
    return ("good", "bare metal") if kind == "none" else ("noted", f"a virtual machine: {kind}")


@_rule(
    "container",
    cost="none by itself; other processes of the host are out of sight",
    remedy="look at the host's load as well",
)
def _container(facts: Facts) -> Verdict:
    kind = facts.get("container")
    return ("noted", f"in {kind}") if kind else ("good", "none")


@_rule(
    "memory",
    cost="pages that come back from disk take milliseconds each",
    remedy="free memory, or fewer and smaller cells at a time",
)
def _memory(facts: Facts) -> Verdict:
    available, swapped = facts["memory_available"], facts.get("swapped", 0)
    seen = f"{available / 2**30:.1f} GiB available"
    if available < LEAST_MEMORY or swapped:
        return "doubtful", f"{seen}, {plural(swapped, 'page')} swapped in a second"
    return ("noted", f"{seen}, swap in use") if facts.get("swap_used") else ("good", seen)


@_rule(
    "huge pages",
    cost="with 'always', whether a process gets them depends on how memory is scattered when it starts",
    remedy="compare only runs under the same setting, or choose madvise",
)
def _huge_pages(facts: Facts) -> Verdict:
    setting = facts["huge_pages"]
    return ("noted" if setting == "always" else "good"), setting


@_rule(
    "clock",
    cost="a clock that is coarse or slow to read blurs the times of single phases",
    remedy="let the kernel use tsc: look for 'clocksource' in its messages (dmesg)",
)
def _clock(facts: Facts) -> Verdict:
    tick, reading, source = facts["clock_tick"], facts["clock_seconds"], facts.get("clock_source", "source unknown")
    fit = tick * TICKS <= BLOCK_SECONDS and source not in SLOW_CLOCKS
    return _good_if(fit), f"{source}: smallest step {tick * 1e9:.0f} ns, {reading * 1e9:.0f} ns a reading"


@_rule(
    "torch build",
    cost="code paths of another processor, or with checks switched on: several times slower, and not what users run",
    remedy="install a release build for this processor; unset ATEN_CPU_CAPABILITY",
)
def _build(facts: Facts) -> Verdict:
    faults = {
        "debug build": facts["torch_debug"],
        "no oneDNN": not facts["torch_mkldnn"],
        "no OpenMP": not facts["torch_openmp"],
        "AVX2 unused": bool(facts.get("cpu_avx2")) and facts["isa"] in ("DEFAULT", "NO AVX"),
    }
    present = [name for name, is_so in faults.items() if is_so]
    return _good_if(not present), ", ".join([f"{facts['torch']}, {facts['isa']}", *present])


@_rule(
    "denormals",
    cost="steps slow down when weights or gradients fade towards zero, so time depends on the data",
    remedy="run with --denormals flush, as the suites do; torch.set_flush_denormal(True) in your own code",
)
def _denormals(facts: Facts) -> Verdict:
    if facts["denormals_flushed"]:
        return "noted", "flushed to zero"
    cost = facts["denormals_cost"]
    return ("good" if cost < 1.5 else "noted"), f"kept; arithmetic on them takes {cost:.1f} times as long"


def _openmp(facts: Facts) -> Finding:
    """Whether OpenMP's threads are as many as were asked for, and the variables that decide it."""
    at_work, usable = facts.get("threads_at_work"), facts.get("cores_usable")
    variables = {name: value for name, value in facts.get("openmp", {}).items() if name != "OMP_WAIT_POLICY"}
    several = "the threads at work were not counted"
    state = "noted" if variables else "unknown"
    if at_work is not None and usable is not None:
        several = f"{at_work} of {plural(usable, 'thread')} work at once"
        # with OMP_DYNAMIC, the load of the moment decides how many there are
        varies = str(variables.get("OMP_DYNAMIC", "")).lower() in ("true", "1", "yes")
        state = "doubtful" if at_work < usable or varies else "noted" if variables else "good"
    return Finding(
        "OpenMP threads",
        state,
        "; ".join([several, *(f"{name} is {value}" for name, value in variables.items())]),
        "a cell that asks for more threads than it gets is not measured; bound threads cannot leave a busy core",
        f"unset {' '.join(variables)}" if variables else "look for what limits this process's cores (taskset, cpusets)",
    )


# What each variable does to every number, of those that somebody who looked for a fault has left set.
SPOILING = {
    "CUDA_LAUNCH_BLOCKING": "each kernel is waited for, so that nothing is queued",
    "NVIDIA_TF32_OVERRIDE": "libraries compute float32 otherwise than torch says",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "products of float32 are computed otherwise than a program says",
    "PYTORCH_NO_CUDA_MEMORY_CACHING": "each tensor is asked of the driver",
}


@_rule(
    "environment",
    cost="variables change what is measured, and runs with others are not comparable",
    remedy="unset them, and start the shell anew",
)
def _environment(facts: Facts) -> Verdict:
    variables = facts["environment"]
    spoiling = [f"{name}={variables[name]}: {SPOILING[name]}" for name in SPOILING if name in variables]
    if spoiling:
        return "doubtful", "; ".join(spoiling)
    words = ", ".join(f"{name}={value}" for name, value in variables.items())
    return ("noted", words) if words else ("good", "no variable that decides a time is set")


@_rule(
    "GPUs that torch uses",
    cost="a GPU that the driver has and torch does not see is not measured",
    remedy="install a torch with CUDA that this driver is new enough for (python -m torch.utils.collect_env)",
)
def _seen_gpus(facts: Facts) -> Verdict:
    driver, torch = facts["gpus_of_driver"], facts["gpus"]
    if not driver:
        return "good", f"{len(torch)} of other makers" if torch else "there is no NVIDIA driver"
    hidden = facts.get("visible_gpus")
    seen = f"torch sees {len(torch)} of the driver's {len(driver)} ({', '.join(dict.fromkeys(driver))})"
    if len(torch) >= len(driver):
        return "good", seen
    return ("noted", f"{seen}: CUDA_VISIBLE_DEVICES={hidden}") if hidden is not None else ("doubtful", seen)


_GPU_COST = "the GPU runs below the clock it could have, or shares it; times follow temperature and neighbours"
_GPU_REMEDY = "cool it, raise its power cap or stop its other users (nvidia-smi -q -d PERFORMANCE); lock its clocks"


def _gpus(gpus: Mapping[str, Facts]) -> Iterator[Finding]:
    """One finding for each GPU."""
    for name, facts in gpus.items():
        state, seen = _gpu(facts)
        yield Finding(f"GPU {name}", state, seen, _GPU_COST, _GPU_REMEDY)


def _gpu(facts: Facts) -> Verdict:
    seen = [str(facts.get("gpu", "a GPU"))]
    if "trouble" in facts:
        return "doubtful", f"{seen[0]}: {facts['trouble']}"
    ratios = facts.get("aa_log_ratios", [])
    if ratios:
        seen.append(f"identical cells differed by {', '.join(signed(math.expm1(ratio)) for ratio in ratios)}")
    unlike = bool(ratios) and max(map(abs, ratios)) > math.log1p(AA_LIMIT)
    if "gpu_throttle" not in facts:
        return ("doubtful" if unlike else "unknown"), f"{', '.join(seen)}; the driver does not tell of clocks"
    if "gpu_clock_mhz" in facts:
        seen.append(f"{facts['gpu_clock_mhz']} of {facts.get('gpu_clock_max_mhz', '?')} MHz")
    if "gpu_temperature" in facts:
        seen.append(f"{facts['gpu_temperature']} °C")
    busy = facts.get("gpu_busy", 0.0)
    if busy > 0.1:
        seen.append(f"{percent(busy)} busy with something else")
    seen += [f"held down by {', '.join(facts['gpu_throttle'])}"] if facts["gpu_throttle"] else []
    lazy = facts.get("gpu_persistence") is False
    seen += ["persistence mode off: the driver starts anew with each first user"] if lazy else []
    if facts["gpu_throttle"] or busy > 0.1 or unlike:
        return "doubtful", ", ".join(seen)
    return ("noted" if lazy else "good"), ", ".join(seen)
