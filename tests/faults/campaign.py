"""Campaign: from a seed to so many faults, each in a real run; several share a run, and each is judged."""

import os
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from tests.faults import nets
from tests.faults.judge import Broken, broken_by, unfinished, wrong_numbers
from tests.faults.kinds import COMMANDS, FILES, FOLDERS, PROCESSES, SHORTAGES, SIGNALS, STREAMS, Kind
from tests.faults.session import POLL, ROOT, Session, is_skipped, lines_of

PLAN = (
    *("--datasets", "synthetic", "--optimizers", "sgd", "--seeds", "0", "--repeats", "1", "--again", "0"),
    *("--blocks", "2", "--epochs", "0", "--train-limit", "0", "--threads", "1", "--denormals", "keep"),
    *("--concurrent", "--no-report", "--run", "r"),
)
CELLS = ("--architectures", "debug", "softmax_regression", "--batch-sizes", "16", "32", "64")
COUNT = 6  # of these cells
TIMEOUT = 90  # seconds of a cell
SESSIONS = 4  # that a run has at most, before it is completed
LIMIT = 600.0  # seconds of a session
STALL = 45.0  # seconds that a cell may take beyond its time: for a worker that stops amid what it sends, and to end it
AGAIN = 4  # times that faults are struck in other runs, where theirs was over before
GOES_ON = 1  # cells that a session measures after a fault that ends nothing, before we end it
IN_FLIGHT = 1  # cells whose line may still come after a signal that ends the session
STARTING = 8.0  # seconds in which a session may be struck before its first cell


@dataclass
class Outcome:
    """What came of a fault: the invariants that did not hold, with what was seen."""

    kind: str
    broken: list[Broken] = field(default_factory=list)


@dataclass
class Fault:
    """A fault to be struck: its kind and its moment: after so many cells of its session and so many seconds."""

    kind: Kind
    after: int
    delay: float
    as_written: bool  # at the very moment when a line appears

    @classmethod
    def drawn(cls, kind: Kind, random: Random) -> "Fault":
        cell = kind.needs == "cell" or (not kind.needs and random.random() < 0.6)
        as_written = cell and random.random() < 0.5
        seconds = 0.0 if as_written else random.uniform(0, 3 if cell or kind.needs else STARTING)
        return cls(kind, int(cell), seconds, as_written)


