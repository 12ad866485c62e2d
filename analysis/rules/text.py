"""How is a rule set written down and read back: YAML or JSON, short enough to type, with errors that name the line?

The text is a tree of settings that are called as the fields of the values are. It is shorter in four places: a
comparison holds its reading's settings itself; conditions are joined by `all`, `any` and `not`; an action is its name,
its name with its first setting, or with several; a share may be a percentage. Nothing in a text is ever run, and
anchors, aliases and tags are refused, so that a small text cannot stand for a large one or for itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import MISSING, Field, fields
from types import NoneType, UnionType
from typing import Any, NamedTuple, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from analysis.errors import DataError, QuestionError, near
from analysis.messages import Code, Message, Names, say
from analysis.rules.actions import Action
from analysis.rules.conditions import METRICS, MOST_PARTS, AllOf, AnyOf, Compare, Condition, NotOf, Reading
from analysis.rules.rule_set import MOST_RULES, Limits, Review, Rule, RuleSet
from analysis.rules.tree import UNQUOTED, tree
from analysis.values import Value

FORMS = ("yaml", "json")
Made = TypeVar("Made", bound=Value)
ACTIONS: dict[str, type[Action]] = {cls.kind: cls for cls in Action.__subclasses__()}
JOINED: dict[str, type[AllOf | AnyOf]] = {"all": AllOf, "any": AnyOf}
READING = tuple(each.name for each in fields(Reading))
COMPARED = (*READING, "is", "than")
HINTS = {cls: get_type_hints(cls) for cls in (RuleSet, Rule, Limits, Review, Reading, *ACTIONS.values())}
"""What the fields of everything that stands in a text hold."""
SHARES = frozenset({"percent", "step", "share", "floor", "reserve", "tranches", "day", "rejects"})
"""Fields that are written as percentages."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?(%?)", re.ASCII)
_UNPRINTED = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML, or a reader of it, takes for the end of a line or for nothing at all."""


# ---- writing ----------------------------------------------------------------------------------------------


def write(asked: RuleSet, form: str = "yaml") -> str:
    """Return a rule set as text that :func:`read` reads back to the same value.

    Parameters
    ----------
    asked : RuleSet
    form : {"yaml", "json"}

    Examples
    --------
    >>> from analysis.rules.ready import plan
    >>> print(write(plan(reserve=0)))
    name: the plan's own rules
    rules:
    - name: move to the higher marginal ROI
      when: {metric: spread, is: '>=', than: 1.1}
      then: [rebalance]
      per: campaign
    <BLANKLINE>
    """
    if form not in FORMS:
        raise QuestionError.field("form", form, say("choose from {choices}.", choices=Names(FORMS)))
    tree = _settings(asked, last="rules")
    if form == "json":
        shown = json.dumps(tree, ensure_ascii=False, indent=2)
        return re.sub(rf"(?!\n){_UNPRINTED.pattern}", lambda found: json.dumps(found[0])[1:-1], shown) + "\n"
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, default_flow_style=None, allow_unicode=True, width=120)


class _Line(dict[str, object]):
    """Settings that stand on one line."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, held: str) -> yaml.ScalarNode:
    style = '"' if _UNPRINTED.search(held) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", held, style=style)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Line, lambda dumper, held: dumper.represent_mapping("tag:yaml.org,2002:map", held, True))


def _settings(held: Value, last: str = "") -> dict[str, object]:
    """Return what is set otherwise than by default."""
    own = [each for each in _fields(type(held)) if getattr(held, each.name) != _default(each)]
    own.sort(key=lambda each: each.name == last)
    return {each.name: _written(each.name, getattr(held, each.name)) for each in own}


def _written(name: str, held: object) -> object:
    match held:
        case Condition():
            return _condition_written(held)
        case Action():
            return _action_written(held)
        case Value():
            return _settings(held)
        case tuple():
            return [_written(name, part) for part in held]
        case float():
            return _number_written(held, name in SHARES)
    return held


def _number_written(x: float, share: bool) -> object:
    """Return a number as short as it can be read back."""
    if share and float(percent := f"{100 * x:.6g}") / 100 == x:
        return f"{percent}%"
    return int(x) if x.is_integer() and abs(x) < 1e15 and str(x) != "-0.0" else x


