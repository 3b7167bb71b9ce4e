"""A run killed at 20 random instants ends with the bytes of an undisturbed one, and redoes nothing that was committed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.pipelines.command import COMMITTED, contents, gristmill, stamps
from tests.pipelines.corpus import make_corpus

KILLS = 20

REWRITTEN = {"tokens/manifest.json", "tokens/made-from.json", "tokens/tokenizer.json"}
"""Written at the very end, the manifest last; killed between them, the next attempt writes all three again."""


def files_in(run: Path) -> int:
    return sum(len(files) for folder in COMMITTED for _, _, files in os.walk(run / folder))


def killed(folder: Path, run: Path, at_files: int, delay_seconds: float) -> bool:
    """Starts a run and kills it (SIGKILL) a moment after so many files are committed; False if it ended before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gristmill.cli", "run", "run.toml", "--quiet"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while process.poll() is None and files_in(run) < at_files:
        time.sleep(0.01)
    time.sleep(delay_seconds)
    if process.poll() is not None:
        assert process.returncode == 0
        return False
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def test_a_run_killed_at_20_random_instants_ends_with_the_same_bytes_and_redoes_nothing(tmp_path: Path) -> None:
    undisturbed, disturbed = tmp_path / "one", tmp_path / "other"
    for folder in (undisturbed, disturbed):
        folder.mkdir()
        make_corpus(folder, seed=5, documents=160, shards=4)
    gristmill("run", "run.toml", "--quiet", folder=undisturbed)
    wanted = contents(undisturbed / "run", COMMITTED)
    total = len(wanted)
    assert total > 25

    rng = random.Random(20)
    instants = sorted(rng.uniform(0, 1) for _ in range(KILLS))
    run, done, redone = disturbed / "run", 0, []
    before: dict[str, tuple[int, int]] = {}
    for instant in instants:
        if not killed(disturbed, run, int(instant * total), rng.uniform(0, 0.4)):
            break
        done += 1
        now = stamps(run)
        redone += [name for name, stamp in before.items() if name not in REWRITTEN and now.get(name) != stamp]
        before = now
    # A kill may have come after the last file: then the rest of the instants fall on runs begun anew elsewhere.
    extra = 0
    while done + extra < KILLS:
        folder = tmp_path / f"again-{extra}"
        folder.mkdir()
        make_corpus(folder, seed=5, documents=160, shards=4)
        assert killed(folder, folder / "run", rng.randrange(total // 2), rng.uniform(0, 0.3))
        early = stamps(folder / "run")
        gristmill("run", "run.toml", "--quiet", folder=folder)
        late = stamps(folder / "run")
        redone += [name for name, stamp in early.items() if name not in REWRITTEN and late.get(name) != stamp]
        assert contents(folder / "run", COMMITTED) == wanted
        extra += 1

    gristmill("run", "run.toml", "--quiet", folder=disturbed)
    after = stamps(run)
    redone += [name for name, stamp in before.items() if name not in REWRITTEN and after.get(name) != stamp]
    assert contents(run, COMMITTED) == wanted
    assert redone == []
    assert not list((run / "_tmp" / "partial").glob("*"))
