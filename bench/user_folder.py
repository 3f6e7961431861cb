"""User folder: where the suite keeps what is this user's own on this machine, beside and not in anybody's results."""

import os
import stat
from pathlib import Path

NAME = "torch-architecture-bench"


def user_folder() -> Path | None:
    """The folder, made where it is missing; None where there is none that is this user's alone.

    It is in XDG_CACHE_HOME, or else in ~/.cache. All in it may be removed at any time.
    """
    try:
        place = os.environ.get("XDG_CACHE_HOME", "")
        folder = (Path(place) if Path(place).is_absolute() else Path.home() / ".cache") / NAME
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _is_private(folder) else None
    except (OSError, RuntimeError):  # no home, or nothing may be written there
        return None


def _is_private(folder: Path) -> bool:
    """Whether nobody else can put a file there."""
    if not hasattr(os, "getuid"):
        return True
    status = folder.lstat()
    others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not others