def _condition_written(held: Condition) -> dict[str, object]:
    match held:
        case Compare(left=left, right=right):
            than: object = _number_written(held.than, METRICS[left.metric].unit == "share" and right is None)
            if right:
                times = {} if held.than == 1 else {"times": _number_written(held.than, False)}
                than = {**times, "metric": right.metric, **_differing(left, right)}
            return _Line({**_settings(left), "is": held.is_, "than": than})
        case NotOf(of=(inner,)):
            return {"not": _condition_written(inner)}
        case AllOf(of=parts) | AnyOf(of=parts):
            return {"all" if isinstance(held, AllOf) else "any": [_condition_written(part) for part in parts]}
    raise TypeError(type(held))


def _differing(left: Reading, right: Reading) -> dict[str, object]:
    """Return what the other reading has otherwise than the first."""
    names = [name for name in READING if name != "metric"]
    return {name: getattr(right, name) for name in names if getattr(right, name) != getattr(left, name)}


def _action_written(held: Action) -> object:
    given = _settings(held)
    first = _fields(type(held))[0].name if _fields(type(held)) else ""
    if not given:
        return held.kind
    return _Line({held.kind: given[first] if list(given) == [first] else given})


# ---- reading --------------------------------------------------------------------------------------------


def read(text: str) -> RuleSet:
    """Return the rule set that a text in YAML or JSON says.

    Parameters
    ----------
    text : str

    Raises
    ------
    QuestionError
        It says no rule set; the line, the setting and the next step are named.

    Examples
    --------
    >>> asked = read('''
    ... name: mine
    ... rules:
    ...   - name: stop
    ...     when: {metric: roi, over: 3d, is: "<", than: 0.8}
    ...     then: pause
    ... ''')
    >>> asked.rules[0].then
    (Pause(),)
    >>> read("rules: [{name: stop, when: {metric: roii, is: '<', than: 1}, then: pause}]")
    Traceback (most recent call last):
    analysis.errors.QuestionError: Line 1, rules 1 › when › metric: There is no metric 'roii'. Did you mean roi?
    """
    return _value(RuleSet, tree(text), ())


class _Entry(NamedTuple):
    """A setting in a text: where its name stands, and what it holds."""

    key: yaml.Node
    held: yaml.Node


Path = tuple[str, ...]
Entries = dict[str, _Entry]


def _refuse(node: yaml.Node, path: Path, reason: Message) -> NoReturn:
    raise QuestionError.in_text(node.start_mark.line + 1, " › ".join(path), reason)


def _entries(node: yaml.Node, path: Path, known: Iterable[str]) -> Entries:
    """Return the settings of a mapping, each of which may stand there once."""
    if not isinstance(node, yaml.MappingNode):
        _refuse(node, path, say("here go settings, each as a name, a colon and what it is."))
    found: Entries = {}
    known = tuple(known)
    for key, held in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name in found:
            first = found[name].key.start_mark.line + 1
            _refuse(key, (*path, name), say("it stands here a second time, after line {n}. Keep one.", n=first))
        if name not in known:
            _refuse(key, path, QuestionError.unknown_field(name, known).message)
        found[name] = _Entry(key, held)
    return found


def _value(cls: type[Made], node: yaml.Node, path: Path) -> Made:
    own = {each.name: each for each in _fields(cls)}
    entries = _entries(node, path, own)
    given = {name: _held(HINTS[cls][name], entry.held, (*path, name)) for name, entry in entries.items()}
    for name, each in own.items():
        if name not in given and _default(each) is MISSING:
            _refuse(node, path, say("{field} is missing. Add it.", field=Code(name)))
    return _made(cls, given, node, path, entries)


def _made(cls: type[Made], given: dict[str, Any], node: yaml.Node, path: Path, entries: Entries) -> Made:
    """Return the value, or say at which setting what its class refuses stands."""
    try:
        return cls(**given)
    except QuestionError as error:
        facts = dict(error.message.params)
        name = {"is_": "is", "left": "metric"}.get(str(facts.get("field")), str(facts.get("field")))
        if name not in entries:
            _refuse(node, path, error.message)
        _refuse(entries[name].key, (*path, name), _refused(name, given.get(str(facts["field"])), facts["expected"]))


