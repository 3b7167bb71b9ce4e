"""Writes the API reference: Markdown pages made from signatures and docstrings, one for each room.

    python docs/api.py [OUTPUT]          # default: build/api; `make api` does the same

Sources are parsed, never imported, so the reference needs none of their packages. Public are the names of a module that
do not begin with an underscore, and the methods of classes alike; a name that a module imports belongs to the module
that makes it. The first page follows ``__all__`` of the package.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import re
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "gristmill"
FOLDERS = ("filters", "dedup", "tokenize", "reports", "pipelines", "train_hooks")
"""Layers at the root of the repository; the package has a link for each."""

INDEX, FIRST = "README.md", "python-api.md"
LINE = 100
"""Signatures that are longer have one parameter on a line."""

_SECTIONS = ("Args", "Returns", "Yields", "Raises", "Attributes")
_ROLE = re.compile(r":(?:class|func|mod|meth|data|attr|exc):`~?([^`]+)`")
_CODE = re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]+?)\1(?!`)")
_SECTION = re.compile(rf"({'|'.join(_SECTIONS)}):")
_ITEM = re.compile(r"(\*{0,2}[\w.]+): (.*)")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One public name.

    Attributes:
        name: dotted, with the module's before it.
        heading: as the page shows it.
        signature: source text of how it is called or what it is.
        text: its docstring, cleaned.
        fields: what a class says of its fields beside its docstring: name and description.
        members: public methods and properties of a class.
    """

    name: str
    heading: str
    signature: str
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    members: tuple[Entry, ...] = ()


@dataclasses.dataclass(frozen=True)
class Module:
    """One file: its dotted name, its docstring and its public names in the order of the file."""

    name: str
    text: str
    entries: tuple[Entry, ...]


def modules() -> dict[str, list[Module]]:
    """Room: its modules. A room is a folder of code, or the files that stand in a layer's own folder."""
    found: dict[str, list[Module]] = {}
    shared = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in FOLDERS]
    rooted = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    for path in sorted([*shared, *rooted]):
        inside = path.relative_to(PACKAGE if PACKAGE in path.parents else ROOT)
        parts = inside.with_suffix("").parts
        name = ".".join(("gristmill", *(parts[:-1] if parts[-1] == "__init__" else parts)))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        room = ".".join(("gristmill", *inside.parent.parts))
        found.setdefault(room, []).append(Module(name, ast.get_docstring(tree) or "", tuple(_entries(tree.body, name))))
    return dict(sorted(found.items()))


