"""Comments by our lexer, against the standard tokenizer and parser of Python, Pygments, and cases made by hand."""

from __future__ import annotations

import ast
import io
import json
import tokenize

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.filters.source_code.comment_syntax import SYNTAXES
from gristmill.filters.source_code.comments import LANGUAGES, comment_chars
from gristmill.filters.source_code.html_text import visible_chars
from gristmill.filters.text.buffers import text_buffer
from tests.places import SHARED

SAMPLE = SHARED / "code" / "code_sample.jsonl"


def measured(texts: list[str], language: str) -> list[int]:
    codes = np.full(len(texts), LANGUAGES.index(language), np.int64)
    found: list[int] = comment_chars(text_buffer(pa.array(texts, pa.large_string())), codes).tolist()
    return found


CASES = [
    ("Python", 'x = "# no"  # yes\n', 5),
    ("Python", "'''doc'''\ndef f(a: str):\n    # c\n    r\"\"\"more\n    \"\"\"\n    return '''no'''\n", 9 + 3 + 15),
    ("Python", "x = [\n    'no',\n    'no',\n]\n", 0),
    ("Python", "é = 1  # déjà", 6),
    ("C", 'char *a = "/* no */ // no"; /* b */ int c; // d', 7 + 4),
    ("C", "char q = '\"'; // d", 4),
    ("C", "/* never closed", 15),
    ("C", 'x = "never closed\n// d', 4),
    ("JavaScript", "a = `// no\n/* no */`; // yes", 6),
    ("JavaScript", "a = 'it\\'s // no'; // yes", 6),
    ("Go", "a := `// no\n` // yes", 6),
    ("Rust", "fn f<'a>(x: &'a str) {} // yes", 6),
    ("Rust", "/* a /* b */ c */ d", 17),
    ("Java", "/** doc */ class A {} // b", 10 + 4),
    ("PHP", "<?php # a\n// b\n/* c */ $x = '# no';", 3 + 4 + 7),
    ("Ruby", "=begin\ndoc\n=end\nx = '# no' # b", 15 + 3),
    ("Shell", 'echo "# no" $# a#b # yes\n#!x', 5 + 3),
    ("Perl", "my $n = $#a; # b\n=pod\ndoc\n=cut\n", 3 + 14),
    ("SQL", "select '-- no' -- yes\n/* b */", 6 + 7),
    ("Lua", "x = '-- no' -- yes\n--[[ long\nblock ]] y", 6 + 18),
    ("CSS", "a { content: '/* no */' } /* b */", 7),
    ("Haskell", "{- a {- b -} c -} x -- d", 17 + 4),
    ("Clojure", '(f "; no") ; yes', 5),
    ("TeX", "a % b", 3),
    ("OCaml", "(* a (* b *) *) let", 15),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "chars"), CASES)
def test_comments_are_told_from_strings(language: str, text: str, chars: int) -> None:
    assert measured([text], language) == [chars]


def test_a_text_without_a_known_language_has_none() -> None:
    assert comment_chars(text_buffer(pa.array(["# a"])), np.array([-1])).tolist() == [0]


def python_comments(text: str) -> int:
    """By the standard library: comment tokens, and the string tokens of docstrings."""
    chars = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        chars += len(token.string) if token.type == tokenize.COMMENT else 0
    for node in ast.walk(ast.parse(text)):
        bodies = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, bodies) and ast.get_docstring(node, clean=False) is not None:
            source = ast.get_source_segment(text, node.body[0])
            assert source is not None
            chars += len(source.lstrip("rR"))
    return chars


@pytest.mark.skipif(not SAMPLE.exists(), reason="shared code sample is absent")
def test_comments_of_real_python_are_those_of_the_standard_library() -> None:
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    texts = [row["text"] for row in rows if row["language"] == "Python" and len(row["text"]) < 20_000]
    shares = [
        (got / len(text), python_comments(text) / len(text))
        for got, text in zip(measured(texts, "Python"), texts, strict=True)
    ]
    assert len(shares) > 20
    assert sum(abs(got - wanted) < 0.001 for got, wanted in shares) >= 0.95 * len(shares)
    assert max(abs(got - wanted) for got, wanted in shares) < 0.02


@pytest.mark.skipif(not SAMPLE.exists(), reason="shared code sample is absent")
@pytest.mark.parametrize("language", ["C", "C++", "Go", "Rust", "Java", "JavaScript", "TypeScript"])
def test_comments_of_real_files_are_those_of_pygments(language: str) -> None:
    pygments = pytest.importorskip("pygments")
    lexers = pytest.importorskip("pygments.lexers")
    comment = pytest.importorskip("pygments.token").Comment
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    texts = [row["text"] for row in rows if row["language"] == language and len(row["text"]) < 12_000][:25]
    lexer = lexers.get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    agreeing = 0
    for text, got in zip(texts, measured(texts, language), strict=True):
        kinds = (comment.Single, comment.Multiline, comment.Special, comment.Hashbang, comment)
        tokens = [(kind, value.rstrip("\n")) for kind, value in pygments.lex(text, lexer)]
        docs = [value for kind, value in tokens if kind in kinds or "Doc" in str(kind)]
        agreeing += abs(got - sum(map(len, docs))) <= 0.01 * len(text)
    assert agreeing >= 0.9 * len(texts)


PIECES = [
    "#",
    "//",
    "/*",
    "*/",
    '"',
    "'",
    '"""',
    "\\",
    "\n",
    "a",
    " ",
    "é",
    "--",
    "[[",
    "]]",
    "{-",
    "-}",
    "=begin",
    "`",
    ":",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(sorted(SYNTAXES)))
def test_comments_are_never_more_than_the_text_and_do_not_depend_on_other_texts(text: str, language: str) -> None:
    (alone,) = measured([text], language)
    assert 0 <= alone <= len(text)
    assert measured(["/* a", text, "'"], language)[1] == alone


@pytest.mark.parametrize(
    ("html", "chars"),
    [
        ("", 0),
        ("plain", 5),
        ("<p>a</p>\n<p>b</p>", 3),
        ("a &lt; b", 5),
        ("a & b; c", 8),
        ("1 < 2", 5),
        ("<SCRIPT src=x>var a = '<p>';</SCRIPT>b", 1),
        ("<style>p { }</style >c", 1),
        ("<styled>d</styled>", 1),
        ("<!-- <p>no</p> -->e", 1),
        ("<!DOCTYPE html><a title='x > y'>f</a>", 1),
        ("<script>never closed", 0),
        ("<p never closed", 0),
        ("été", 3),
    ],
)
def test_visible_text_is_what_stands_outside_tags_scripts_and_styles(html: str, chars: int) -> None:
    assert visible_chars(text_buffer(pa.array([html, "x"])), np.array([0])).tolist() == [chars, 0]


@pytest.mark.parametrize("piece", ["/*", "'", '"""', "<", "<script>", "&", "#", "--[["])
def test_a_megabyte_of_one_mark_takes_linear_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    for language in ("Python", "C", "Rust", "Lua"):
        assert len(measured([text], language)) == 1
    assert len(visible_chars(text_buffer(pa.array([text])), np.array([0]))) == 1