class Campaign:
    """Faults, runs and outcomes.

    Args:
        seed: of everything that is drawn.
        count: of faults.
        folder: for the runs.
        tell: is told of each outcome.

    """

    def __init__(self, seed: int, count: int, folder: Path, tell=lambda _: None) -> None:
        self.seed, self.folder, self.tell = seed, folder, tell
        self.outcomes: list[Outcome] = []
        self.missed: list[Kind] = []  # that were never struck, as each run was over before
        self._kinds, self._nets = drawn(count, seed)

    def run(self, jobs: int = 1) -> list[Outcome]:
        """Strike them all; what came too late in a run that was over is struck in another."""
        waiting = self._kinds
        works = [partial(self._misbehave, f"nets-{at}", names) for at, names in enumerate(self._nets)]
        with ThreadPoolExecutor(jobs) as pool:
            for again in range(AGAIN):
                works += [partial(self._strike, f"run-{again}-{at}", kinds) for at, kinds in enumerate(runs(waiting))]
                waiting = [kind for missed in pool.map(lambda work: work(), works) for kind in missed]
                works = []
                if not waiting:
                    break
        self.missed = waiting
        for broken in wrong_numbers([path.parent for path in self.folder.glob("*/results/r/results.jsonl")]):
            self._note([Outcome("all together", [broken])])
        return self.outcomes

    def _note(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self.outcomes.append(outcome)
            self.tell(outcome)

    def _strike(self, name: str, kinds: Sequence[Kind]) -> list[Kind]:
        """One run: sessions in which faults are struck, and a last one in which all is well; what was not struck."""
        random, folder = Random(f"{self.seed}/{name}"), self.folder / name
        outcomes: list[Outcome] = []
        missed: list[Kind] = []
        with small_disk(folder / "results", any("disk" in kind.name for kind in kinds)):
            for group in sessions([kind for kind in kinds if kind not in COMMANDS]):
                if len(measured(folder)) >= COUNT - GOES_ON:
                    missed += group
                    continue
                came, late = struck(folder, group, random)
                outcomes += came
                missed += late
            complete_all(folder, outcomes)
            outcomes += [asked(folder, kind, random) for kind in kinds if kind in COMMANDS]
        self._note(outcomes)
        return missed

    def _misbehave(self, name: str, names: Sequence[str]) -> list[Kind]:
        """One run of such networks, or with such plug-ins; beside them a network that does nothing wrong."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        nets.install_plugins(folder / "plugins", [name for name in names if name in nets.PLUGINS])
        shutil.copy(nets.FILE, folder)
        texts = [f"{nets.FILE.name}:{name}" for name in names if name not in nets.PLUGINS]
        session = Session(
            folder,
            ("run", "--architectures", "debug", *texts, "--timeout", f"{TIMEOUT}s", *PLAN),
            variables={"PYTHONPATH": os.pathsep.join((str(ROOT), str(folder / "plugins")))},
        )
        code = ended(session, LIMIT + TIMEOUT * len(names))
        codes = (2,) if nets.REFUSED in names else (0,)
        broken = list(broken_by(session, [Kind("nets", codes=codes)], code, cut_short=False))
        self._note([Outcome(nets.GROUP_OF[name], [*broken, *nets.broken_by(name, session)]) for name in names])
        return []


def drawn(count: int, seed: int) -> tuple[list[Kind], list[list[str]]]:
    """Kinds of faults, and runs of misbehaving networks and plug-ins: so many in all, each as often as its share."""
    random = Random(seed)
    kinds = [*PROCESSES, *SIGNALS, *SHORTAGES, *FOLDERS, *STREAMS, *FILES, *COMMANDS]
    every = [kind for kind in kinds for _ in range(kind.share)]
    names = [*nets.GROUP_OF]
    of_nets = min(len(names), round(count * len(names) / (len(names) + len(every))))
    rest = count - of_nets
    chosen = [kind for _ in range(rest // len(every)) for kind in every] + random.sample(every, rest % len(every))
    random.shuffle(chosen)
    picked = random.sample(names, of_nets)
    plugins = [name for name in picked if name in nets.PLUGINS]
    alone = [[name] for name in picked if name == nets.REFUSED]
    others = [name for name in picked if name not in nets.PLUGINS and name != nets.REFUSED]
    runs = [others[at : at + 10] for at in range(0, len(others), 10)]
    return chosen, [run for run in [*runs, plugins, *alone] if run]


def runs(kinds: Sequence[Kind]) -> list[list[Kind]]:
    """The kinds of each run: those that end sessions dealt out, and what ends none beside them."""
    ending = [kind for kind in kinds if kind.ends and kind not in COMMANDS]
    dealt = [ending[at : at + SESSIONS] for at in range(0, len(ending), SESSIONS)] or [[] for _ in kinds[:1]]
    for at, kind in enumerate(kind for kind in kinds if not kind.ends or kind in COMMANDS):
        dealt[at % len(dealt)].append(kind)
    return dealt


def sessions(kinds: Sequence[Kind]) -> list[list[Kind]]:
    """The kinds of each session: at most one that ends it, one that starts it and one that comes before."""
    groups = [[kind] for kind in kinds if kind.ends] or [[]]
    for kind in (kind for kind in kinds if not kind.ends):
        fitting = [group for group in groups if fits(kind, group)]
        if fitting:
            min(fitting, key=len).append(kind)
        else:
            groups.append([kind])
    return groups


def fits(kind: Kind, group: Sequence[Kind]) -> bool:
    """Whether the fault can be struck in a session beside the others."""
    alone = any(other.ends and other.strike is None for other in group)  # such a session ends before it measures
    same = any((kind.prefix and other.prefix) or (kind.prepare and other.prepare) for other in group)
    return not alone and not same and len(group) < 4


def struck(folder: Path, kinds: Sequence[Kind], random: Random) -> tuple[list[Outcome], list[Kind]]:
    """One session with these faults, judged; and those whose moment never came."""
    run = folder / "results" / "r"
    for kind in kinds:
        if kind.prepare:
            complete(folder, cells=1)
            kind.prepare(run, random)
    prefix = [word for kind in kinds if kind.prefix for word in kind.prefix(random)]
    session = Session(folder, command(run), prefix=prefix)
    faults = sorted(
        (Fault.drawn(kind, random) for kind in kinds if kind.strike), key=lambda fault: (fault.kind.ends, fault.after)
    )
    code, cut_short, done = watched(session, faults, random)
    came = [kind for kind in kinds if not kind.strike or kind in done]
    broken = list(broken_by(session, came, code, cut_short=cut_short))
    if cut_short and stops(done):
        broken.append(("code", "it went on measuring after a signal that ends it"))
    if any(kind.lasts for kind in done) and session.longest() < TIMEOUT:
        broken.append(("outcome", f"no cell took the {TIMEOUT} s of --timeout"))
    if session.longest() > TIMEOUT + STALL:
        broken.append(("hang", f"a cell took {session.longest():.0f} s"))
    for kind in kinds:
        if kind.restore and run.is_dir():
            kind.restore(run)
    return [Outcome(kind.name, list(broken)) for kind in came], [kind for kind in kinds if kind not in came]


def measured(folder: Path) -> list[bytes]:
    """The lines of cells that were measured."""
    return [line for line in lines_of(folder / "results" / "r" / "results.jsonl") if not is_skipped(line)]


def command(run: Path) -> tuple[str, ...]:
    """What goes on with the run, or begins it."""
    if (run / "run.json").is_file():
        return ("run", "--resume", "r", "--timeout", f"{TIMEOUT}s", "--concurrent", "--no-report")
    if run.is_dir() and not any(run.iterdir()):
        run.rmdir()
    return ("run", *CELLS, "--timeout", f"{TIMEOUT}s", *PLAN)


def watched(session: Session, faults: Sequence[Fault], random: Random) -> tuple[int | None, bool, list[Kind]]:
    """Strike the faults as their moments come; the exit code, whether we ended it, and what was struck."""
    waiting, done = deque(faults), []
    due, goal, least = None, None, 0
    end = time.monotonic() + LIMIT
    while session.is_running() and time.monotonic() < end:
        grown = session.look()
        if waiting:
            fault = waiting[0]
            if due is None and session.measured >= least and is_moment(session, fault, grown):
                due = time.monotonic() + fault.delay
            if due is not None and time.monotonic() >= due and fault.kind.strike(session, random):
                done.append(waiting.popleft().kind)
                due = None
                least = session.measured + fault.kind.lasts
        elif goal is None:
            goal = max(session.measured, least) + GOES_ON + IN_FLIGHT * stops(done)
        elif session.measured >= goal:
            session.process.send_signal(signal.SIGINT)
            return ended(session, end - time.monotonic()), True, done
        time.sleep(POLL)
    return ended(session, 0.0), False, done


def stops(kinds: Sequence[Kind]) -> bool:
    """Whether one of these is a signal that ends a session, which we end only once it is seen to go on."""
    return any(kind in SIGNALS for kind in kinds)


def is_moment(session: Session, fault: Fault, grown: bool) -> bool:
    """Whether the fault's moment has come, but for its delay."""
    if session.measured < fault.after or not session.is_ready():
        return False
    if fault.as_written:
        return grown
    return fault.kind.needs != "worker" or session.worker() is not None


def ended(session: Session, seconds: float) -> int | None:
    """The exit code; None where it does not come."""
    try:
        return session.process.wait(max(1.0, seconds))
    except subprocess.TimeoutExpired:
        return None
    finally:
        session.look()


def complete(folder: Path, cells: int) -> None:
    """Have the run measure until it has so many cells; for faults that are done to what is there."""
    session = Session(folder, command(folder / "results" / "r"))
    while session.is_running() and len(session.seen) < cells:
        session.look()
        time.sleep(POLL)
    if session.is_running():
        session.process.send_signal(signal.SIGINT)
    ended(session, LIMIT)


def complete_all(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Resume without a fault; what does not hold then is held against each fault that was struck before."""
    run = folder / "results" / "r"
    session = Session(folder, command(run))
    code = ended(session, LIMIT)
    broken = [*broken_by(session, (), code, cut_short=False), *unfinished(run, COUNT)]
    for outcome in outcomes:
        outcome.broken += [("resume", f"{invariant}: {what}") for invariant, what in broken]


def asked(folder: Path, kind: Kind, random: Random) -> Outcome:
    """A command on the recorded run, with a fault of its streams."""
    session = Session(folder, kind.arguments, prefix=kind.prefix(random) if kind.prefix else ())
    return Outcome(kind.name, list(broken_by(session, [kind], ended(session, LIMIT), cut_short=False)))


@contextmanager
def small_disk(place: Path, wanted: bool) -> Iterator[None]:
    """A disk of 16 MiB for the results, if that may be mounted."""
    place.mkdir(parents=True, exist_ok=True)
    options = ["-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)]
    mounted = wanted and subprocess.run(["mount", *options], check=False, capture_output=True).returncode == 0
    try:
        yield
    finally:
        if mounted:
            with suppress(OSError):
                shutil.copytree(place, place.with_name("kept-results"), dirs_exist_ok=True)
            subprocess.run(["umount", "-l", str(place)], check=False)