def _refused(name: str, got: object, expected: Message) -> Message:
    """Return why a setting cannot be what was written, with the nearest of what it may be."""
    if got == ():
        return expected
    choices = dict(expected.params).get("choices")
    if isinstance(choices, Names) and (names := near(got, map(str, choices.values))):
        facts = {"got": repr(got), "near": Names(tuple(map(Code, names)))}
        if name == "is":
            return say("There is no {what} {got}. Did you mean {near}?", what=say("sign of comparison"), **facts)
        return say("There is no {field} {got}. Did you mean {near}?", field=Code(name), **facts)
    if str(got).lower() in ("today", "yesterday"):
        return say("there is no {got}: what is read of a day that has just begun says nothing yet. Write 1d for the "
                   "last 24 hours.", got=repr(got))  # fmt: skip
    return QuestionError.field(name, got, expected).message


def _held(hint: object, node: yaml.Node, path: Path) -> object:
    """Return what a setting holds, read as what its field is for."""
    if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null") and not node.style:
        return None
    parts = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return _held(next(part for part in parts if part is not NoneType), node, path)
    if get_origin(hint) is tuple:
        return _list(parts[0], node, path)
    if hint is Condition:
        return _condition(node, path)
    if hint is Action:
        return _action(node, path)
    if isinstance(hint, type) and issubclass(hint, Value):
        return _value(hint, node, path)
    return _plain(hint, node, path)


def _list(hint: object, node: yaml.Node, path: Path) -> tuple[object, ...]:
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if hint is Rule:
        return _rules(node, path)
    if len(nodes) == 1:
        return (_held(hint, nodes[0], path),)
    return tuple(_held(hint, each, (*path[:-1], f"{path[-1]} {n}")) for n, each in enumerate(nodes, 1))


def _rules(node: yaml.Node, path: Path) -> tuple[Rule, ...]:
    if not isinstance(node, yaml.SequenceNode):
        _refuse(node, path, say("here goes a list of rules, each beginning with - name:"))
    if len(node.value) > MOST_RULES:
        reason = say("a set takes {most} rules, and here are {n}. Split them over two sets, or join rules that differ "
                     "in their channel alone.", most=MOST_RULES, n=len(node.value))  # fmt: skip
        _refuse(node.value[MOST_RULES], path, reason)
    found: dict[str, Rule] = {}
    for n, each in enumerate(node.value, 1):
        rule = _value(Rule, each, (f"{path[-1]} {n}",))
        if rule.name in found:
            _refuse(each, (f"{path[-1]} {n}", "name"), say("another rule has the name {name}. Give each its own.",
                                                           name=rule.name))  # fmt: skip
        found[rule.name] = rule
    return tuple(found.values())


def _plain(hint: object, node: yaml.Node, path: Path) -> object:
    """Return a text, number or flag; what cannot be one stays text, which the field's own check refuses."""
    if not isinstance(node, yaml.ScalarNode):
        _refuse(node, path, say("it takes a single value here, no list and no settings."))
    held = str(node.value)
    number = _NUMBER.fullmatch(held)
    if hint is bool and not node.style and node.tag.endswith(":bool"):
        return held.lower() in ("true", "yes", "on")
    if hint in (float, int) and number and (number[3] or not node.style):
        if number[3]:
            return float(held[:-1]) / 100
        return int(held) if held.lstrip("+-").isdigit() and len(held) < 20 else float(held)
    return held


def _condition(node: yaml.Node, path: Path) -> Condition:
    if not isinstance(node, yaml.MappingNode) or not node.value:
        reason = say('here goes a condition, such as {{metric: roi, over: 1d, is: "<", than: 0.8}}, or all, any or not '
                     "with conditions.")  # fmt: skip
        _refuse(node, path, reason)
    first = str(node.value[0][0].value)
    if first not in (*JOINED, "not"):
        return _compare(node, path)
    held = _entries(node, path, (first,))[first].held
    where = (*path, first)
    if first == "not":
        return _joined(NotOf, (_condition(held, where),), node, path)
    if not isinstance(held, yaml.SequenceNode):
        _refuse(held, where, say("here goes a list of conditions, in brackets or each beginning with -."))
    parts = [_condition(each, (*path, f"{first} {n}")) for n, each in enumerate(held.value, 1)]
    return _joined(JOINED[first], tuple(parts), node, path)


