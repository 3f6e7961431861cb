"""Frames: the stack of the host at a node, as a person reads it: phase, modules, operators."""

from dataclasses import dataclass, field

from bench.trace.tree import BACKWARD, MODULE_MARK, STEP, Node, phase_named

MOST_FRAMES = 100  # what lies deeper counts to the frame above it
Path = tuple[str, ...]  # from the outermost frame to the innermost


@dataclass(slots=True)
class Stacks:
    """The stack of each node that is asked for; a stack is kept, since its children begin with it."""

    _known: dict[int, tuple[Path, bool]] = field(default_factory=dict)

    def path(self, node: Node | None) -> Path:
        """Phase, module and frames of the node, the outermost first; nothing for no node.

        The backward pass and the loss run outside their modules: there the module stands before the frames.
        """
        if node is None:
            return ()
        frames, in_module = self._frames(node)
        module = (node.module,) if node.module and not in_module else ()
        return (*((node.phase,) if node.phase else ()), *module, *frames)

    def _frames(self, node: Node) -> tuple[Path, bool]:
        """The frames from the outermost down to the node, and whether one of them is a module."""
        unknown: list[Node] = []
        above: Node | None = node
        while above is not None and id(above) not in self._known:
            unknown.append(above)
            above = above.parent
        frames, in_module = self._known[id(above)] if above is not None else ((), False)
        for below in reversed(unknown):
            name = _name(below)
            if name and len(frames) < MOST_FRAMES and (not frames or frames[-1] != name):
                frames = (*frames, name)
            in_module = in_module or below.name.startswith(MODULE_MARK)
            self._known[id(below)] = (frames, in_module)
        return frames, in_module


def _name(node: Node) -> str:
    """What the frame is called; "" for the marks of steps and phases, which stand for themselves."""
    if node.kind == "annotation" and (node.name.startswith(STEP) or phase_named(node)):
        return ""
    return node.name.removeprefix(MODULE_MARK).removeprefix(f"{BACKWARD}: ").strip()
