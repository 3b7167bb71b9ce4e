"""A small tokenizer trained on the spot, and real ones where the shared data is there."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from gristmill.documents import normalize_text
from gristmill.tokenize.training import train_bpe
from tests.places import SHARED

SENTENCES = [
    "The quick brown fox jumps over the lazy dog, and the dog does not mind.",
    "def add(a: int, b: int) -> int:\n    return a + b\n",
    "Whan that Aprille with his shoures soote the droghte of March hath perced to the roote.",
    "\u0938\u092d\u0940 \u092e\u0928\u0941\u0937\u094d\u092f \u091c\u0928\u094d\u092e \u0938\u0947 \u0938\u094d\u0935\u0924\u0928\u094d\u0924\u094d\u0930 \u0939\u0948\u0902",
    "\u4eba\u4eba\u751f\u800c\u81ea\u7531,\u5728\u5c0a\u4e25\u548c\u6743\u5229\u4e0a\u4e00\u5f8b\u5e73\u7b49\u3002",
    "All human beings are born free and equal in dignity and rights. 1948-12-10",
]


@pytest.fixture(scope="session")
def trained() -> bytes:
    """The ``tokenizer.json`` of a byte-level BPE with 600 ids."""
    return train_bpe([pa.array(SENTENCES * 3)], 600)


@pytest.fixture(scope="session")
def neox() -> Path:
    """GPT-NeoX-20B: 50,280 ids, NFC, added tokens for runs of blanks."""
    path = SHARED / "tokenizers" / "gpt-neox-20b" / "tokenizer.json"
    if not path.exists():
        pytest.skip("needs shared/data/tokenizers/gpt-neox-20b")
    return path


@pytest.fixture(scope="session")
def gpt2() -> bytes:
    """GPT-2 put together from its vocabulary and merges: 50,257 ids."""
    folder = SHARED / "tokenizers" / "gpt2"
    if not folder.exists():
        pytest.skip("needs shared/data/tokenizers/gpt2")
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    model = models.BPE.from_file(str(folder / "encoder.json"), str(folder / "vocab.bpe"))
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True)])
    return str(tokenizer.to_str()).encode()


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    """A little text of several scripts."""
    return SENTENCES


@pytest.fixture(scope="session")
def real_code() -> list[str]:
    """Real source files of at most 20 kB, in NFC as every stored document is."""
    path = SHARED / "code" / "code_sample.jsonl"
    if not path.exists():
        pytest.skip("needs shared/data/code")
    with path.open() as file:
        texts = [normalize_text(json.loads(line)["text"]) for line in file]
    return [text for text in texts if len(text) < 20_000][:150]
