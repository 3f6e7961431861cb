"""The site is built without a warning, leads to no other host by itself, and is searched from its files."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.conftest import HANG, ROOT, outside_xdist

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("material", reason="mkdocs-material is not installed")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env=outside_xdist(NO_MKDOCS_2_WARNING="1"),
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def test_every_page_is_there_and_shows_no_mark_of_the_tests(site):
    names = [*(path.name for path in (ROOT / "docs").glob("*.md")), "DESIGN.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    for name in names:
        page = re.sub(r"<!--.*?-->", "", (site / name).with_suffix(".html").read_text("utf-8"), flags=re.DOTALL)
        assert "<!-- not run:" not in page
        assert "of --help begin" not in page


def test_a_page_loads_nothing_from_elsewhere(site):
    loading = re.compile(r"<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)=[\"']?(?:https?:)?//[^>]*>")
    pages = [path for path in site.glob("*.html") if path.name != "404.html"]
    assert len(pages) > 20
    assert [match[0] for page in pages for match in loading.finditer(page.read_text("utf-8"))] == []


def test_links_between_docs_and_the_repository_lead_to_pages(site):
    assert 'href="DESIGN.html' in (site / "measurement.html").read_text("utf-8")
    assert 'href="measurement.html"' in (site / "DESIGN.html").read_text("utf-8")
    index = (site / "index.html").read_text("utf-8")
    assert 'src="reports/example.png"' in index
    assert (site / "reports/example.html").read_bytes() == (ROOT / "reports/example.html").read_bytes()


@pytest.mark.browser
def test_it_is_read_and_searched_from_its_files_without_a_request(site):
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no Chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        asked, errors = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((site / "index.html").as_uri())
        page.get_by_role("textbox", name="Search").click()
        page.get_by_role("textbox", name="Search").press_sequentially("elasticity")
        page.locator(".md-search-result__link").first.click()
        page.wait_for_url(re.compile(r"glossary|reading|measurement|DESIGN"))
        assert "elasticity" in page.locator("article").inner_text().lower()
        assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
        assert errors == []
        browser.close()
