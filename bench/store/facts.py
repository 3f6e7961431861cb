"""Facts: what run.json says of a run, typed and with its defaults; damaged or missing facts are as if unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.plan.origin import code_in_words, with_names_alone
from bench.vocabulary import RUN_STATUSES, RunStatus

UNKNOWN = "unknown"
_TEXTS = ("started", "finished", "reference", "source", "imported", "imported_digest")


@dataclass(frozen=True, slots=True)
class Git:
    """The state of the code: its revision, "" where none is known, whether it differed, and when it was committed."""

    revision: str = ""
    dirty: bool = False
    committed: str = ""

    @classmethod
    def from_dict(cls, stored: object) -> "Git":
        """As `provenance.git_state` gave it."""
        git = _mapping(stored)
        return cls(str(git.get("revision") or ""), bool(git.get("dirty")), str(git.get("committed") or ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What readers ask of run.json.

    Attributes:
        status: how the run stands or ended.
        command: that made the run.
        started: UTC, ISO 8601; "" where it is not known, as long as a run goes on or where it was killed.
        finished: likewise.
        git: of the code that ran.
        plan: the fields of the Plan by name.
        order_seed: of the order in which cells were measured; None where it was not recorded.
        reference: what costs are relative to, in words; "" where it is not known.
        protocol: digests of how a time is measured, by name (`bench.store.fingerprint.protocol`).
        versions: of packages, by name.
        optimizers: facts by name: `learning_rate`, the optimizer's own, and `description`.
        origins: which code was run that is not the suite's own, such as "architecture=my_nets.py:MyNet" or a plug-in,
            "optimizer=lion": its `text`, and `file` with `sha256`, or `package` with `version`.
        ceilings: what the machine can do at most, by device, dtype and threads; None before it was measured.
        tuned: the trials of learning rates, by what shares a rate.
        largest: the searches for the largest batches, by what shares one.
        surfaces: planes through loss surfaces (`bench.store.surface`), by net.
        resumed: the commands that went on with the run.
        endings: by the id of a cell, why it got no further repeat.
        source: a digest of the suite's own sources; "" where it was not recorded.
        merged: of a run that others were merged into, what each was: its `run`, `shard`, `command` and so on.
        imported: the file that the run was read from, "" for our own.
        imported_digest: the SHA-256 of that file.

    """

    status: RunStatus = "unknown"
    command: str = UNKNOWN
    started: str = ""
    finished: str = ""
    git: Git = Git()
    plan: Mapping[str, Any] = field(default_factory=dict)
    order_seed: int | None = None
    reference: str = ""
    protocol: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    optimizers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    origins: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ceilings: tuple[Mapping[str, Any], ...] | None = None
    tuned: tuple[Mapping[str, Any], ...] = ()
    largest: tuple[Mapping[str, Any], ...] = ()
    surfaces: tuple[Mapping[str, Any], ...] = ()
    resumed: tuple[str, ...] = ()
    endings: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    merged: tuple[Mapping[str, Any], ...] = ()
    imported: str = ""
    imported_digest: str = ""

    @property
    def code(self) -> Mapping[str, str]:
        """Which code each origin was: "my_nets.py:MyNet was my_nets.py, SHA-256 0123456789ab"."""
        return {
            name: f"{with_names_alone(str(facts.get('text', name)))} was {code_in_words(facts)}"
            for name, facts in self.origins.items()
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "RunFacts":
        """The facts of a parsed run.json."""
        texts = {name: str(stored.get(name) or "") for name in _TEXTS}
        status = stored.get("status")
        return cls(
            **texts,
            status=status if status in RUN_STATUSES else "unknown",
            command=str(stored.get("command") or UNKNOWN),
            git=Git.from_dict(stored.get("git")),
            plan=_mapping(stored.get("plan")),
            protocol={name: str(value) for name, value in _mapping(stored.get("protocol")).items()},
            order_seed=stored.get("order_seed"),
            versions=_mapping(stored.get("versions")),
            optimizers={name: _mapping(facts) for name, facts in _mapping(stored.get("optimizers")).items()},
            origins={name: _mapping(facts) for name, facts in _mapping(stored.get("origins")).items()},
            ceilings=_mappings(stored["ceilings"]) if "ceilings" in stored else None,
            tuned=_mappings(stored.get("tuned")),
            largest=_mappings(stored.get("largest")),
            surfaces=_mappings(stored.get("surfaces")),
            merged=_mappings(stored.get("merged")),
            resumed=tuple(str(command) for command in _entries(stored.get("resumed"))),
            endings={name: str(why) for name, why in _mapping(stored.get("endings")).items()},
        )


def _mapping(stored: object) -> Mapping[str, Any]:
    return stored if isinstance(stored, Mapping) else {}


def _entries(stored: object) -> Sequence[Any]:
    return stored if isinstance(stored, list | tuple) else ()


def _mappings(stored: object) -> tuple[Mapping[str, Any], ...]:
    return tuple(entry for entry in _entries(stored) if isinstance(entry, Mapping))
