"""The watch itself: each thing that no reader may do is seen, also where the reader swallows what stops it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
# Each body is what a reader does; in a process of its own, since an audit hook stays for good.
READERS = {
    "gives a result": "return 1",
    "refuses in a line": "raise BenchError('no such thing: look elsewhere')",
    "writes inside": "open('inside.txt', 'w').close(); os.mkdir('sub'); os.rename('inside.txt', 'sub/x')",
    "reads outside": "return open('/proc/self/status').read()",
    "raises": "return {}['gone']",
    "leaves": "sys.exit(0)",
    "two lines": "raise Raw('one\\ntwo')",
    "a terminal's sign": "raise Raw('\\x1b[2J')",
    "a long line": "raise Raw('x' * 5000)",
    "no word": "raise Raw('')",
    "hangs": "while True: pass",
    "hangs, and swallows": "\n    while True:\n        try:\n            time.sleep(9)\n        except Exception: pass",
    "takes memory": "return bytearray(3 * 2**30)",
    "writes outside": "open(outside, 'w')",
    "writes outside by descriptor": "os.open(outside, os.O_CREAT | os.O_WRONLY)",
    "removes outside": "os.remove(outside)",
    "renames to outside": "open('y', 'w').close(); os.rename('y', outside)",
    "runs text": "exec('x = 1')",
    "evaluates text": "eval('1 + 1')",
    "imports a file of the folder": "import evil",
    "starts a process": "subprocess.run(['true'])",
    "asks the shell": "os.system('true')",
    "connects": "socket.create_connection(('127.0.0.1', 9), 1)",
    "unpickles": "pickle.loads(b'cos\\nsystem\\n.')",
    "swallows what stops it": "\n    try:\n        os.system('true')\n    except BaseException: pass",
}
HARMLESS = {"gives a result": "read", "refuses in a line": "refused", "writes inside": "read", "reads outside": "read"}
SCRIPT = """
import json, os, pickle, socket, subprocess, sys, time
from pathlib import Path
from bench.errors import BenchError
from tests.fuzz.watch import Breach, Watch

class Raw(BenchError):
    def __str__(self):
        return self.raw
    def __init__(self, raw):
        self.raw = raw

outside = os.path.abspath("../outside.txt")
sys.path.insert(0, os.getcwd())
watch, outcomes = Watch(Path.cwd()), {}
watch.bound_memory()
for name, body in json.loads(sys.argv[1]).items():
    space = dict(globals())
    exec(compile(f"def read(_):\\n    {body}\\n", os.path.join(os.environ["PYTHONPATH"], "reader.py"), "exec"), space)
    try:
        outcomes[name] = watch.outcome(space["read"], None, seconds=0.2)
    except Breach:
        outcomes[name] = "breach"
print(json.dumps(outcomes))
"""


def test_each_thing_that_no_reader_may_do_is_seen(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "evil.py").write_text("import sys\n")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(READERS)],
        cwd=folder, env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {name: HARMLESS.get(name, "breach") for name in READERS}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder"]
