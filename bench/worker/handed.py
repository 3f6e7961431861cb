"""Handed over: takes the objects that a caller's program handed over, and goes on with the task that means them."""

import importlib

from bench.origins.handed import take
from bench.origins.module_path import modules_from
from bench.plan.task import HandedTask
from bench.process.channel import Channel


def go_on(task: HandedTask, channel: Channel) -> None:
    """Run the task's own entry; what is sent is what that sends."""
    take(task.objects)
    module, _, name = task.entry.partition(":")
    function = getattr(importlib.import_module(module), name)
    with modules_from(task.path):
        function(task.task, channel)
