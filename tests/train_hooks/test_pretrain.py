from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from gristmill.config.pretrain_config import ModelConfig, PretrainConfig
from gristmill.errors import ConfigError, GristmillError, IntegrityError, RunDirectoryError
from gristmill.train_hooks.pretrain import PretrainResult, main, pretrain
from gristmill.train_hooks.trainer.checkpoint import checkpoint_folders
from gristmill.train_hooks.trainer.ranks import Ranks
from gristmill.train_hooks.trainer.train_log import StepRecord
from tests.train_hooks.shard_files import write_text_tokens

TIMINGS = {"seconds", "tokens_per_second", "mfu"}


class Interrupted(Exception):
    """Stands for a crash after a step."""


def read_log(path: Path, kind: str) -> list[dict[str, Any]]:
    """The records of a kind, timings left out."""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    return [{k: v for k, v in r.items() if k not in TIMINGS} for r in records if r["kind"] == kind]


def run_file(output: Path, pretrain_table: str) -> str:
    """The least TOML that configures a run."""
    source = '[[source]]\nname = "web"\nkind = "warc"\npaths = ["*.warc.gz"]\n'
    tokenizer = '[tokenizer]\npath = "tokenizer.json"\n'
    return f'[run]\noutput = "{output}"\n{source}{tokenizer}[pretrain]\n{pretrain_table}'


def crash_after(*steps: int) -> Any:
    def on_step(record: StepRecord) -> None:
        if record.step in steps:
            raise Interrupted

    return on_step


@pytest.fixture(scope="module")
def undisturbed(
    text_tokens: Path, tiny_config: PretrainConfig, tmp_path_factory: pytest.TempPathFactory
) -> PretrainResult:
    return pretrain(tiny_config, text_tokens, tmp_path_factory.mktemp("undisturbed"), show_progress=False)


def test_the_loss_falls_and_bits_per_byte_with_it(trained: PretrainResult) -> None:
    losses = [record["loss"] for record in read_log(trained.log, "step")]
    assert len(losses) == 120
    assert losses[0] > 5
    assert sum(losses[-10:]) / 10 < 1.5
    validations = read_log(trained.log, "validation")
    assert validations[-1]["bits_per_byte"] < validations[0]["bits_per_byte"] / 1.5
    assert trained.validation is not None
    assert trained.validation.overall.loss == validations[-1]["loss"]


def test_the_log_says_what_was_trained(undisturbed: PretrainResult, tiny_config: PretrainConfig) -> None:
    (start,) = read_log(undisturbed.log, "start")
    assert start["config"] == json.loads(tiny_config.model_dump_json())
    assert start["parameters"] == undisturbed.parameters
    steps = read_log(undisturbed.log, "step")
    assert [record["step"] for record in steps] == list(range(1, 13))
    assert [record["tokens"] for record in steps] == [256 * n for n in range(1, 13)]
    assert all(0 < record["label_tokens"] <= 256 for record in steps)
    assert [record["step"] for record in read_log(undisturbed.log, "validation")] == [6, 12]
    names = [path.name for path in checkpoint_folders(undisturbed.checkpoint.parent)]
    assert names == ["step-00000008", "step-00000012"]
    assert undisturbed.finished
    assert undisturbed.tokens == 12 * 256


def test_crashed_anywhere_and_resumed_the_curve_is_exactly_the_same(
    text_tokens: Path, tiny_config: PretrainConfig, undisturbed: PretrainResult, tmp_path: Path
) -> None:
    for crash in (2, 5, 11):
        with pytest.raises(Interrupted):
            pretrain(tiny_config, text_tokens, tmp_path, on_step=crash_after(crash), show_progress=False)
    result = pretrain(tiny_config, text_tokens, tmp_path, show_progress=False)
    assert result.resumed_step == 8
    assert read_log(result.log, "step") == read_log(undisturbed.log, "step")
    assert read_log(result.log, "validation") == read_log(undisturbed.log, "validation")
    name = "model.safetensors"
    assert (result.checkpoint / name).read_bytes() == (undisturbed.checkpoint / name).read_bytes()


def test_a_signal_ends_the_step_writes_a_checkpoint_and_can_be_resumed(
    text_tokens: Path, tiny_config: PretrainConfig, undisturbed: PretrainResult, tmp_path: Path
) -> None:
    def on_step(record: StepRecord) -> None:
        if record.step == 5:
            signal.raise_signal(signal.SIGTERM)

    stopped = pretrain(tiny_config, text_tokens, tmp_path, on_step=on_step, show_progress=False)
    assert not stopped.finished
    assert stopped.step == 6
    assert stopped.checkpoint.name == "step-00000006"
    result = pretrain(tiny_config, text_tokens, tmp_path, show_progress=False)
    assert read_log(result.log, "step") == read_log(undisturbed.log, "step")


