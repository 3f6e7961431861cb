"""Broken: what of a revision cannot be installed or imported, and what a comparison says of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bench.compare.capabilities import Capabilities, capabilities_of
from bench.compare.checkout import Tree
from bench.errors import BenchError, NotComparableError
from bench.metrics import IMPORT
from bench.plan.catalogue import Catalogue
from bench.plan.grid import matching
from bench.plan.origin import parse
from bench.plan.plan import Plan
from bench.process.tree_client import TreeClient, TreeError
from bench.verdict.verdict import Verdict

WHOLE = "the package"  # all of a side: nothing of it can be measured
NOTHING = Capabilities(
    Catalogue(architectures={}, optimizers={}, datasets={}, normalizations=(), devices={}, usable_cores=1), (), {}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionSide:
    """What a revision has, and what of it is broken.

    Attributes:
        label: what it is called.
        known: what it has, without the nets that another installation of its package would lend it.
        own: the nets that its own package registers; None for a checkout of this suite, and where there is no package.
        broken: what cannot be used, each with the reason: "plug-in 'mine' of my-nets", a file that was named, WHOLE.

    """

    label: str
    known: Capabilities
    own: tuple[str, ...] | None = None
    broken: Mapping[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """Plug-ins of others that are left out, one line each."""
        return tuple(line for line in self.known.problems if not line.startswith(tuple(self.broken)))


def revision_sides(hosts: Sequence[TreeClient], trees: Sequence[Tree], plan: Plan) -> tuple[RevisionSide, RevisionSide]:
    """Ask both revisions what they have.

    Raises:
        BenchError: what was named is on neither side, or a data set cannot be had.
        NotComparableError: a revision speaks another protocol.

    """
    (first, lacking), (second, others) = (_asked(*side, plan) for side in zip(hosts, trees, strict=True))
    for text in others:
        if text in lacking and text != WHOLE:
            raise BenchError(f"{hosts[1].label}: {others[text]}")
    packages = {name for tree in trees for name in tree.packages or ()}
    return (
        _side(hosts[0].label, first, trees[0], packages, _in_words(lacking, trees[0])),
        _side(hosts[1].label, second, trees[1], packages, _in_words(others, trees[1])),
    )


def _asked(host: TreeClient, tree: Tree, plan: Plan) -> tuple[Capabilities, dict[str, str]]:
    """What a side has; and what was named that it has not, or WHOLE, each with the reason."""
    if tree.trouble:
        return NOTHING, {WHOLE: tree.trouble}
    try:
        return capabilities_of(host, plan), {}
    except TreeError as error:
        return NOTHING, {WHOLE: str(error).removeprefix(f"{host.label} ")}
    except NotComparableError:
        raise
    except BenchError:
        lacking = {text: why for text in filter(parse, plan.architectures) if (why := _refusal(host, plan, text))}
        if not lacking:
            raise
        rest = tuple(text for text in plan.architectures if text not in lacking)
        return capabilities_of(host, replace(plan, architectures=rest)), lacking


def _refusal(host: TreeClient, plan: Plan, text: str) -> str:
    """Why a side has not what the text names; "" where it has."""
    try:
        capabilities_of(host, replace(plan, architectures=(text,)))
    except BenchError as error:
        return str(error).removeprefix(f"{host.label}: ")
    return ""


def _in_words(lacking: Mapping[str, str], tree: Tree) -> dict[str, str]:
    """Each reason as it goes on after the name: "is not there", "cannot be imported: ImportError: ..."."""
    absent = {
        text
        for text in lacking
        if (origin := parse(text)) and origin.source.endswith(".py") and not (tree.base / origin.source).exists()
    }
    return {text: "is not there" if text in absent else why.removeprefix(f"'{text}' ") for text, why in lacking.items()}


def _side(label: str, known: Capabilities, tree: Tree, packages: set[str], lacking: Mapping[str, str]) -> RevisionSide:
    """The side of a tree; `packages` are those that either tree has."""
    if tree.packages is None:
        return RevisionSide(label=label, known=known, broken=lacking)
    nets = {
        name: facts
        for name, facts in known.catalogue.architectures.items()
        if (package := facts.get("registered_by", "")) in tree.packages or package not in packages
    }
    site = f"{tree.paths[0]}/"  # a folder that is gone when this is read
    imports = {
        f"plug-in '{each['plugin']}' of {each['package']}": f"cannot be imported: {each['reason'].replace(site, '')}"
        for each in known.catalogue.broken
        if each["package"] in tree.packages
    }
    return RevisionSide(
        label=label,
        known=replace(known, catalogue=replace(known.catalogue, architectures=nets)),
        own=tuple(name for name, facts in nets.items() if facts.get("registered_by") in tree.packages),
        broken={**imports, **lacking},
    )


def with_what_is_there(plan: Plan, before: RevisionSide, after: RevisionSide, *, chosen: bool) -> Plan:
    """The plan with the nets that the package of either side registers, unless the user chose some.

    Where something is broken, what was chosen may be part of that: then it is passed over.

    Raises:
        BenchError: nothing is registered, and nothing is broken that could have been.

    """
    broken = bool(before.broken or after.broken)
    texts = plan.architectures
    if not chosen and after.own is not None:
        texts = tuple(dict.fromkeys((*(before.own or ()), *after.own)))
        if not texts and not broken:
            raise BenchError(f"{after.label} registers no architecture: see its entry points")
    if broken:
        sides = (before.known.catalogue.architectures, after.known.catalogue.architectures)
        texts = tuple(text for text in texts if any(matching(text, nets) for nets in sides))
    return replace(plan, architectures=texts)


def verdicts_on_broken(before: RevisionSide, after: RevisionSide) -> Iterator[Verdict]:
    """A verdict on all that is broken after: lost, unless it was before."""
    for name, reason in after.broken.items():
        cause = before.broken.get(name) or before.broken.get(WHOLE)
        nor = f"; nor before: it {_at(before.label, cause)}" if cause else ""
        yield Verdict(
            cell=name,
            metric=IMPORT,
            verdict="not comparable" if cause else "failed",
            direction="none",
            reason=f"it {_at(after.label, reason)}{nor}",
            remedy="mend it",
        )


def notes_on_broken(before: RevisionSide, after: RevisionSide) -> Iterator[str]:
    """What is broken before alone: there is nothing to compare with, and nothing lost."""
    for name, reason in before.broken.items():
        if name not in after.broken:
            yield f"{name} {_at(before.label, reason)}; its nets have nothing to be compared with"


def _at(label: str, reason: str) -> str:
    """A reason such as "cannot be imported: ImportError: ..." with the side that it is of."""
    how, colon, cause = reason.partition(": ")
    return f"{how} at {label}{colon}{cause}"
