"""The command `serve`: all reports on this machine alone, and a run as it goes on, until Ctrl-C."""

import argparse
import os
from contextlib import suppress

from bench.cli.render.notice import notice
from bench.errors import EXIT_INTERRUPTED
from bench.serve.hosts import is_loopback
from bench.serve.pages import Pages
from bench.serve.server import Server


def execute(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C, which is its proper end, and told by 130 alone.

    Raises:
        BenchError: it cannot listen at that address.

    """
    with Server(args.host, args.port, Pages()) as server:
        if not is_loopback(args.host):
            notice(f"whoever reaches {args.host} can read all reports and results")
        with suppress(AttributeError, OSError):  # Windows has none
            os.nice(19)  # a run that is measured meanwhile goes first
        print(f"reports at {server.address} (Ctrl-C ends it)", flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return EXIT_INTERRUPTED