def test_micro_batches_and_workers_may_change_between_resumes(
    text_tokens: Path, tiny_config: PretrainConfig, undisturbed: PretrainResult, tmp_path: Path
) -> None:
    first = tiny_config.model_copy(update={"num_workers": 2, "micro_batch_windows": 1})
    with pytest.raises(Interrupted):
        pretrain(first, text_tokens, tmp_path, on_step=crash_after(7), show_progress=False)
    second = tiny_config.model_copy(update={"micro_batch_windows": 8, "verify": "lazy"})
    result = pretrain(second, text_tokens, tmp_path, show_progress=False)
    assert result.resumed_step == 4
    got, wanted = (read_log(path, "step") for path in (result.log, undisturbed.log))
    assert [r["loss"] for r in got] == pytest.approx([r["loss"] for r in wanted], rel=1e-3)
    assert [r["label_tokens"] for r in got] == [r["label_tokens"] for r in wanted]


def test_a_finished_run_is_left_as_it_is(
    text_tokens: Path, tiny_config: PretrainConfig, undisturbed: PretrainResult
) -> None:
    folder = undisturbed.checkpoint.parents[1]
    before = (undisturbed.checkpoint / "checkpoint.json").read_bytes()
    again = pretrain(tiny_config, text_tokens, folder, show_progress=False)
    assert (again.step, again.resumed_step, again.finished, again.loss) == (12, 12, True, None)
    assert (undisturbed.checkpoint / "checkpoint.json").read_bytes() == before


def test_two_gloo_ranks_give_the_losses_of_one_process_and_hand_over_to_it(text_tokens: Path, tmp_path: Path) -> None:
    settings = {
        "steps": 4, "window_tokens": 32, "batch_tokens": 7 * 32, "micro_batch_windows": 2, "warmup_steps": 1,
        "decay": "constant", "validation_every": 2, "validation_fraction": 0.05, "checkpoint_every": 4, "device": "cpu",
        "learning_rate": 1e-3, "model": {"layers": 2, "width": 32, "heads": 4, "kv_heads": 2},
    }  # fmt: skip
    config = tmp_path / "run.toml"
    table = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items() if key != "model")
    shape = "layers = 2\nwidth = 32\nheads = 4\nkv_heads = 2\n"
    config.write_text(run_file(tmp_path / "two", f"{table}[pretrain.model]\n{shape}"))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "gristmill.train_hooks.pretrain", str(config), "--tokens", str(text_tokens)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    one = pretrain(PretrainConfig.model_validate(settings), text_tokens, tmp_path / "one", show_progress=False)
    two_log = tmp_path / "two" / "train" / "log.jsonl"
    (start,) = read_log(two_log, "start")
    assert start["ranks"] == 2
    for kind in ("step", "validation"):
        got, wanted = read_log(two_log, kind), read_log(one.log, kind)
        assert [r["loss"] for r in got] == pytest.approx([r["loss"] for r in wanted], rel=1e-4)
        assert [r["label_tokens"] for r in got] == [r["label_tokens"] for r in wanted]
    assert "step 4: loss" in done.stderr

    longer = PretrainConfig.model_validate({**settings, "steps": 8})
    handed_over = pretrain(longer, text_tokens, tmp_path / "two" / "train", show_progress=False)
    straight = pretrain(longer, text_tokens, tmp_path / "straight", show_progress=False)
    assert handed_over.resumed_step == 4
    got, wanted = read_log(handed_over.log, "step"), read_log(straight.log, "step")
    assert [r["loss"] for r in got] == pytest.approx([r["loss"] for r in wanted], rel=1e-3)
    assert [r["label_tokens"] for r in got] == [r["label_tokens"] for r in wanted]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window_tokens": 64}, r"window_tokens \(there 32, here 64\)"),
        ({"seed": 3}, "seed"),
        ({"model": ModelConfig(layers=1, width=32, heads=4)}, "model"),
        ({"source_repeats": {"web": 2.0}}, "source_repeats"),
    ],
)
def test_a_checkpoint_of_another_model_or_order_is_not_resumed(
    text_tokens: Path, tiny_config: PretrainConfig, undisturbed: PretrainResult, change: dict[str, Any], message: str
) -> None:
    config = tiny_config.model_copy(update=change)
    with pytest.raises(RunDirectoryError, match=message):
        pretrain(config, text_tokens, undisturbed.checkpoint.parents[1], show_progress=False)


def test_a_checkpoint_of_other_tokens_is_not_resumed(
    tiny_config: PretrainConfig, undisturbed: PretrainResult, tmp_path: Path
) -> None:
    write_text_tokens(tmp_path / "tokens", seed=4)
    with pytest.raises(IntegrityError, match="belongs to the tokens of manifest"):
        pretrain(tiny_config, tmp_path / "tokens", undisturbed.checkpoint.parents[1], show_progress=False)


