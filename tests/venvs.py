"""Virtual environments, made for tests that compare interpreters."""

import json
import re
import subprocess
import sys
import sysconfig
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


class Venv:
    """A virtual environment in a folder, without pip.

    It finds the packages of this process's own environment after its own, unless it is to be bare.
    """

    def __init__(self, folder, *, bare=False):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        self.python = folder / "bin" / "python"
        paths = json.loads(
            subprocess.run(
                [self.python, "-c", "import json, sysconfig; print(json.dumps(sysconfig.get_paths()))"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        self._site = Path(paths["purelib"])
        if not bare:
            here = dict.fromkeys(sysconfig.get_paths()[kind] for kind in ("purelib", "platlib"))
            self.write({"here.pth": "".join(f"{path}\n" for path in here)})

    def write(self, files):
        for name, text in files.items():
            path = self._site / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def lend(self, name):
        """An installed package of this process's own environment, with what it needs itself, and no other."""
        package = distribution(name)
        for top in {file.parts[0] for file in package.files} - {"..", "__pycache__"}:
            place = self._site / top
            if not place.exists():
                place.symlink_to(package.locate_file(top))
                for need in [need for need in package.requires or () if "extra ==" not in need]:
                    with suppress(PackageNotFoundError):  # of another system
                        self.lend(re.match(r"[\w.-]+", need)[0])

    def install(self, name, version):
        """A package of one module that knows its version."""
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        self.write({f"{name}.py": f"VERSION = {version!r}\n", f"{name}-{version}.dist-info/METADATA": about})
