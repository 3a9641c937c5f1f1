"""Tables and texts read from kansym while the pages are built, so that they cannot go stale."""

import re
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout, suppress
from importlib import import_module
from io import StringIO

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import kansym
from kansym.cli import main
from kansym.cli.command_line import COMMANDS
from kansym.shared.status import Status


class Table(SphinxDirective):
    """A table whose cells are MyST text, left in the language of the page."""

    has_content = False
    heading: Sequence[str] = ()

    def rows(self) -> Iterable[Sequence[str]]:
        """Cells of each row."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Write the table as a Markdown table and let the page's parser read it."""
        rows = [self.heading, ["---"] * len(self.heading), *self.rows()]
        text = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        holder = nodes.container()
        self.state.nested_parse(StringList(text, source=self.env.docname), 0, holder)
        return holder.children


class StatusTable(Table):
    """Every `Status` with its advice."""

    heading = ("status", "what it means, and what to try")

    def rows(self) -> Iterable[Sequence[str]]:
        """One row per member, in the order of the source."""
        return [(f"`{status.name}`", status.advice) for status in Status if status.is_warning]


class PublicNames(Table):
    """Every public name with the first line of its docstring, linked to its entry."""

    heading = ("name", "what it is")

    def rows(self) -> Iterable[Sequence[str]]:
        """One row per name of `kansym.__all__`; `extract`, which most people come for, first."""
        names = [name for name in kansym.__all__ if name != "__version__"]
        return [_public_name(name) for name in sorted(names, key=lambda name: name != "extract")]


class LibraryTable(Table):
    """Every function of the library."""

    heading = ("name", "function of x", "domain", "sets")

    def rows(self) -> Iterable[Sequence[str]]:
        """One row per candidate, in the order of the library."""
        from kansym.symbolic.library.library import ALL

        return [
            (f"`{f.name}`", f"${f.latex('x')}$", f.domain.description, ", ".join(f.sets))
            for f in ALL
        ]


class ProblemTable(Table):
    """The problems of one set: `{problem-table} feynman`."""

    required_arguments = 1
    heading = ("name", "formula or data", "source and notes")

    def rows(self) -> Iterable[Sequence[str]]:
        """One row per problem, in the order of the set."""
        from kansym.problems.catalogue import problem_rows

        return [
            (f"`{row['name']}`", f"`{row['formula']}`", f"{row['source']} {row['note']}".strip())
            for row in problem_rows(self.arguments[0])
        ]


class CommandHelp(SphinxDirective):
    """What `kansym --help` prints, then a section for every command."""

    def run(self) -> list[nodes.Node]:
        """Run the command line and keep what it says."""
        return [_help(), *(self._section(command.NAME) for command in COMMANDS)]

    def _section(self, name: str) -> nodes.section:
        title = nodes.title(text=f"kansym {name}")
        section = nodes.section("", title, _help(name), names=[name])
        self.state.document.note_implicit_target(section)
        return section


def _help(*words: str) -> nodes.literal_block:
    printed = StringIO()
    with redirect_stdout(printed), suppress(SystemExit):
        main([*words, "--help"])
    return nodes.literal_block(text=printed.getvalue(), language="text")


def _public_name(name: str) -> tuple[str, str]:
    module = import_module(f"kansym.{kansym._MODULE_OF[name]}")
    value = getattr(module, name)
    role = "class" if isinstance(value, type) else "func" if callable(value) else "data"
    if role == "data":
        return f"`{name}`", _first_line(type(value))
    home = value.__module__
    return f"{{py:{role}}}`~{home}.{name}`", _first_line(value)


def _first_line(value: object) -> str:
    """First line of a docstring as Markdown: roles as code, stars as stars."""
    line = (value.__doc__ or "").strip().splitlines()[0]
    line = re.sub(r":[\w:]+:`~?([^`]+)`", r"`\1`", line).replace("``", "`")
    parts = line.split("`")
    parts[::2] = [part.replace("*", "\\*") for part in parts[::2]]
    return "`".join(parts)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("status-table", StatusTable)
    app.add_directive("command-help", CommandHelp)
    app.add_directive("public-names", PublicNames)
    app.add_directive("library-table", LibraryTable)
    app.add_directive("problem-table", ProblemTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
