"""Draw: the mutants of a module, each its source with one small fault by an operator of cosmic-ray."""

import ast
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

Place = tuple[int, int]  # line from 1, column from 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One fault.

    Attributes:
        path: of the module, from the root of the repository.
        operator: of cosmic-ray, such as "ReplaceComparisonOperator_Lt_LtE".
        occurrence: which of the places in the module that the operator fits.
        line: of the place.
        lines: of the statement it stands in, without the body of one that has any.

    """

    path: str
    operator: str
    occurrence: int
    line: int
    lines: range

    @property
    def key(self) -> str:
        """What tells it from all others while the module stays as it is."""
        return f"{self.path}:{self.line}:{self.operator}:{self.occurrence}"

    def source(self) -> str:
        """The module with the fault in it."""
        code = Path(self.path).read_text("utf-8")
        mutated: str | None = mutate_code(code, get_operator(f"core/{self.operator}")(), self.occurrence)
        assert mutated is not None, self
        return mutated

    def change(self) -> str:
        """The lines that differ, before and after."""
        before, after = (text.splitlines() for text in (Path(self.path).read_text("utf-8"), self.source()))
        pairs = [(a.strip(), b.strip()) for a, b in zip(before, after, strict=False) if a != b]
        return f"`{pairs[0][0]}` -> `{pairs[0][1]}`" if pairs else f"a line less than {len(before)}"


def drawn(path: str, operators: Sequence[str], most: int, seed: int) -> tuple[list[Mutant], int]:
    """At most so many mutants of a module, in the order of its lines, and how many there are; 0 draws all."""
    mutants = sorted(_mutants(path, operators), key=lambda mutant: mutant.key)
    few = not most or len(mutants) <= most
    sample = mutants if few else random.Random(f"{seed} {path}").sample(mutants, most)
    return sorted(sample, key=lambda mutant: (mutant.line, mutant.key)), len(mutants)


def _mutants(path: str, operators: Sequence[str]) -> Iterator[Mutant]:
    code = Path(path).read_text("utf-8")
    tree, texts = ast.parse(code), code.splitlines()
    nodes, hidden, statements = list(ast_nodes(get_ast(code))), list(_hidden(tree)), list(_statements(tree))
    for name in operators:
        operator = get_operator(f"core/{name}")()
        places = (place for node in nodes for place, _ in operator.mutation_positions(node))
        for occurrence, place in enumerate(places):
            is_marker = texts[place[0] - 1].startswith("*,", place[1])  # of arguments that go by name; no product
            if not is_marker and not any(first <= place < last for first, last in hidden):
                around = [lines for lines in statements if place[0] in lines] or [range(place[0], place[0] + 1)]
                yield Mutant(path=path, operator=name, occurrence=occurrence, line=place[0], lines=min(around, key=len))


def _hidden(tree: ast.AST) -> Iterator[tuple[Place, Place]]:
    """What says nothing at run time, or only how a class is made: annotations and decorators."""
    for node in ast.walk(tree):
        inside: Iterable[ast.expr | None] = (
            *getattr(node, "decorator_list", ()),
            getattr(node, "annotation", None),
            getattr(node, "returns", None),
        )
        for part in inside:
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno or 0, part.end_col_offset or 0)


def _statements(tree: ast.AST) -> Iterator[range]:
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
            yield range(node.lineno, max(end, node.lineno + 1))
