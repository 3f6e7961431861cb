"""Runner: the shell steps of a workflow's job, run as GitHub runs them, each with its files and environment."""

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import yaml

BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")  # what `shell: bash` is there
HANG = 600  # seconds; no expectation of speed
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def workflow(path):
    """The document; YAML 1.1 takes the key `on` for true."""
    document = yaml.safe_load(Path(path).read_text("utf-8"))
    document["on"] = document.pop(True)
    return document


def scripts(document):
    """Each shell step, by job and name."""
    for job_name, job in document["jobs"].items():
        for number, step in enumerate(job["steps"]):
            if "run" in step:
                yield (job_name, step.get("name", str(number))), step


@dataclass
class Job:
    """A job in a checkout.

    Attributes:
        document: the workflow.
        name: the job's.
        folder: the checkout.
        temporary: for the runner's own files.
        variables: of the environment.
        context: what expressions stand for.
        log: what the steps have printed.

    """

    document: dict
    name: str
    folder: Path
    temporary: Path
    variables: dict
    context: dict
    log: str = ""
    outputs: dict = field(default_factory=dict)

    def run(self, name):
        """Run the step of that name; its exit code."""
        [step] = [step for (job, each), step in scripts(self.document) if (job, each) == (self.name, name)]
        files = {}
        for kind in ("ENV", "OUTPUT", "PATH", "STEP_SUMMARY"):
            files[f"GITHUB_{kind}"] = path = self.temporary / f"{kind.lower()}-{len(list(self.temporary.iterdir()))}"
            path.touch()
        environment = {**os.environ, "RUNNER_TEMP": str(self.temporary), **self.variables}
        for scope in (self.document, self.document["jobs"][self.name], step):
            environment |= {key: self.text(value) for key, value in scope.get("env", {}).items()}
        environment |= {key: str(path) for key, path in files.items()}
        script = self.temporary / "script.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            [*BASH, script], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=HANG, check=False
        )
        self.log += done.stdout + done.stderr
        self.summary = files["GITHUB_STEP_SUMMARY"].read_text()
        for line in files["GITHUB_OUTPUT"].read_text().splitlines():
            key, _, value = line.partition("=")
            self.outputs[f"steps.{step['id']}.outputs.{key}"] = value
        for line in files["GITHUB_PATH"].read_text().splitlines():
            self.variables["PATH"] = f"{line}{os.pathsep}{self.variables.get('PATH', os.environ['PATH'])}"
        return done.returncode

    def text(self, value):
        """A value with its expressions replaced by what they stand for."""
        return EXPRESSION.sub(lambda match: {**self.context, **self.outputs}[match[1]], str(value))
