"""The workflow with the real suite and real installations: a first pull request, then a run that is accepted."""

import base64
import hashlib
import os
import shutil
import subprocess
import zipfile

import pytest

from tests.conftest import HASTE, ROOT
from tests.workflow.conftest import NETS, commit, git, program
from tests.workflow.test_accepting import GITIGNORE, commands

pytestmark = pytest.mark.slow

# The suite itself, with as little to do as it can have.
SUITE = f"""
    import os
    import sys
    sys.path.insert(0, {str(ROOT)!r})
    os.environ["PYTHONPATH"] = {f"{ROOT}{os.pathsep}{HASTE}"!r}  # for its workers
    little = ["--blocks", "2"]
    if sys.argv[1] == "run":
        little += ["--seeds", "0", "--epochs", "0", "--repeats", "1", "--again", "0", "--datasets", "synthetic"]
    sys.argv += little if sys.argv[1] in ("ab", "run") else []
    from torch_architecture_bench import main
    sys.exit(main())
    """


def test_the_installation_leaves_a_program_on_the_path(job, user, checkout, tmp_path):
    """Into an environment of its own, so that it works where pip may not touch the system's (PEP 668)."""
    wheel = tmp_path / "stand_in-1.0-py3-none-any.whl"
    info = "stand_in-1.0.dist-info"
    files = {
        "stand_in.py": "def main():\n    print('installed')\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: stand-in\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nbench-stand-in = stand_in:main\n",
    }
    digests = {name: hashlib.sha256(text.encode()).digest() for name, text in files.items()}
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')},{len(files[name])}\n"
        for name, digest in digests.items()
    )
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(name, text)
    commit(user, requirements_bench_dot_txt=f"stand-in @ {wheel.as_uri()}\n")
    for name in ("ab", "check"):
        installed = job(name, checkout() if name == "ab" else tmp_path / "checkout")
        installed.document["env"]["INSTALL"] = "-r requirements_bench.txt"
        assert installed.run("Install") == 0, installed.log
        place = shutil.which("bench-stand-in", path=installed.variables["PATH"])
        assert place == str(installed.temporary / "venv/bin/bench-stand-in")


@pytest.fixture
def real(programs, environment):
    """The suite in the place of its stand-in; gives the environment of its jobs."""
    program(programs, "bench", SUITE, options="")
    return {"TMPDIR": environment["TMPDIR"], "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}


def test_the_first_pull_request_of_an_adopter_is_green(job, user, checkout, real):
    git(user, "checkout", "--quiet", "-b", "adopt")
    commit(user, my_nets_dot_py=NETS)
    git(user, "checkout", "--quiet", "main")
    ab = job("ab", checkout("adopt"), **real)
    assert ab.run("Compare with the base") == 0, ab.log
    assert ab.outputs == {"steps.ab.outputs.code": "0"}, ab.log
    assert "1 new" in ab.summary
    assert ab.run("Verdict") == 0


def test_a_run_of_the_main_branch_is_accepted_by_the_steps_of_the_page(job, user, checkout, github, real):
    commit(user, my_nets_dot_py=NETS, _dot_gitignore=GITIGNORE)
    first = job("check", checkout(), **real)
    for step in ("Measure", "Check", "Verdict"):
        assert first.run(step) == 0, first.log
    revision = first.variables["GITHUB_SHA"]
    artifact = github.path / "artifacts" / "4711" / "check"
    for part in ("out", "reports", f"results/{revision}"):
        shutil.copytree(first.folder / part, artifact / part)
    accept = commands("baseline save").replace("RUN-ID", "4711").replace("REVISION", revision)
    accept = accept.replace(f"save {revision}", f"save {revision} --contended")  # other tests may run beside this one
    git(user, "config", "user.name", "A")
    git(user, "config", "user.email", "a@example.org")
    done = subprocess.run(
        ["bash", "-ec", accept],
        cwd=user,
        env={**os.environ, **first.variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert git(user, "show", "--name-only", "--format=", "HEAD") == "results/baselines/main.jsonl"
    assert git(user, "status", "--porcelain") == ""
    shutil.rmtree(first.folder)
    second = job("check", checkout(), **real)
    assert second.run("Measure") == 0, second.log
    assert second.run("Check") == 0, second.log
    assert second.outputs["steps.check.outputs.code"] in {"0", "3"}, second.log  # fewer than five runs decide no time
    assert second.run("Verdict") == 0
