"""Programming languages by file name, as GitHub's linguist names them (https://github.com/github-linguist/linguist)."""

from __future__ import annotations

_BY_SUFFIX_TEXT = """
    Ada: adb ads
    Assembly: asm s
    AWK: awk
    Batchfile: bat cmd
    C: c h
    C#: cs
    C++: cc cpp cxx c++ hh hpp hxx inl ipp
    Clojure: clj cljs cljc
    CMake: cmake
    COBOL: cob cbl
    CoffeeScript: coffee
    Common Lisp: lisp cl
    Crystal: cr
    CSS: css
    CUDA: cu cuh
    Cython: pyx pxd pxi
    D: d
    Dart: dart
    Elixir: ex exs
    Elm: elm
    Emacs Lisp: el
    Erlang: erl hrl
    F#: fs fsi fsx
    Fortran: f for f77 f90 f95 f03 f08
    GLSL: glsl vert frag
    Go: go
    GraphQL: graphql gql
    Groovy: groovy gradle
    Haskell: hs lhs
    HTML: html htm xhtml
    INI: ini cfg
    Java: java
    JavaScript: js mjs cjs jsx
    JSON: json jsonc
    Julia: jl
    Jupyter Notebook: ipynb
    Kotlin: kt kts
    Less: less
    Lua: lua
    M4: m4 ac
    Makefile: mk mak am
    Markdown: md markdown mdx
    MATLAB: m
    Meson: wrap
    Nim: nim
    Nix: nix
    Objective-C++: mm
    OCaml: ml mli
    Org: org
    Pascal: pas pp dpr
    Perl: pl pm t
    PHP: php phtml
    PowerShell: ps1 psm1 psd1
    Prolog: pro
    Protocol Buffer: proto
    Python: py pyi pyw
    R: r
    Racket: rkt
    reStructuredText: rst
    Roff: 1 2 3 4 5 6 7 8 man
    Ruby: rb rake gemspec
    Rust: rs
    Sass: sass
    Scala: scala sc
    Scheme: scm ss
    SCSS: scss
    Shell: sh bash zsh ksh
    Solidity: sol
    SQL: sql
    Standard ML: sml
    Svelte: svelte
    Swift: swift
    Tcl: tcl
    TeX: tex sty cls
    Text: txt text
    TOML: toml
    TypeScript: ts tsx mts cts
    Verilog: v vh
    VHDL: vhd vhdl
    Vim Script: vim
    Visual Basic .NET: vb
    Vue: vue
    XML: xml xsd xsl xslt
    YAML: yaml yml
    Zig: zig
"""

BY_SUFFIX: dict[str, str] = {
    suffix: language.strip()
    for language, _, suffixes in (line.partition(": ") for line in _BY_SUFFIX_TEXT.strip().splitlines())
    for suffix in suffixes.split()
}
"""Language by the part of the name after its last dot, in lower case."""

BY_NAME: dict[str, str] = {
    "makefile": "Makefile",
    "gnumakefile": "Makefile",
    "dockerfile": "Dockerfile",
    "containerfile": "Dockerfile",
    "cmakelists.txt": "CMake",
    "rakefile": "Ruby",
    "gemfile": "Ruby",
    "meson.build": "Meson",
    "build.bazel": "Starlark",
    "build": "Starlark",
    "workspace": "Starlark",
    "jenkinsfile": "Groovy",
    "vagrantfile": "Ruby",
    "configure": "Shell",
    "readme": "Text",
    "news": "Text",
    "changelog": "Text",
    "changes": "Text",
    "authors": "Text",
    "install": "Text",
    "faq": "Text",
    "todo": "Text",
}
"""Language by the whole name, in lower case; looked up first."""

_INTERPRETERS = {
    "sh": "Shell",
    "bash": "Shell",
    "zsh": "Shell",
    "dash": "Shell",
    "ksh": "Shell",
    "python": "Python",
    "perl": "Perl",
    "ruby": "Ruby",
    "node": "JavaScript",
    "awk": "AWK",
    "gawk": "AWK",
    "lua": "Lua",
    "php": "PHP",
    "tclsh": "Tcl",
}


def language_of(name: str, head: bytes = b"") -> str | None:
    r"""The language of a source file by its name, else by its ``#!`` line.

    >>> language_of("main.rs"), language_of("run", b"#!/usr/bin/env python3\n"), language_of("x.bin")
    ('Rust', 'Python', None)
    """
    lowered = name.lower()
    if lowered in BY_NAME:
        return BY_NAME[lowered]
    suffix = lowered.rpartition(".")[2] if "." in lowered else ""
    if suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    if head.startswith(b"#!"):
        words = head.partition(b"\n")[0][2:].decode("latin-1").split()
        if words and words[0].endswith("/env"):
            words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        if words:
            return _INTERPRETERS.get(words[0].rpartition("/")[2].rstrip("0123456789."))
    return None
