"""How programming languages write comments and strings: one table, by the name that GitHub's linguist gives a language.

A language that is not here is not measured; markup (HTML, Markdown, XML) and data (JSON, YAML, TOML) are not, for no
one asks comments of them. What the table cannot say and is left out: here-documents, regular expressions in JavaScript,
Ruby and Perl, strings with delimiters of one's own (C++ ``R"x(``, Lua ``[==[``, Perl ``q{}``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Syntax:
    """Comments and strings of a language.

    Attributes:
        lines: what opens a comment that the end of the line closes.
        blocks: what opens and closes a comment over several lines.
        nested: a block within a block must be closed itself.
        quotes: marks of strings that end with their line, a backslash taking the next character with it.
        long_quotes: marks of strings that go on over lines.
        triple: three of a quote open a string over lines, and the first statement of a body is a docstring.
        character: ``'`` opens one character, not a string: it closes within twelve bytes or is none (a lifetime).
        spaced: a line comment needs white space or the beginning of a line before it.
    """

    lines: tuple[str, ...] = ()
    blocks: tuple[tuple[str, str], ...] = ()
    nested: bool = False
    quotes: str = "\"'"
    long_quotes: str = ""
    triple: bool = False
    character: bool = False
    spaced: bool = False


_C_BLOCK = (("/*", "*/"),)
_C = Syntax(("//",), _C_BLOCK, character=True)
_C_NESTED = Syntax(("//",), _C_BLOCK, nested=True, character=True)
_SCRIPT = Syntax(("//",), _C_BLOCK, long_quotes="`")
_HASH = Syntax(("#",))
_SHELL = Syntax(("#",), quotes="", long_quotes="\"'", spaced=True)
_DASHES = Syntax(("--",), _C_BLOCK)
_LISP = Syntax((";",), (("#|", "|#"),), quotes="", long_quotes='"')
_PERCENT = Syntax(("%",), quotes="")
_ML = Syntax((), (("(*", "*)"),), nested=True, quotes='"')
_HASKELL = Syntax(("--",), (("{-", "-}"),), nested=True, quotes='"')

SYNTAXES: dict[str, Syntax] = {
    **dict.fromkeys(
        ("C", "C++", "CUDA", "Java", "Objective-C++", "GLSL", "Protocol Buffer", "Solidity", "D", "C#", "Verilog"), _C
    ),
    **dict.fromkeys(("Rust", "Kotlin", "Swift", "Scala"), _C_NESTED),
    **dict.fromkeys(("JavaScript", "TypeScript", "Dart", "Groovy"), _SCRIPT),
    "Go": Syntax(("//",), _C_BLOCK, quotes='"', long_quotes="`", character=True),
    "Zig": Syntax(("//",), character=True),
    "PHP": Syntax(("//", "#"), (*_C_BLOCK, ("<!--", "-->")), quotes="", long_quotes="\"'"),
    "CSS": Syntax((), _C_BLOCK),
    **dict.fromkeys(("SCSS", "Less", "Sass"), Syntax(("//",), _C_BLOCK)),
    **dict.fromkeys(("Python", "Cython", "Starlark"), Syntax(("#",), triple=True)),
    "Ruby": Syntax(("#",), (("\n=begin", "\n=end"),), quotes="", long_quotes="\"'"),
    "Perl": Syntax(("#",), (("\n=pod", "\n=cut"), ("\n=head", "\n=cut")), quotes="", long_quotes="\"'", spaced=True),
    **dict.fromkeys(("Shell", "Makefile", "Dockerfile", "CMake", "Tcl"), _SHELL),
    **dict.fromkeys(("R", "AWK", "Elixir", "Crystal", "GraphQL", "Meson", "Nim"), _HASH),
    "Julia": Syntax(("#",), (("#=", "=#"),), nested=True, quotes="", long_quotes='"'),
    "CoffeeScript": Syntax(("#",), (("###", "###"),)),
    "PowerShell": Syntax(("#",), (("<#", "#>"),), quotes="", long_quotes="\"'"),
    "Nix": Syntax(("#",), _C_BLOCK, quotes="", long_quotes='"'),
    "SQL": _DASHES,
    "Lua": Syntax(("--",), (("--[[", "]]"),)),
    **dict.fromkeys(("Ada", "VHDL"), Syntax(("--",), quotes='"')),
    **dict.fromkeys(("Haskell", "Elm"), _HASKELL),
    **dict.fromkeys(("Vue", "Svelte"), Syntax(("//",), (*_C_BLOCK, ("<!--", "-->")), long_quotes="`")),
    **dict.fromkeys(("Clojure", "Emacs Lisp", "Scheme", "Racket", "Common Lisp"), _LISP),
    **dict.fromkeys(("Erlang", "Prolog", "TeX"), _PERCENT),
    **dict.fromkeys(("OCaml", "F#", "Standard ML"), _ML),
    "Pascal": Syntax(("//",), (("{", "}"), ("(*", "*)")), quotes="'"),
    "Fortran": Syntax(("!",)),
}
"""Syntax by language."""
