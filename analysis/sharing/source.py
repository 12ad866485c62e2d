"""Which value does a piece of code say? It is read, never run."""

from __future__ import annotations

import ast
from dataclasses import fields
from typing import Any

from analysis.errors import QuestionError
from analysis.values import Value, classes

LONGEST = 200_000
"""Characters of code that are read at all."""


def value_of(source: str) -> Value:
    """Return the value that code writes out: the inverse of `repr`.

    Only calls of the kinds of value there are, with texts, numbers, flags, None, and tuples, lists and dicts of these
    are read.

    Parameters
    ----------
    source : str

    Raises
    ------
    QuestionError
        The code is something else, or the value is not valid.

    Examples
    --------
    >>> value_of("Funnel(steps=('view', 'cart'), window='2d')").window
    '2d'
    >>> value_of("__import__('os').getcwd()")
    Traceback (most recent call last):
    analysis.errors.QuestionError: This code is not one of Sluice's values written out, ...
    """
    match statements(source):
        case [ast.Expr(value=node)]:
            return value_at(node)
    raise QuestionError.no_value()


def statements(source: str) -> list[ast.stmt]:
    """Return the statements of code.

    Raises
    ------
    QuestionError
        It is no code, or too long or too deeply nested to be read.
    """
    if len(source) > LONGEST:
        raise QuestionError.no_value()
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise QuestionError.no_value() from error


def value_at(node: ast.expr) -> Value:
    """Return the value that an expression writes out; see :func:`value_of`."""
    try:
        found = _read(node)
    except RecursionError as error:
        raise QuestionError.no_value() from error
    if not isinstance(found, Value):
        raise QuestionError.no_value()
    return found


def _read(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=str() | int() | float() | None as plain):  # a flag is an int, too
            return plain
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(map(_read, parts))
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return tuple((_read(key), _read(value)) for key, value in zip(keys, values, strict=True) if key)
        case ast.Call(func=ast.Name(id=name), args=given, keywords=named) if name in (known := classes()):
            return _made(known[name], given, named)
    raise QuestionError.no_value()


def _made(kind: type[Value], given: list[ast.expr], named: list[ast.keyword]) -> Value:
    """Return a value as its class makes it of what JSON may hold, so that every field is checked and named."""
    places = [each.name for each in fields(kind) if not each.kw_only]  # type: ignore[arg-type]
    names = [*places[: len(given)], *(keyword.arg for keyword in named)]
    if len(given) > len(places) or None in names or len(set(names)) < len(names) or {"kind", "version"} & set(names):
        raise QuestionError.no_value()
    held = map(_read, (*given, *(keyword.value for keyword in named)))
    return kind.from_dict({"kind": kind.kind, "version": kind.version, **dict(zip(map(str, names), held, strict=True))})
