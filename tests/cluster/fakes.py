"""A cluster that is none: what each node sends is a script, and nodes vanish when they are told to."""

from bench.cluster.gateway import CrashError
from bench.cluster.nodes import RESOURCE, NodeFacts, software
from bench.cluster.on_node import BEGUN

HANG = TimeoutError()
CRASH = CrashError("WorkerCrashedError")


class FakeParts:
    def __init__(self, script):
        self.script, self.cancelled = list(script), 0

    def next(self, timeout):
        part = self.script.pop(0) if self.script else None
        if isinstance(part, Exception):
            raise part
        return part

    def cancel(self):
        self.cancelled += 1


class FakeGateway:
    """Nodes by id with their resources; `scripts` are what tasks send, in the order in which they are begun."""

    def __init__(self, nodes=None, facts=None, scripts=()):
        self.there = nodes or {"a1": {RESOURCE: 1.0}, "b2": {RESOURCE: 1.0}}
        self.facts = facts or {}
        self.scripts = list(scripts)
        self.begun, self.warmed, self.gone, self.closed, self.stored = [], [], set(), 0, []

    def nodes(self):
        return list(self.there.items())

    def ask(self, nodes, function):
        plain = {"cpu": "Xeon", "cores": 2, "arch": "x86_64", "gpus": (), "software": software()}
        return [NodeFacts(**{"host": f"host-{node}", **plain, **self.facts.get(node, {})}) for node in nodes]

    def begin(self, node, order, gpus):
        parts = FakeParts([(BEGUN, None), *(self.scripts.pop(0) if self.scripts else ())])
        self.begun.append((node.name, order, gpus, parts))
        return parts

    def warm_up(self, node, order, gpus):
        self.warmed.append((node.name, order.entry, gpus))

    def answers(self, node):
        return node.id not in self.gone

    def put(self, value):
        self.stored.append(value)
        return len(self.stored) - 1

    def close(self):
        self.closed += 1
