"""Named run: the run that a reading command is about: the one that is named, or the latest that can be read."""

from bench.cli.render.notice import notice
from bench.store.run import Run, load, load_latest


def named_run(name: str | None) -> Run:
    """The run; where none is named and later ones cannot be read, that is told.

    Commands that judge or accept a run take the latest or none: an older one would pass for it.

    Raises:
        BenchError: there is no such run, or it is damaged.

    """
    if name:
        return load(name)
    run, errors = load_latest()
    for error in errors:
        notice(f"left out: {error}")
    return run
