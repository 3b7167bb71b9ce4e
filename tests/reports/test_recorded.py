"""What is asked of a run that another version made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gristmill.config.config import parse_config
from gristmill.errors import RunDirectoryError
from gristmill.reports.recorded import recorded_run
from gristmill.runs import FORMAT

CONFIG = """
[run]
output = "x"
[[source]]
name = "web"
kind = "warc"
paths = ["*.warc.gz"]
[tokenizer]
path = "tokenizer.json"
"""


def test_a_configuration_with_keys_of_another_version_names_them_and_the_version(tmp_path: Path) -> None:
    config = parse_config(CONFIG).to_json()
    config["dedup"]["gone"] = 1
    state = {"format": FORMAT, "gristmill": "0.0.7", "config": config}
    (tmp_path / "run.json").write_text(json.dumps(state))
    with pytest.raises(RunDirectoryError, match=r"made by gristmill 0\.0\.7, .* configuration \(dedup\.gone\)"):
        recorded_run(str(tmp_path))