def test_divergence_leaves_the_last_checkpoint_to_resume_from(
    text_tokens: Path, tiny_config: PretrainConfig, undisturbed: PretrainResult, tmp_path: Path
) -> None:
    with pytest.raises(Interrupted):
        pretrain(tiny_config, text_tokens, tmp_path, on_step=crash_after(4), show_progress=False)
    with pytest.raises(Interrupted):
        pretrain(tiny_config, text_tokens, tmp_path, on_step=crash_after(5), show_progress=False)
    wild = tiny_config.model_copy(update={"learning_rate": 1e30, "clip_norm": 1e30, "checkpoint_every": 100})
    with pytest.raises(GristmillError, match="diverged"):
        pretrain(wild, text_tokens, tmp_path, show_progress=False)
    result = pretrain(tiny_config, text_tokens, tmp_path, show_progress=False)
    assert read_log(result.log, "step") == read_log(undisturbed.log, "step")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_there_is_refused(text_tokens: Path, tiny_config: PretrainConfig, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"CUDA.*'auto' or 'cpu'"):
        pretrain(tiny_config.model_copy(update={"device": "cuda"}), text_tokens, tmp_path)


def test_more_ranks_than_windows_are_refused(
    text_tokens: Path, tiny_config: PretrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def many(_: PretrainConfig) -> Iterator[Ranks]:
        yield Ranks(0, 9, torch.device("cpu"))

    monkeypatch.setattr("gristmill.train_hooks.pretrain.joined_ranks", many)
    with pytest.raises(ConfigError, match=r"8 windows, fewer than the 9 ranks; raise it to at least 288"):
        pretrain(tiny_config, text_tokens, tmp_path)


def test_ranks_that_see_other_files_are_refused(
    text_tokens: Path, tiny_config: PretrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ranks, "gather", lambda _, value: [value, {**value, "step": 7}])
    with pytest.raises(RunDirectoryError, match=r"rank 1 begins with .*'step': 7.*on every machine"):
        pretrain(tiny_config, text_tokens, tmp_path)


def test_a_live_line_tells_loss_speed_and_validation_on_a_terminal(
    text_tokens: Path,
    tiny_config: PretrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = tiny_config.model_copy(update={"peak_tflops": 1.0})
    pretrain(config, text_tokens, tmp_path / "silent")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    result = pretrain(config, text_tokens, tmp_path / "shown")
    shown = capsys.readouterr().err
    for part in ("12/12", "loss", "tokens/s", "MFU", "validation", "bits/byte"):
        assert part in shown
    mfu = [json.loads(line)["mfu"] for line in result.log.read_text().splitlines() if '"step", "step"' in line]
    assert len(mfu) == 12
    assert all(0 < value < 1 for value in mfu)


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_tokenizer_that_is_not_the_manifests_is_refused(
    text_tokens: Path, tiny_config: PretrainConfig, tmp_path: Path, damage: str
) -> None:
    folder = tmp_path / "tokens"
    shutil.copytree(text_tokens, folder)
    (folder / "tokenizer.json").unlink()
    if damage == "changed":
        (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(IntegrityError, match=r"tokenizer\.json"):
        pretrain(tiny_config, folder, tmp_path / "train")


def test_the_command_exits_with_the_code_of_the_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.toml"
    path.write_text(run_file(tmp_path, "widht = 3\n"))
    assert main([str(path)]) == ConfigError.exit_code
    assert "widht" in capsys.readouterr().err
    path.write_text(run_file(tmp_path, ""))
    assert main([str(path)]) == RunDirectoryError.exit_code
    assert "tokenize stage" in capsys.readouterr().err
    assert main([str(tmp_path / "absent.toml")]) == ConfigError.exit_code


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"batch_tokens": 100, "window_tokens": 64}, "multiple of window_tokens"),
        ({"steps": 5, "warmup_steps": 6}, "warmup_steps"),
        ({"model": {"width": 30, "heads": 4}}, "multiple of heads"),
        ({"model": {"heads": 4, "kv_heads": 3}}, "multiple of kv_heads"),
        ({"model": {"width": 12, "heads": 4, "kv_heads": 4}}, "even"),
        ({"betas": [0.9, 1.0]}, "less than 1"),
        ({"learning_rte": 1}, "learning_rte"),
        ({"steps": 0}, "greater than 0"),
    ],
)
def test_settings_that_cannot_hold_together_are_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PretrainConfig.model_validate(table)


def test_every_setting_is_described() -> None:
    for section in (PretrainConfig, ModelConfig):
        assert all(field.description for field in section.model_fields.values())


def test_the_configuration_needs_no_torch() -> None:
    code = "import sys, gristmill.config.pretrain_config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, env=dict(os.environ)).returncode == 0
