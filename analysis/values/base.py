"""Frozen values: what questions, filters, campaigns and rules are made of.

A value is a keyword-only frozen dataclass whose fields hold text, numbers, flags, tuples of these, or other
values. That is all JSON can carry, so `to_dict` and `from_dict` are exact inverses, `digest` is stable, and
`repr` is code. A field's check turns what a person gives (a list, a dict, a timedelta) into the one stored
form, or says what was wrong.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from analysis.errors import QuestionError
from analysis.messages import say

_KINDS: dict[str, type[Value]] = {}
T = TypeVar("T")


class Value:
    """Base of every frozen value; see the module's docstring."""

    kind: ClassVar[str]
    version: ClassVar[int]

    def __post_init__(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]
            if check := item.metadata.get("check"):
                object.__setattr__(self, item.name, check(item.name, getattr(self, item.name)))

    def to_dict(self) -> dict[str, Any]:
        """Return the value as plain JSON types, with its kind and format version."""
        own = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type]
        return {"kind": self.kind, "version": self.version, **own}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a value from :meth:`to_dict`; called on a base class it accepts any kind below it."""
        try:
            value = _value(data)
        except RecursionError as error:
            raise QuestionError.unreadable() from error
        if not isinstance(value, cls):
            raise QuestionError.unknown_kind(value.kind, kinds(cls))
        return value

    @classmethod
    def readable(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what was kept of a value as its class can read it: a notebook sets aside what it cannot."""
        return data

    def to_json(self) -> str:
        """Return the canonical JSON text: sorted keys, no spaces."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a value from :meth:`to_json`."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise QuestionError.unreadable() from error
        return cls.from_dict(data)

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON, 64 hexadecimal digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed (and checked)."""
        return replace(self, **changes)  # type: ignore[type-var]

    def __repr__(self) -> str:
        shown = (f for f in fields(self) if not _is_default(f, getattr(self, f.name)))  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in shown)})"


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def value(kind: str, version: int = 1) -> Callable[[type[T]], type[T]]:
    """Make a class a frozen, keyword-only value and register it under `kind`."""

    def decorate(cls: type[T]) -> type[T]:
        made: Any = dataclass(frozen=True, kw_only=True, repr=False)(cls)
        made.kind, made.version = kind, version
        _KINDS[kind] = made
        return made  # type: ignore[no-any-return]

    return decorate


def kinds(base: type[Value] = Value) -> tuple[str, ...]:
    """Return the kinds of `base` and its subclasses."""
    _load()
    return tuple(kind for kind, cls in _KINDS.items() if issubclass(cls, base))


def classes() -> dict[str, type[Value]]:
    """Return every kind's class by the name that code calls it by."""
    return {_KINDS[kind].__name__: _KINDS[kind] for kind in kinds()}


def _plain(item: Any) -> Any:
    if isinstance(item, Value):
        return item.to_dict()
    if isinstance(item, tuple):
        return [_plain(part) for part in item]
    return item


def _class(kind: Any) -> type[Value] | None:
    if not isinstance(kind, str):
        return None
    if kind not in _KINDS:
        _load()
    return _KINDS.get(kind)


def _load() -> None:
    """Load all modules that make kinds, which the library otherwise does when a name of theirs is first used."""
    importlib.import_module("analysis").load()


def _value(data: Any) -> Value:
    if not isinstance(data, Mapping) or "kind" not in data:
        raise QuestionError.unreadable()
    cls = _class(data["kind"])
    if cls is None:
        raise QuestionError.unknown_kind(data["kind"], kinds())
    if not isinstance(data.get("version"), int) or data["version"] > cls.version:
        raise QuestionError.newer(cls.kind, data.get("version", 0))
    own = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    given = {k: _rebuilt(v) for k, v in cls.readable(data).items() if k not in ("kind", "version")}
    if unknown := set(given) - set(own):
        raise QuestionError.unknown_field(min(unknown), own)
    for name, f in own.items():
        if name not in given and f.default is MISSING and f.default_factory is MISSING:
            raise QuestionError.field(name, None, say("it is needed."))
    return cls(**given)


def _rebuilt(item: Any) -> Any:
    if isinstance(item, Mapping):
        return _value(item)
    if isinstance(item, list):
        return tuple(_rebuilt(part) for part in item)
    return item


def _is_default(f: Any, current: Any) -> bool:
    default = f.default_factory() if f.default_factory is not MISSING else f.default
    return default is not MISSING and type(default) is type(current) and bool(default == current)
