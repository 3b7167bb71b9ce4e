"""Runs the Python blocks of one page in one process and one namespace, as a reader would type them.

Reads a JSON object a line (``code``, ``file``, ``line``) and answers each with one (``printed``, ``error``). What blocks
print is caught; the answers go to the descriptor that was standard output when this process began.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback
from typing import Any


def answer(request: dict[str, Any], namespace: dict[str, Any]) -> dict[str, str | None]:
    """Runs one block; a traceback names the page and the line on it."""
    printed = io.StringIO()
    error = None
    try:
        code = compile("\n" * (request["line"] - 1) + request["code"], request["file"], "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, namespace)
    except BaseException:  # noqa: BLE001  a block that exits has failed as well
        error = traceback.format_exc()
    return {"printed": printed.getvalue(), "error": error}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries write past sys.stdout must not stand among the answers
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line), namespace)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