def public_api() -> dict[str, str]:
    """Names of ``gristmill.__all__``, each with the dotted name of what it is."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    listed: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            listed = ast.literal_eval(node.value)
    places = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return {name: places[name] for name in listed}


def _entries(body: list[ast.stmt], owner: str) -> Iterator[Entry]:
    for node, behind in zip(body, [*body[1:], None], strict=False):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_public(node.name):
            yield Entry(f"{owner}.{node.name}", node.name, _function(node), ast.get_docstring(node) or "")
        elif isinstance(node, ast.ClassDef) and _is_public(node.name):
            methods: list[ast.stmt] = [one for one in node.body if isinstance(one, ast.FunctionDef)]
            told = tuple((_assigned(one), said) for one in node.body if (said := _description(one)))
            members = tuple(_entries(methods, f"{owner}.{node.name}"))
            yield Entry(f"{owner}.{node.name}", node.name, _class(node), ast.get_docstring(node) or "", told, members)
        elif (name := _assigned(node)) and _is_public(name):
            documented = isinstance(behind, ast.Expr) and isinstance(behind.value, ast.Constant)
            text = textwrap.dedent(str(behind.value.value)) if documented else ""  # type: ignore[union-attr]
            yield Entry(f"{owner}.{name}", name, _constant(node), text)


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _assigned(node: ast.stmt) -> str:
    """The name that a statement defines, if it defines one."""
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    if isinstance(node, ast.AnnAssign):
        target = node.target
    return target.id if isinstance(target, ast.Name) else ""


def _description(node: ast.stmt) -> str:
    """What ``Field(description=...)`` says of a configuration key."""
    return next((str(ast.literal_eval(word.value)) for word in _field(node) if word.arg == "description"), "")


def _field(node: ast.stmt) -> list[ast.keyword]:
    value = node.value if isinstance(node, ast.AnnAssign) else None
    return value.keywords if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("Field") else []


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    marks = "".join(
        f"@{name}\n" for one in node.decorator_list if "." not in (name := ast.unparse(one)) and "(" not in name
    )
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    line = f"def {node.name}({ast.unparse(node.args)}){result}"
    if len(line) > LINE:
        parameters = "".join(f"    {one},\n" for one in _parameters(node.args))
        line = f"def {node.name}(\n{parameters}){result}"
    return marks + line


def _parameters(args: ast.arguments) -> list[str]:
    """Each parameter with its annotation and default, and the marks between them."""
    plain = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults))
    shown = [_parameter(one, value) for one, value in zip(plain, [*defaults, *args.defaults], strict=True)]
    if args.posonlyargs:
        shown.insert(len(args.posonlyargs), "/")
    if args.vararg:
        shown.append(f"*{ast.unparse(args.vararg)}")
    elif args.kwonlyargs:
        shown.append("*")
    shown += [_parameter(one, value) for one, value in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    return [*shown, f"**{ast.unparse(args.kwarg)}"] if args.kwarg else shown


def _parameter(one: ast.arg, default: ast.expr | None) -> str:
    equals = " = " if one.annotation else "="
    return ast.unparse(one) + (f"{equals}{ast.unparse(default)}" if default is not None else "")


def _class(node: ast.ClassDef) -> str:
    marks = "".join(f"@{ast.unparse(one)}\n" for one in node.decorator_list)
    bases = ", ".join(ast.unparse(one) for one in [*node.bases, *(word.value for word in node.keywords)])
    made = [_constant(one) for one in node.body if _is_public(_assigned(one) or "_")]
    made += [_function(one) for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
    lines = "".join(f"\n{textwrap.indent(one, '    ')}" for one in made)
    return f"{marks}class {node.name}{f'({bases})' if bases else ''}{':' if made else ''}{lines}"


def _constant(node: ast.stmt) -> str:
    """A name with its type and value; of a key of the configuration its default, which a required one lacks."""
    kind = f": {ast.unparse(node.annotation)}" if isinstance(node, ast.AnnAssign) else ""
    if field := _field(node):
        defaults = [ast.unparse(word.value) for word in field if word.arg in {"default", "default_factory"}]
        return f"{_assigned(node)}{kind}" + "".join(f" = {value}" for value in defaults)
    shown = ast.unparse(node)
    return shown if len(shown) <= LINE else f"{_assigned(node)}{kind} = ..."


class Links:
    """Where the page and the anchor of every name are, for code spans that name one."""

    def __init__(self, rooms: Mapping[str, list[Module]]) -> None:
        self.targets: dict[str, str] = {}
        for room, held in rooms.items():
            for module in held:
                self.targets[module.name] = f"{room}.md#{module.name}"
                for entry in module.entries:
                    for one in (entry, *entry.members):
                        self.targets[one.name] = f"{room}.md#{one.name}"

    def line(self, text: str) -> str:
        """A line of a docstring as Markdown: roles and double backticks as code, names of ours as links."""

        def linked(match: re.Match[str]) -> str:
            code = match.group(2).strip()
            name = code.removesuffix("()")
            target = self.targets.get(name) or self.targets.get(f"gristmill.{name}")
            return f"[`{code}`]({target})" if target and "." in name else f"`{code}`"

        return _CODE.sub(linked, _ROLE.sub(r"`\1`", text))


def markdown(text: str, links: Links) -> str:
    """A docstring as Markdown: sections as lists, examples and indented blocks fenced."""
    out: list[str] = []
    # click keeps the lines of a paragraph behind a backspace as they are.
    kept = re.sub(r"\x08\n(.*?)(?=\n\n|\Z)", lambda m: "::\n\n" + textwrap.indent(m[1], "    "), text, flags=re.DOTALL)
    rows = kept.splitlines()
    number = 0
    while number < len(rows):
        row = rows[number]
        if row.startswith(">>>"):
            end = next((at for at in range(number, len(rows)) if not rows[at].strip()), len(rows))
            out += ["```python", *rows[number:end], "```", ""]
            number = end
            continue
        if (row.startswith("    ") or row.rstrip().endswith("::")) and (block := _indented(rows, number)):
            out += [links.line(row.rstrip().removesuffix("::") + ":"), ""] if row.rstrip(": ") and row[0] != " " else []
            start, end = block
            out += ["```text", *textwrap.dedent("\n".join(rows[start:end])).strip("\n").splitlines(), "```", ""]
            number = end
            continue
        if (section := _SECTION.fullmatch(row.strip())) and not row.startswith(" "):
            end = next((at for at in range(number + 1, len(rows)) if rows[at] and rows[at][0] != " "), len(rows))
            out += [f"**{section[1]}**", "", *_items(rows[number + 1 : end], links), ""]
            number = end
            continue
        out.append(links.line(row))
        number += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip("\n")


def _indented(rows: list[str], number: int) -> tuple[int, int] | None:
    """The indented block that begins at a row or, behind ``::``, below it."""
    start = number if rows[number].startswith("    ") else number + 1
    while start < len(rows) and not rows[start].strip():
        start += 1
    if start == len(rows) or not rows[start].startswith("  "):
        return None
    end = next((at for at in range(start, len(rows)) if rows[at].strip() and rows[at][0] != " "), len(rows))
    return start, end


def _items(rows: list[str], links: Links) -> list[str]:
    """The entries of a section such as ``Args``: a name with what it is, or plain sentences."""
    out: list[str] = []
    for row in textwrap.dedent("\n".join(rows)).strip("\n").splitlines():
        item = _ITEM.fullmatch(row)
        if item and not row.startswith(" "):
            out.append(f"* `{item[1]}`: {links.line(item[2])}")
        else:
            out.append(links.line(f"  {row.strip()}" if out and row.strip() else row))
    return out


def _shown(entry: Entry, links: Links, level: int) -> str:
    parts = [f'<a id="{entry.name}"></a>', f"{'#' * level} {entry.heading}", f"```python\n{entry.signature}\n```"]
    if entry.text:
        parts.append(markdown(entry.text, links))
    if entry.fields:
        parts.append("\n".join(f"* `{name}`: {links.line(said)}" for name, said in entry.fields))
    return "\n\n".join([*parts, *(_shown(member, links, level + 1) for member in entry.members)])


def room_page(room: str, held: list[Module], links: Links) -> str:
    """The page of one room: its modules, each with its public names."""
    contents = "\n".join(_listed(one.name, f"#{one.name}", one.text, links) for one in held)
    parts = [f"# {room}", f"[All rooms]({INDEX})", contents]
    for module in held:
        parts += [f'<a id="{module.name}"></a>', f"## {module.name}", markdown(module.text, links)]
        parts += [_shown(entry, links, 3) for entry in module.entries]
    return "\n\n".join(part for part in parts if part) + "\n"


def first_page(rooms: Mapping[str, list[Module]], links: Links) -> str:
    """The names of the package itself, told in full where they are used."""
    entries = {entry.name: entry for held in rooms.values() for module in held for entry in module.entries}
    package = next(module for held in rooms.values() for module in held if module.name == "gristmill")
    parts = ["# The Python API", f"[All rooms]({INDEX})", markdown(package.text, links)]
    for name, place in public_api().items():
        entry = entries[place]
        target = links.targets[place]
        parts += [f"## gristmill.{name}", f"```python\n{entry.signature}\n```", f"From [`{place}`]({target})."]
        members = [(f"{name}.{member.heading}", links.targets[member.name], member.text) for member in entry.members]
        parts += [markdown(entry.text, links), "\n".join(_listed(*member, links) for member in members)]
    return "\n\n".join(part for part in parts if part) + "\n"


def index_page(rooms: Mapping[str, list[Module]], links: Links) -> str:
    """The contents: the first page, then every room with its modules."""
    lines = ["# API reference", "", f"What most need: [The Python API]({FIRST}). Everything, room by room:", ""]
    for room, held in rooms.items():
        lines += [f"* [`{room}`]({room}.md)"]
        lines += [f"  {_listed(one.name, links.targets[one.name], one.text, links)}" for one in held]
    return "\n".join(lines) + "\n"


def _listed(name: str, target: str, text: str, links: Links) -> str:
    """A line of a list of contents: a name with the first sentence of its docstring."""
    first = " ".join(text.partition("\n\n")[0].split())
    return f"* [`{name}`]({target})" + (f": {links.line(first)}" if first else "")


def build(output: Path) -> list[Path]:
    """Writes all pages into an empty folder; returns them."""
    rooms = modules()
    links = Links(rooms)
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    pages = {INDEX: index_page(rooms, links), FIRST: first_page(rooms, links)}
    pages |= {f"{room}.md": room_page(room, held, links) for room, held in rooms.items()}
    for name, text in pages.items():
        (output / name).write_text(text, encoding="utf-8")
    return [output / name for name in pages]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("output", nargs="?", type=Path, default=ROOT / "build" / "api", help="folder of the pages")
    print(f"{len(build(parser.parse_args().output))} pages")
