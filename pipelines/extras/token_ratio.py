"""Characters and letters per token of source files, by the run's own tokenizer: few of them is data, not code.

Only a tokenizer that is there before the texts are measured will do: ``[tokenizer] path``. The signals are made where
the rule set ``code_tokens`` is in use, for tokenizing a text a second time costs as much as the first.
"""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.config.config import TokenizerSection
from gristmill.errors import ConfigError
from gristmill.filters.counts.measure import Signal
from gristmill.pipelines.extras.code_signals import NOT_MEASURED, code_metas, languages_of
from gristmill.pipelines.tokens.encode import TokenizerSpec

RULE_SET = "code_tokens"

_STARCODER = "bigcode-project/bigcode-dataset, preprocessing/filtering.py; Li et al. 2023, arXiv:2305.06161"
_REDPAJAMA = "togethercomputer/RedPajama-Data, data_prep/github/github_run_filter.py (v1)"
_JUDGED = (("python", "Python"), ("java", "Java"), ("javascript", "JavaScript"))
_RANGE = "0 or more, or -1 where it does not apply"

TOKEN_SIGNALS = (
    *(
        Signal(
            f"{name}_chars_per_token", "float64", "characters per token", _RANGE,
            f"characters / tokens of the run's tokenizer, {language} files only", _STARCODER,
        )
        for name, language in _JUDGED
    ),
    Signal(
        "letters_per_token", "float64", "letters per token", _RANGE,
        "letters (Unicode L*) / tokens of the run's tokenizer, source files only", _REDPAJAMA,
    ),
)  # fmt: skip
"""The columns of `TokenRatio`, in order."""


@dataclasses.dataclass(frozen=True)
class TokenRatio:
    """The extra that tokenizes source files.

    Attributes:
        tokenizer: the run's, by its path.
    """

    tokenizer: TokenizerSpec

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The columns it makes."""
        return TOKEN_SIGNALS

    def key(self) -> object:
        """The tokenizer's checksum; which engine made the ids does not matter, for they are the same."""
        return ["token_ratio", 1, self.tokenizer.sha256]

    def measure(self, documents: pa.RecordBatch) -> list[pa.Array]:
        """One column per signal."""
        metas = code_metas(documents)
        is_code = np.array([meta is not None for meta in metas], bool)
        names = np.array(languages_of(documents, metas), dtype=object)
        texts = documents.column("text").cast(pa.large_string()).filter(pa.array(is_code))
        tokens = np.zeros(len(is_code), np.int64)
        chars, letters = np.zeros(len(is_code), np.int64), np.zeros(len(is_code), np.int64)
        if len(texts):
            ids = self.tokenizer.load().fresh().encode_batch(texts)
            tokens[is_code] = pc.list_value_length(ids).to_numpy() - 1  # the end-of-text id is none of the text's
            chars[is_code] = pc.utf8_length(texts).to_numpy()
            letters[is_code] = pc.utf8_length(pc.replace_substring_regex(texts, r"\PL", "")).to_numpy()
        columns = [(chars, is_code & (names == language)) for _, language in _JUDGED]
        found = []
        for part, measured in (*columns, (letters, is_code)):
            ratio = np.divide(part, tokens, out=np.zeros(len(part)), where=tokens > 0)
            found.append(pa.array(np.where(measured, ratio, float(NOT_MEASURED))))
        return found


def token_ratio(section: TokenizerSection) -> TokenRatio:
    """The extra over the run's own tokenizer.

    Raises:
        ConfigError: the run trains its tokenizer, which is after the documents are judged, or there is no such file.
    """
    if section.path is None:
        message = (
            f"rules.use: {RULE_SET} judges tokens of the run's tokenizer, which tokenizer.train makes only after the "
            f"documents are judged; give a tokenizer.json by tokenizer.path, or leave {RULE_SET} out"
        )
        raise ConfigError(message)
    if not storage.exists(section.path):
        message = f"tokenizer.path: no such file {section.path!r}; give a Hugging Face tokenizer.json"
        raise ConfigError(message)
    digest = hashlib.sha256(storage.read_bytes(section.path)).hexdigest()
    return TokenRatio(TokenizerSpec(section.path, digest, section.eot_token, section.engine))
