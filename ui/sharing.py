"""With whom a workspace is shared: people, groups, everybody; as what; and who did what in it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from analysis.errors import SluiceError
from analysis.messages import N_
from server import audit
from server.audit import Entry
from server.people import Person
from server.registry import Registry
from server.rights import ROLES, Action, Role
from ui import naming, session, who
from ui.clock import moment
from ui.controls import told_apart
from ui.language import _, shown

KEY = "sharing"
EVERYBODY = "everybody"
GIVEN = (Role.VIEWER, Role.EDITOR, Role.OWNER)
_REFUSED = f"{KEY}.refused"
WHAT = {
    "kept": N_("kept"),
    "forgotten": N_("forgotten"),
    "restored": N_("brought back"),
    "opened": N_("room opened"),
    "entered": N_("room entered"),
    "reset": N_("fresh copy given"),
    "extended": N_("room extended"),
    "stays": N_("room stays"),
    "ends": N_("room ends in time"),
    "closed": N_("room closed"),
    "removed": N_("removed"),
    "no-groups": N_("the provider gave no groups"),
    "in-no-group": N_("in no group that may come in"),
    "let in again": N_("let in again"),
    "archived": N_("into the archive"),
    "trash": N_("into the trash"),
    "open": N_("taken back"),
    "made": N_("backed up"),
    "data": N_("data"),
    "picture": N_("a picture"),
    "notebook": N_("a notebook"),
    "customers": N_("a marked list of customers"),
    "sample": N_("a sample to judge"),
    "records": N_("records"),
    "sample-copy": N_("a copy of the sample"),
    "team": N_("a workspace"),
    "viewer": N_("Viewer"),
    "editor": N_("Editor"),
    "owner": N_("Owner"),
    "none": N_("no more"),
}
"""What an entry says beside the action, in words; a kind of question stands as it is called in code."""
ACTIONS = {
    "sign-in": N_("signed in"),
    "sign-out": N_("signed out"),
    "refused": N_("was refused at sign-in"),
    "open": N_("opened"),
    "download": N_("took along"),
    "save": N_("changed what is saved"),
    "segment": N_("changed a segment"),
    "record": N_("changed a record"),
    "notebook": N_("changed a notebook"),
    "campaign": N_("changed the campaign"),
    "import": N_("imported"),
    "undo": N_("undid an import"),
    "copy": N_("took a copy"),
    "room": N_("guest room"),
    "rename": N_("renamed"),
    "share": N_("shared"),
    "archive": N_("archived"),
    "delete": N_("deleted"),
    "create": N_("made"),
    "hand-over": N_("gave to another owner"),
    "people": N_("people of the server"),
    "backup": N_("backed up or restored"),
}


def button() -> None:
    """Draw what opens the dialog, for who may share the workspace."""
    if who.person().alone or session.current() == session.SAMPLE:
        return
    if session.workspace().may(Action.SHARE) and st.button(_("Share with others"), icon=":material/group:", key=KEY):
        dialog()


@st.dialog(" ", width="medium")
def dialog() -> None:
    """Draw with whom the workspace is shared, and change it."""
    with session.said_plainly():
        here, held = session.workspace(), session.registry()
        here.check(Action.SHARE)
        st.subheader(_("Share {name}", name=shown(naming.called(here.id, here.name))), anchor=False)
        if said := st.session_state.pop(_REFUSED, None):
            st.error(shown(said), icon=":material/error:")
        _shared(held, here.id)
        _add(held, here.id)
        _everybody(held, here.id)
        if here.may(Action.HISTORY):
            with st.expander(_("Who did what here"), key=f"{KEY}.history", on_change="rerun") as fold:
                if fold.open:
                    entries(audit.noted(held, here.id), held)


def _everybody(held: Registry, id: str) -> None:
    options = [0, int(Role.VIEWER), int(Role.EDITOR)]
    words = {0: _("do not see it"), 1: _("may look"), 2: _("may look and change")}
    now = held.everybody(id)
    st.session_state[f"{KEY}.everybody"] = int(now or 0)
    st.selectbox(_("All others who sign in"), options, key=f"{KEY}.everybody", format_func=words.__getitem__,
                 on_change=_change, args=(EVERYBODY, f"{KEY}.everybody"))  # fmt: skip


def _shared(held: Registry, id: str) -> None:
    owner = held.owner(id)
    st.markdown(_("**{name}** is the owner", name=shown(owner.name if owner else _("nobody yet"))))
    for whom, role in held.shares(id):
        key = f"{KEY}.role.{whom}"
        st.session_state[key] = int(role)
        with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}.row.{whom}"):
            st.text(called(held, whom), width="stretch")
            st.selectbox(_("Role"), [int(r) for r in GIVEN], key=key, format_func=_role, label_visibility="collapsed",
                         on_change=_change, args=(whom, key), width=140)  # fmt: skip
            st.button(_("Take back"), key=f"{KEY}.out.{whom}", on_click=_give, args=(whom, None), type="tertiary")


def _add(held: Registry, id: str) -> None:
    taken = {whom for whom, _role in held.shares(id)} | {f"person:{getattr(held.owner(id), 'id', '')}"}
    people = {f"person:{one.person.id}": named(one.person) for one in held.people() if one.removed is None}
    groups = {whom: called(held, whom) for whom in (f"group:{name}" for name in held.groups())}
    labels = {whom: words for whom, words in (people | groups).items() if whom not in taken}
    if not labels:
        st.caption(_("Nobody else has signed in so far. Whoever has stands here to share with."))
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{KEY}.add"):
        whom = st.selectbox(_("Person or group"), list(labels), index=None, key=f"{KEY}.whom", placeholder=_("Search"),
                            format_func=told_apart(labels, labels.__getitem__), width="stretch")  # fmt: skip
        st.selectbox(_("Role"), [int(r) for r in GIVEN], key=f"{KEY}.as", format_func=_role, width=140)
        st.button(_("Share with them"), type="primary", key=f"{KEY}.give", on_click=_added, disabled=whom is None,
                  help=_("Choose somebody first.") if whom is None else None)  # fmt: skip


def _added() -> None:
    _give(st.session_state[f"{KEY}.whom"], st.session_state[f"{KEY}.as"])


def called(held: Registry, whom: str) -> str:
    """Return how a person or a group is called, so that no two are called alike."""
    kind, _sign, id = whom.partition(":")
    if kind == "group":
        return _("Group {name}", name=id)
    person = held.person(id)
    return named(person) if person else _("somebody")


def named(person: Person) -> str:
    """Return how a person is called, so that no two are called alike."""
    return f"{person.name} ({person.email})" if person.email and person.email != person.name else person.name


def _role(role: int) -> str:
    return _(ROLES[Role(role)])


def _change(whom: str, key: str) -> None:
    _give(whom, int(st.session_state[key]) or None)


def _give(whom: str, role: int | None) -> None:
    """Share, or take it back; asked of the workspace that the session stands on, at this moment."""
    try:
        here = session.workspace()
        here.check(Action.SHARE)
        session.registry().share(here.id, whom, Role(role) if role else None)
        here.note(Action.SHARE, whom=whom.removeprefix("person:"), role=Role(role).name.lower() if role else "none")
    except SluiceError as error:
        st.session_state[_REFUSED] = error.message


# ---- who did what -----------------------------------------------------------------------------------------


def entries(found: Sequence[Entry], held: Registry, names: dict[str, str] | None = None) -> None:
    """Draw entries of the list of what was done; `names` says how workspaces are called."""
    if not found:
        st.caption(_("Nothing was noted so far."))
        return
    rows = [
        {
            _("When"): moment(one.at),
            _("By whom"): _who(held, one.person),
            _("Did what"): _(ACTIONS.get(one.action, one.action)),
            **(
                {_("Workspace"): names.get(one.workspace or "", _("no longer here") if one.workspace else "")}
                if names is not None
                else {}
            ),
            _("More"): ", ".join(_detail(held, key, value) for key, value in one.detail.items()),
        }
        for one in found
    ]
    st.dataframe(rows, hide_index=True, width="stretch")


def _who(held: Registry, id: str) -> str:
    person = held.person(id) if id else None
    return person.name if person else _("somebody")


def _detail(held: Registry, key: str, value: str | int) -> str:
    if key == "rows":
        return _("{n} rows", n=int(value))
    if key == "files":
        return _("{n} files", n=int(value))
    if key == "whom":
        text = str(value)
        return (
            called(held, text if text.startswith("group:") else f"person:{text}")
            if text != EVERYBODY
            else _("everybody")
        )
    if key == "batch":
        return _("batch {n}", n=int(value))
    return _(WHAT[value]) if value in WHAT else str(value)
