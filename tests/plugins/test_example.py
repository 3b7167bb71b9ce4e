"""The plugin of `examples/plugin`, installed as its users install it, run by several processes and a job service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from tests.pipelines.command import contents, free_port, wait_for_port
from tests.places import ROOT

PLUGIN = ROOT / "examples" / "plugin"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter of an environment of its own, with Gristmill as it is here and the plugin installed by pip."""
    home = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())
    here = [str(ROOT / "src"), sysconfig.get_path("purelib")]
    (packages / "gristmill-of-these-tests.pth").write_text("\n".join(here) + "\n")
    source = home.parent / "plugin"
    shutil.copytree(PLUGIN, source)  # pip builds in the folder it installs from
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", str(source)], check=True)
    return python


def gristmill(python: Path, *arguments: str, code: int = 0) -> str:
    """One command of that environment, from the repository's folder, where the configuration's paths lie."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(python), "-m", "gristmill.cli", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def configured(folder: Path, name: str, **changes: str) -> str:
    """The example's configuration with another output."""
    text = (PLUGIN / "mail.toml").read_text().replace('"runs/mail"', f'"{folder / name}"')
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return str(path)


@pytest.fixture(scope="module")
def run(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mail")
    gristmill(python, "run", configured(folder, "run"), "--quiet")
    return folder / "run"


def test_every_kind_of_plugin_did_its_work(python: Path, run: Path) -> None:
    ledger = ds.dataset(run / "ledger").to_table().to_pylist()
    removed = [row for row in ledger if row["verdict"] == "removed"]
    assert len(ledger) == 30
    assert {tuple(row["failed_rules"]) for row in removed} == {("mail.max_quoted_lines",)}
    signals = ds.dataset(run / "signals").to_table(columns=["quoted_line_fraction"]).column(0).to_pylist()
    assert sum(value > 0.5 for value in signals) == len(removed) > 0
    report = json.loads((run / "report" / "report.json").read_text())
    (threads,) = [section for section in report["sections"] if section["id"] == "threads"]
    assert threads["lead"] == "24 of 30 messages answer another."
    assert [row[1] for row in threads["tables"][0]["rows"]] == [24, 6]
    assert "Messages by their place in a thread" in (run / "report" / "report.html").read_text()
    assert "holds" in gristmill(python, "verify", str(run))


def test_what_it_brings_is_listed(python: Path) -> None:
    assert "mailing lists: one document a message" in " ".join(gristmill(python, "sources").split())
    assert "max_quoted_lines" in gristmill(python, "rules")


def test_the_same_bytes_by_two_workers_and_by_the_job_service(python: Path, run: Path, tmp_path: Path) -> None:
    folders = ("documents", "signals", "decisions", "ledger", "tokens")
    wanted = contents(run, folders)
    gristmill(python, "run", configured(tmp_path, "two"), "--quiet", "--workers", "2")
    assert contents(tmp_path / "two", folders) == wanted
    port = free_port()
    service = [str(python), "-m", "apache_beam.runners.portability.local_job_service_main", "--port", str(port)]
    with subprocess.Popen(service, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for_port(port, process)
            portable = ("--runner", "PortableRunner", f"--job_endpoint=localhost:{port}", "--environment_type=LOOPBACK")
            gristmill(python, "run", configured(tmp_path, "portable"), "--quiet", *portable)
        finally:
            process.terminate()
    assert contents(tmp_path / "portable", folders) == wanted


def test_a_run_is_explained_where_its_plugin_is_not(run: Path) -> None:
    told = gristmill(Path(sys.executable), "explain", str(run), "millers#0")
    assert "mail.max_quoted_lines" in told
    assert "mail.max_quoted_lines" in gristmill(Path(sys.executable), "rules", str(run))


def test_other_sources_of_the_plugin_are_another_key_and_another_panel_too(python: Path, run: Path) -> None:
    """What depends on the plugin is made again, what does not is up to date; last, because it changes the plugin."""
    config = run.parent / "run.toml"
    found = subprocess.run(
        [str(python), "-c", "import gristmill_mail.quoting as m; print(m.__file__)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {stage["made"] for stage in _stages(python, config).values()} == {0}
    path = Path(found.stdout.strip())
    path.write_text(path.read_text() + "\n# another version\n")
    before = {name: pq.read_metadata(file).metadata for name, file in _files(run).items()}
    made = {name: stage["made"] for name, stage in _stages(python, config).items()}
    assert made["extract"] == 2, "its source kind is of the same package"
    assert made["annotate"] == made["decide"] == 2
    assert made["report"] == 1
    after = {name: pq.read_metadata(file).metadata for name, file in _files(run).items()}
    assert all(before[name] != after[name] for name in before)


def _stages(python: Path, config: Path) -> dict[str, dict[str, int]]:
    stages: dict[str, dict[str, int]] = json.loads(gristmill(python, "run", str(config), "--json"))["stages"]
    return stages


def _files(run: Path) -> dict[str, Path]:
    return {
        f"{folder}/{path.name}": path
        for folder in ("documents", "signals", "decisions")
        for path in (run / folder).rglob("*.parquet")
    }
