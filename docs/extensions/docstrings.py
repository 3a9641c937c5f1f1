"""The docstrings of kansym, turned into reStructuredText.

They have numpydoc's sections. Shapes and types are in the annotations, so what follows ``name :``
in a *Parameters* section, and all of a *Returns* section, is prose; numpydoc and napoleon would
look for names of classes in it.
"""

import re
from collections.abc import Callable

from sphinx.application import Sphinx

import kansym.shared.errors

_UNDERLINE = re.compile(r"-{3,}$")
_ITEM = re.compile(r"(?P<names>\*{0,2}\w[\w*, ]*?) : (?P<text>\S.*)$")


def _sections(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Split into (title, lines); the part before the first title has the title ''."""
    sections: list[tuple[str, list[str]]] = [("", [])]
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if line and not line.startswith(" ") and _UNDERLINE.match(following):
            sections.append((line, []))
        elif not (_UNDERLINE.match(line) and number and lines[number - 1] == sections[-1][0]):
            sections[-1][1].append(line)
    return sections


def _items(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Lines at the margin with the indented lines under each."""
    items: list[tuple[str, list[str]]] = []
    for line in filter(str.strip, lines):
        if line.startswith(" ") and items:
            items[-1][1].append(line.strip())
        else:
            items.append((line, []))
    return items


def _parameters(lines: list[str]) -> list[str]:
    result = []
    for head, text in _items(lines):
        item = _ITEM.match(head)
        names, first = (item["names"], [item["text"]]) if item else (head, [])
        result.append(f"* **{names.replace('*', chr(92) + '*')}**: {' '.join([*first, *text])}")
    return result


def _raises(lines: list[str]) -> list[str]:
    result = []
    for head, text in _items(lines):
        known = head in kansym.shared.errors.__all__
        name = f":py:exc:`~kansym.shared.errors.{head}`" if known else f"``{head}``"
        result.append(f"* {name}: {' '.join(text)}")
    return result


def _returns(lines: list[str]) -> list[str]:
    return [" ".join(line.strip() for line in lines).strip()]


_FIELDS: dict[str, Callable[[list[str]], list[str]]] = {
    "Attributes": _parameters,
    "Parameters": _parameters,
    "Raises": _raises,
    "Returns": _returns,
    "Yields": _returns,
}


def rewrite(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Rewrite a docstring in place: fields for what goes in and out, headings for the rest."""
    result: list[str] = []
    for title, body in _sections(lines):
        if title in _FIELDS:
            result += [f":{title}:", *(f"    {line}" for line in _FIELDS[title](body)), ""]
        elif title:
            result += ["", f".. rubric:: {title}", "", *body]
        else:
            result += body
    lines[:] = result


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen for docstrings."""
    app.connect("autodoc-process-docstring", rewrite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
