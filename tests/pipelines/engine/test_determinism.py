"""The bytes of ``ledger/`` and ``tokens/`` depend on inputs, configuration and seed, and on nothing else."""

import subprocess
import sys
from pathlib import Path

import pyarrow.dataset as ds

from tests.pipelines.command import contents, free_port, gristmill, wait_for_port
from tests.pipelines.corpus import make_corpus


def variant(folder: Path, name: str, *options: str, seed: str = "0", **changes: str) -> dict[str, str]:
    """Runs the configuration under another name and returns the checksums of its ledger and tokens."""
    text = (folder / "run.toml").read_text().replace('output = "run"', f'output = "{name}"')
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / f"{name}.toml").write_text(text)
    gristmill("run", f"{name}.toml", "--quiet", *options, folder=folder, environment={"PYTHONHASHSEED": seed})
    return contents(folder / name)


def reordered(text: str) -> str:
    """The configuration with its sources in another order, every file named by itself, the last first."""
    head, *sources = text.split("[[source]]")
    last, _, rest = sources[-1].partition("[language]")
    return head + "[[source]]" + "[[source]]".join([last, *sources[:-1]]) + "[language]" + rest


def test_the_same_bytes_whatever_runs_it_and_however(tmp_path: Path) -> None:
    make_corpus(tmp_path, seed=11, documents=160, shards=4)
    wanted = variant(tmp_path, "first", seed="0")
    assert len(wanted) > 8
    verdicts = ds.dataset(tmp_path / "first" / "ledger").to_table(columns=["verdict"]).column(0).to_pylist()
    assert {"kept", "removed", "duplicate"} <= set(verdicts)
    assert len(list((tmp_path / "first" / "dedup" / "edges").iterdir())) > 1, "one partition would prove little"
    assert any(name.endswith("part-00001.arrow") for name in wanted)

    assert variant(tmp_path, "twice", seed="0") == wanted, "twice"
    assert variant(tmp_path, "seed", seed="1") == wanted, "PYTHONHASHSEED"
    assert variant(tmp_path, "workers", "--workers", "2", seed="1") == wanted, "two workers"

    base = (tmp_path / "run.toml").read_text()
    listed = ", ".join(f'"raw/{path.name}"' for path in sorted((tmp_path / "raw").glob("web-*"), reverse=True))
    (tmp_path / "run.toml").write_text(reordered(base.replace('"raw/web-*.jsonl.gz"', listed)))
    assert variant(tmp_path, "order") == wanted, "input files listed in another order"
    (tmp_path / "run.toml").write_text(base)

    port = free_port()
    command = [sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as service:
        try:
            wait_for_port(port, service)
            portable = ("--runner", "PortableRunner", f"--job_endpoint=localhost:{port}", "--environment_type=LOOPBACK")
            assert variant(tmp_path, "portable", *portable, seed="1") == wanted, "PortableRunner"
        finally:
            service.terminate()

    assert variant(tmp_path, "other", **{"seed = 17": "seed = 18"}) != wanted, "another seed is another order"
