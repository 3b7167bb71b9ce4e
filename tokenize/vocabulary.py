"""What a ``tokenizer.json`` says about its ids: their type, the end-of-text id, and what text must never produce.

Text is data. A document that contains the characters ``<|endoftext|>`` must not end there, so neither engine looks for
special tokens in text; the ids themselves do not change. Three more things that a published ``tokenizer.json`` may
carry would silently damage a corpus and are switched off: ``truncation`` (cuts long documents), ``padding``, and BPE
``dropout`` (random ids).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import tokenizers

from gristmill.errors import ConfigError, TokenizerError
from gristmill.tokenize.manifest import LARGEST_ID, TOKENIZER_NAME, TokenizerInfo

END_OF_TEXT_TOKENS = (
    "<|endoftext|>",  # GPT-2, GPT-NeoX, OLMo, Phi
    "<|end_of_text|>",  # Llama 3
    "</s>",  # Llama 2, Mistral, T5
    "<eos>",  # Gemma
    "<\uff5cend\u2581of\u2581sentence\uff5c>",  # DeepSeek, with fullwidth bars
    "<|eos|>",
    "<EOS>",
    "[EOS]",
    "<|EOS|>",
)
"""Names that published tokenizers give the token that ends a text, in order of preference."""


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """One ``tokenizer.json``, read and checked.

    Attributes:
        raw: the bytes of the file.
        sha256: of ``raw``, in hex.
        vocab_size: the largest id + 1, added tokens included. Ids may have gaps below it.
        eot_token, eot_id: the token that ends every document.
        special_ids: ids that text must never produce, the end-of-text id among them.
        added: the contents of all added tokens, special or not.
        reference_json: what ``tokenizers`` is loaded from: no truncation, padding or dropout.
        plain_json: the same without special tokens, for an engine that cannot ignore them otherwise.
    """

    raw: bytes
    sha256: str
    vocab_size: int
    eot_token: str
    eot_id: int
    special_ids: frozenset[int]
    added: tuple[str, ...]
    reference_json: str
    plain_json: str

    @property
    def dtype(self) -> pa.DataType:
        """``uint16`` when every id fits, else ``uint32``."""
        return pa.uint16() if self.vocab_size - 1 <= LARGEST_ID["uint16"] else pa.uint32()

    @property
    def info(self) -> TokenizerInfo:
        """The manifest's entry."""
        return TokenizerInfo(TOKENIZER_NAME, self.sha256, self.vocab_size, self.eot_id, self.eot_token)


def read_vocabulary(path_or_json: Path | bytes, eot_token: str | None = None) -> Vocabulary:
    """Reads a ``tokenizer.json``.

    Args:
        path_or_json: the file or its bytes.
        eot_token: the token that ends a document; None takes the first of :data:`END_OF_TEXT_TOKENS` that is an
            added token of this tokenizer.

    Raises:
        ConfigError: no such file.
        TokenizerError: not a ``tokenizer.json``, added tokens whose ids the library does not honour, or no token to
            end a document with; the message lists candidates.
    """
    raw, where = _raw(path_or_json)
    try:
        content: dict[str, Any] = json.loads(raw)
        added = {int(token["id"]): token for token in content.get("added_tokens") or []}
        loaded = tokenizers.Tokenizer.from_str(raw.decode())
    except Exception as error:  # `tokenizers` raises bare Exception for whatever it cannot read
        message = f"{where} is not a tokenizer.json that the tokenizers library reads: {error}"
        raise TokenizerError(message) from error
    for number, token in added.items():
        if (got := loaded.token_to_id(token["content"])) != number:
            message = f"{where}: the added token {token['content']!r} claims the id {number}, but its id is {got}"
            raise TokenizerError(message)
    eot_id = _end_of_text(added, eot_token, where)
    added[eot_id]["special"] = True
    content["truncation"] = content["padding"] = None
    if content["model"].get("dropout"):
        content["model"]["dropout"] = None
    ids = loaded.get_vocab(with_added_tokens=True).values()
    special = frozenset(number for number, token in added.items() if token["special"])
    plain = {**content, "added_tokens": [token for number, token in added.items() if number not in special]}
    return Vocabulary(
        raw=raw,
        sha256=hashlib.sha256(raw).hexdigest(),
        vocab_size=max(ids) + 1,
        eot_token=added[eot_id]["content"],
        eot_id=eot_id,
        # A tokenizer with an unknown token produces it from text by design.
        special_ids=special - {loaded.token_to_id(content["model"].get("unk_token") or "")},
        added=tuple(token["content"] for token in added.values()),
        reference_json=json.dumps(content),
        plain_json=json.dumps(plain),
    )


def _raw(path_or_json: Path | bytes) -> tuple[bytes, str]:
    if isinstance(path_or_json, bytes):
        return path_or_json, TOKENIZER_NAME
    try:
        return path_or_json.read_bytes(), str(path_or_json)
    except OSError as error:
        message = f"tokenizer.path: cannot read {path_or_json} ({error.strerror}); give the path of a tokenizer.json"
        raise ConfigError(message) from error


def _end_of_text(added: dict[int, dict[str, Any]], eot_token: str | None, where: str) -> int:
    by_content = {token["content"]: number for number, token in added.items()}
    for name in END_OF_TEXT_TOKENS if eot_token is None else (eot_token,):
        if name in by_content:
            return by_content[name]
    candidates = [token["content"] for token in added.values() if token["special"]] or list(by_content)
    shown = ", ".join(repr(name) for name in candidates[:20]) or "none: add one to the tokenizer"
    wanted = "a known end-of-text token" if eot_token is None else f"the end-of-text token {eot_token!r}"
    message = f"{where}: wanted {wanted} among its added tokens; set tokenizer.eot_token to one of: {shown}"
    raise TokenizerError(message)
