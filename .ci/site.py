"""Site: what it has beside docs/, pages and files of the repository, and links that lead there from either place."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
BESIDE = ("CHANGELOG.md", "CONTRIBUTING.md", "DESIGN.md", "reports/example.html", "reports/example.png")
LINK = re.compile(r"(?P<text>\[[^][]*)?\]\((?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")  # of a picture its end alone


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what stands beside docs/ in the repository."""
    for name in BESIDE:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, files: Files, **_: object) -> str:
    """Links as they are on the site: in the repository they lead from docs/ to what stands beside it, and back."""
    folder = posixpath.dirname(page.file.src_uri if page.file.src_uri in BESIDE else f"docs/{page.file.src_uri}")

    def on_site(match: re.Match[str]) -> str:
        text, target, anchor = match["text"] or "", match["target"], match["anchor"] or ""
        if "://" in target:
            return match[0]
        name = posixpath.normpath(posixpath.join(folder, target)).removeprefix("docs/")
        return f"{text}]({name}{anchor})" if files.get_file_from_path(name) else text[1:]  # no file of the site

    return LINK.sub(on_site, markdown)
