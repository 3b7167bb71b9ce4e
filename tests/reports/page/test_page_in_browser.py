"""The page in a real browser: it shows, asks nobody for anything, and fits a narrow screen."""

from __future__ import annotations

import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gristmill.reports.figures import figures
from gristmill.reports.measure import Measures
from gristmill.reports.page.render import render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def requests() -> Iterator[tuple[int, list[str]]]:
    """A server on loopback, its port, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base class gives it
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()
    thread.join()


def _open(page: Path, profile: Path, *options: str) -> subprocess.CompletedProcess[str]:
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--v=0",
        f"--user-data-dir={profile}", *options, page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def _hostile(measures: Measures, port: int) -> str:
    fresh = Measures()
    fresh.merge(measures)
    for number, text in enumerate(
        (
            f"<img src=http://127.0.0.1:{port}/image>",
            f"</bdi><script>fetch('http://127.0.0.1:{port}/script')</script>",
            f"<style>@import url(http://127.0.0.1:{port}/style)</style>",
            f"<meta http-equiv=refresh content='0;url=http://127.0.0.1:{port}/refresh'>",
        )
    ):
        fresh.counts["domains"].add_row((text, "kept"), (90_000 + number, 10, 10))
    return render(figures(fresh, run={"name": f"<img src=http://127.0.0.1:{port}/name>"}))


def test_the_page_opens_shows_its_figures_and_requests_nothing(
    measures: Measures, requests: tuple[int, list[str]], tmp_path: Path
) -> None:
    port, asked = requests
    page = tmp_path / "report.html"
    page.write_text(_hostile(measures, port), encoding="utf-8")
    opened = _open(page, tmp_path / "profile", "--dump-dom")
    assert "<h1>&lt;img src=http://127.0.0.1" in opened.stdout
    assert opened.stdout.count("<table>") > 20
    assert opened.stdout.count("<svg") > 10
    assert "<script" not in opened.stdout
    assert asked == []
    assert not re.findall(r"(?i)content security policy.*", opened.stderr), "the page itself runs into its own policy"


def test_the_policy_of_the_page_stops_what_escaping_would_have_let_through(
    measures: Measures, requests: tuple[int, list[str]], tmp_path: Path
) -> None:
    port, asked = requests
    inside = f"<img src='http://127.0.0.1:{port}/inside'><script>document.title='ran'</script>"
    html = render(figures(measures, run={"name": "x"}))
    page = tmp_path / "report.html"
    page.write_text(html.replace("</main>", inside + "</main>"), encoding="utf-8")
    opened = _open(page, tmp_path / "profile", "--dump-dom")
    assert "/inside" in opened.stdout
    assert "<title>ran" not in opened.stdout
    assert asked == []
    page.write_text(html.replace("default-src 'none'; ", "").replace("img-src data:", "").replace("</main>", inside + "</main>"))  # fmt: skip
    _open(page, tmp_path / "profile", "--dump-dom")
    assert asked == ["/inside"], "without the policy the request is made: the check can fail"


@pytest.mark.parametrize("width", [320, 768])
def test_the_page_does_not_scroll_sideways(measures: Measures, tmp_path: Path, width: int) -> None:
    page = tmp_path / "report.html"
    page.write_text(render(figures(measures, run={"name": "quickstart"})), encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(
        f"<iframe src=report.html width={width} height=800 style='border:0' onload=\""
        "const root = this.contentDocument.documentElement; document.title = root.scrollWidth + ' of ' + root.clientWidth"
        '"></iframe>',
        encoding="utf-8",
    )
    opened = _open(frame, tmp_path / "profile", "--allow-file-access-from-files", "--dump-dom")
    found = re.search(r"<title>(\d+) of (\d+)</title>", opened.stdout)
    assert found, opened.stdout[:500]
    assert int(found.group(1)) <= int(found.group(2)) <= width
