"""Content: what tells later whether the files of a data set are what they were; nothing of them is run."""

from collections.abc import Iterable, Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.plan.image_files import image_files
from bench.plan.origin import is_path


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes; of a folder of images, of each one's place, size and digest, in order.

    Raises:
        BenchError: a file cannot be read, or as `image_files`.

    """
    if not path.is_dir():
        return _bytes_of(path)[1]
    files = image_files(path)
    return _of_images(path, [image for image, _ in (*files.train, *files.test)])


def check_data(run: str, origins: Mapping[str, Mapping[str, Any]]) -> None:
    """See that the files of data which a run was measured with are what they were.

    Args:
        run: its name.
        origins: of what it used (`bench.store.facts.RunFacts.origins`).

    Raises:
        BenchError: one of them has changed, or is gone.

    """
    for facts in origins.values():
        if not is_path(str(facts.get("text"))):
            continue
        place = Path(str(facts.get("file")))
        try:
            now = digest_of(place)
        except BenchError as error:
            raise BenchError(f"{error} (run '{run}' used it)") from error
        if now != facts.get("sha256"):
            raise BenchError(f"{place} has changed since run '{run}' used it: start a new run, or put it back")


def _of_images(folder: Path, images: Iterable[Path]) -> str:
    whole = sha256()
    for image in images:
        size, digest = _bytes_of(image)
        whole.update(f"{image.relative_to(folder).as_posix()}\0{size}\0{digest}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def _bytes_of(path: Path) -> tuple[int, str]:
    """The size of a file and the SHA-256 of its bytes."""
    if path.exists() and not path.is_file():
        raise BenchError(f"cannot read {path}: it is no regular file; remove it")
    try:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            return file.tell(), digest
    except OSError as error:
        raise BenchError(f"cannot read {path}: {error.strerror}; check the path") from error
