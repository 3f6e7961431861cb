"""GitHub's `gh` and `actions/*` as far as the workflow uses them, on a folder: comments in JSON, artifacts as files.

FAKE_GITHUB names the folder; each call is a line of its calls.jsonl. Comments come in pages of two.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(os.environ["FAKE_GITHUB"])
COMMENTS = FOLDER / "comments.json"
PAGE = 2


def main(words):
    with (FOLDER / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    if (FOLDER / "refuses").exists():
        sys.exit("gh: Resource not accessible by integration (HTTP 403)")
    if words[:2] == ["run", "download"]:
        [_, _, run, *options] = words
        name = options[options.index("--name") + 1]
        return shutil.copytree(FOLDER / "artifacts" / run / name, Path.cwd(), dirs_exist_ok=True)
    assert words[0] == "api"
    return api(words[1:])


def api(words):
    options, paths = {}, []
    words = iter(words)
    for word in words:
        if word in {"--method", "--field", "--jq"}:
            options[word] = next(words)
        elif word.startswith("--"):
            options[word] = True
        else:
            paths.append(word)
    [path] = paths
    comments = json.loads(COMMENTS.read_text())
    if "--field" not in options:
        assert path == "repos/a/nets/issues/7/comments?per_page=100"
        pages = [comments[start : start + PAGE] for start in range(0, len(comments), PAGE)] or [[]]
        for page in pages if "--paginate" in options else pages[:1]:
            jq = subprocess.run(
                ["jq", "--raw-output", options["--jq"]],
                input=json.dumps(page),
                text=True,
                capture_output=True,
                check=True,
            )
            sys.stdout.write(jq.stdout)
        return
    key, _, file = options["--field"].partition("=@")
    assert key == "body"
    text = Path(file).read_text()
    if options["--method"] == "POST":
        assert path == "repos/a/nets/issues/7/comments"
        number = 1 + max((comment["id"] for comment in comments), default=0)
        comments.append({"id": number, "user": {"login": "github-actions[bot]"}, "body": text})
    else:
        assert options["--method"] == "PATCH"
        place, _, number = path.rpartition("/")
        assert place == "repos/a/nets/issues/comments"
        [comment] = [comment for comment in comments if comment["id"] == int(number)]
        comment["body"] = text
    COMMENTS.write_text(json.dumps(comments))


if __name__ == "__main__":
    main(sys.argv[1:])