def _joined(cls: type[Condition], parts: tuple[Condition, ...], node: yaml.Node, path: Path) -> Condition:
    if len(parts) > MOST_PARTS:
        _refuse(node, path, say("at most {most} conditions can be joined at once, and here are {n}. Join some of them "
                                "first.", most=MOST_PARTS, n=len(parts)))  # fmt: skip
    return _made(cls, {"of": parts}, node, path, {})


def _compare(node: yaml.Node, path: Path) -> Compare:
    entries = _entries(node, path, (*COMPARED, *JOINED, "not"))
    if strange := next((name for name in entries if name not in COMPARED), None):
        reason = say("a comparison and {name} cannot stand side by side. Put both into a list under all or any.",
                     name=Code(strange))  # fmt: skip
        _refuse(entries[strange].key, path, reason)
    for name in ("metric", "is", "than"):
        if name not in entries:
            _refuse(node, path, say("{field} is missing. Add it.", field=Code(name)))
    left = _reading(entries, node, path, {})
    than, right = entries["than"].held, None
    where = (*path, "than")
    times: object = 1.0
    if isinstance(than, yaml.MappingNode):
        others = _entries(than, where, ("times", *READING))
        if "metric" not in others:
            _refuse(than, where, say("{field} is missing. Add it.", field=Code("metric")))
        if "times" in others:
            times = _held(float, others["times"].held, (*where, "times"))
        right = _reading(others, than, where, {name: getattr(left, name) for name in READING})
    else:
        times = _held(float, than, where)
    given = {"left": left, "is_": _held(str, entries["is"].held, (*path, "is")), "than": times, "right": right}
    if given["is_"] == "" and isinstance(entries["is"].held, yaml.ScalarNode) and entries["is"].held.style == ">":
        _refuse(entries["is"].key, (*path, "is"), UNQUOTED)
    return _made(Compare, given, node, path, entries)


def _reading(entries: Entries, node: yaml.Node, path: Path, before: dict[str, object]) -> Reading:
    """Return what is read; the other side of a comparison is read as the first, where it does not say otherwise."""
    hints = HINTS[Reading]
    own = {name: _held(hints[name], entries[name].held, (*path, name)) for name in READING if name in entries}
    return _made(Reading, before | own, node, path, entries)


def _action(node: yaml.Node, path: Path) -> Action:
    if isinstance(node, yaml.ScalarNode):
        return _made(_action_class(node, path), {}, node, path, {})
    if not isinstance(node, yaml.MappingNode) or len(node.value) != 1:
        reason = say("here goes one action: its name, or its name with its settings, such as {{rebalance: "
                     "{{step: 5%}}}}. Several make a list, each beginning with -.")  # fmt: skip
        _refuse(node, path, reason)
    key, held = node.value[0]
    cls = _action_class(key, path)
    where = (*path, str(key.value))
    own = _fields(cls)
    if not isinstance(held, yaml.ScalarNode) or not own:
        return _value(cls, held, where)
    name = own[0].name
    given = _held(HINTS[cls][name], held, (*where, name))
    return _made(cls, {} if given is None else {name: given}, node, where, {name: _Entry(held, held)})


def _action_class(key: yaml.Node, path: Path) -> type[Action]:
    name = str(key.value)
    if name not in ACTIONS:
        _refuse(key, path, DataError.unknown(say("action"), name, map(Code, ACTIONS)).message)
    return ACTIONS[name]


def _fields(cls: type[Value]) -> tuple[Field[Any], ...]:
    return fields(cls)  # type: ignore[arg-type]


def _default(each: Field[Any]) -> object:
    return each.default_factory() if each.default_factory is not MISSING else each.default
