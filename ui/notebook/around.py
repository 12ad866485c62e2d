"""What stands around a notebook's cells: which notebook, undo, what goes out and comes in, its history."""

from __future__ import annotations

import streamlit as st

from analysis import Tables
from analysis.errors import SluiceError
from analysis.notebook import Notebook, Words, dated, looked, told
from analysis.notebook.templates import TEMPLATES
from analysis.question import Question
from analysis.sharing import downloads, from_jupyter, notebooks, pictures, reports
from analysis.workspace import Kept
from ui import kept, naming, session
from ui.clock import moment
from ui.language import _, look, shown, unseen
from ui.notebook import adding, cells, desk
from ui.notebook.stale import badge

PLACE = "notebook.list"
FOREIGN = "notebook.foreign"


# ---- all notebooks ----------------------------------------------------------------------------------------


def shelf(tables: Tables) -> None:
    """Draw the workspace's notebooks, and what makes a new one."""
    kept.undo(PLACE)
    _foreign()
    for one in desk.kept():
        with st.container(horizontal=True, vertical_alignment="center", key=f"notebook.kept.{one.id}"):
            st.button(shown(one.value.title), key=f"notebook.open.{one.id}", icon=":material/book:", on_click=desk.lay,
                      args=(one,))  # fmt: skip
            st.markdown(_("{n} cells, changed {when}", n=len(one.value.cells), when=moment(one.at)),
                        width="content")  # fmt: skip
            kept.forget(PLACE, one, f"notebook.forget.{one.id}")
    _forgotten()
    st.subheader(_("A new notebook"), anchor=False)
    columns = st.columns(3)
    for n, (name, template) in enumerate(TEMPLATES.items()):
        with columns[n % 3].container(border=True):
            st.markdown(f"**{_(template.title)}**  \n{_(template.about)}")
            if st.button(_("Begin"), key=f"notebook.template.{name}"):
                adding.template(name, tables)
    with columns[len(TEMPLATES) % 3].container(border=True):
        name, about = _("Empty"), _("For questions of your own, each added from its page or here.")
        st.markdown(f"**{name}**  \n{about}")
        title = st.text_input(_("Title"), key="notebook.new.title", max_chars=80, placeholder=_("Title"),
                              label_visibility="collapsed").strip()  # fmt: skip
        if st.button(_("Begin"), key="notebook.new"):
            desk.create(Notebook(title=title or _("Notebook")))
            st.rerun()
    _bring()


def _forgotten() -> None:
    gone = session.workspace().forgotten(Notebook)
    if not gone:
        return
    with st.expander(_("Forgotten notebooks"), key="notebook.forgotten"):
        for one in gone:
            with st.container(horizontal=True, vertical_alignment="center", key=f"notebook.gone.{one.id}"):
                st.markdown(f"{shown(one.value.title)} · {moment(one.at)}", width="content")
                st.button(_("Bring back"), key=f"notebook.back.{one.id}", type="tertiary", on_click=_restore,
                          args=(one.id, None))  # fmt: skip


def _bring() -> None:
    """Read a notebook back from a Jupyter file, or from the ZIP that Sluice writes; nothing in it is run."""
    with st.expander(_("Bring in a notebook from Jupyter"), key="notebook.bring"):
        st.markdown(_("An .ipynb, or the ZIP that Sluice wrote. Code that is not Sluice's is listed, never run."))
        file = st.file_uploader(_("Notebook file"), type=["ipynb", "zip"], key="notebook.file",
                                label_visibility="collapsed")  # fmt: skip
        if file and st.button(_("Bring in"), key="notebook.bring.do", type="primary"):
            found = from_jupyter.read(file.getvalue(), file.name)
            st.session_state[FOREIGN] = found
            desk.create(found.notebook)
            st.rerun()


def _foreign() -> None:
    """Say, once, what a file that was brought in held beside what is ours."""
    found = st.session_state.pop(FOREIGN, None)
    if found is None:
        return
    for message in found.words:
        st.info(shown(message), icon=":material/info:")
    if found.foreign:
        with st.expander(_("Not Sluice's, and not run"), key="notebook.not-ours"):
            for source in found.foreign:
                st.code(source, language="python", wrap_lines=True)


# ---- one notebook -----------------------------------------------------------------------------------------


def line(laid: desk.Desk) -> None:
    """Draw what can be done with the whole notebook."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="notebook.line"):
        st.button(_("All notebooks"), icon=":material/arrow_back:", on_click=desk.lay, args=(None,), type="tertiary",
                  key="notebook.shelf")  # fmt: skip
        st.button(unseen(_("Undo")), icon=":material/undo:", key="notebook.undo", on_click=desk.step_back,
                  help=_("Undo"), type="tertiary")  # fmt: skip
        st.button(unseen(_("Redo")), icon=":material/redo:", key="notebook.redo", on_click=desk.step_on,
                  help=_("Redo"), type="tertiary")  # fmt: skip
        with st.popover(_("Contents"), icon=":material/toc:", type="tertiary", key="notebook.contents"):
            named = ((contents(cell.holds) or cells.title(cell), cell.id) for cell in laid.book.cells)
            st.markdown("\n".join(f"- [{name}](#cell-{id})" for name, id in named if name))
        with st.popover(_("Title"), icon=":material/edit:", type="tertiary", key="notebook.rename"):
            title = st.text_input(
                _("Title"), laid.book.title, max_chars=200, key=f"notebook.title.{laid.kept.revision}"
            )
            if title.strip() and title.strip() != laid.book.title:
                desk.change(laid.book.replace(title=title.strip()))
                st.rerun()
        with st.popover(_("Take out"), icon=":material/download:", type="tertiary", key="notebook.out"):
            _out(laid.kept.id, laid.book.title)
        history = st.popover(
            _("History"), icon=":material/history:", type="tertiary", key="notebook.history", on_change="rerun"
        )
        if history.open:  # each revision is a whole notebook: none is read before somebody asks
            with history:
                _history(laid.kept)


def contents(held: object) -> str:
    """Return a text's first heading, safe to put into markdown; nothing for one without."""
    if not isinstance(held, Words):
        return ""
    found = next((line for line in held.text.splitlines() if line.startswith("#")), "")
    return shown(found.lstrip("# ")[:80])


def _out(id: int, title: str) -> None:
    # Files are made in another thread, which knows neither the session's workspace nor its language. A cell may be
    # drawn anew without this line: what goes out is what is kept by then.
    here, seen, name = session.workspace(), look(), naming.here()

    def now() -> tuple[Notebook, Tables]:
        return next(one.value for one in here.kept(Notebook) if one.id == id), here.tables()

    def drawn(book: Notebook, tables: Tables) -> bytes:
        return pictures.archive(book, told(book, tables, seen), seen)

    offers = (
        (_("Report (HTML)"), "html", "text/html", lambda: reports.html(*now(), seen, workspace=name)),
        (_("Jupyter, with the data"), "zip", "application/zip", lambda: notebooks.bundle(*now(), seen)),
        (_("Pictures (PNG, SVG)"), "pictures.zip", "application/zip", lambda: drawn(*now())),
    )  # fmt: skip
    for label, ending, mime, make in offers:
        if ending == "pictures.zip" and pictures.lacks_font(seen.language):
            continue
        st.download_button(label, data=session.taken("notebook", make), file_name=downloads.file_name(title, ending),
                           mime=mime, on_click="ignore", key=f"notebook.out.{ending}")  # fmt: skip
    st.caption(_("The report is one file: it opens without a network, its charts live, and prints on A4."))


def _history(one: Kept[Notebook]) -> None:
    for past in session.workspace().history(one.id)[:30]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"notebook.past.{past.revision}"):
            assert isinstance(past.value, Notebook)
            st.markdown(_("{when}, {n} cells", when=moment(past.at), n=len(past.value.cells)),
                        width="content")  # fmt: skip
            if past.revision != one.revision:
                st.button(_("Back to this"), key=f"notebook.past.{past.revision}.back", type="tertiary",
                          on_click=_restore, args=(one.id, past.revision))  # fmt: skip


def _restore(id: int, revision: int | None) -> None:
    try:
        session.to_change().restore(id, revision)
        desk.lay(desk.newest(id))
    except SluiceError as error:
        st.session_state[desk.REFUSED] = error.message


def end() -> None:
    """Draw what adds a cell at the end."""
    with st.container(horizontal=True, key="notebook.end"):
        if st.button(_("Add a text"), icon=":material/notes:", key="notebook.add.text"):
            added = desk.book().add(Words())
            st.session_state[desk.EDITED] = added.cells[-1].id
            desk.change(added)
            st.rerun()
        if st.button(_("Add a question"), icon=":material/help_center:", key="notebook.add.question"):
            st.session_state[adding.BELOW] = ""
            st.rerun()


def changed(laid: desk.Desk, tables: Tables) -> None:
    """Offer to look which cells say something else, where the data are not those that were looked at last."""
    if not any(dated(cell, tables) for cell in laid.book.cells):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="notebook.new-data"):
        st.markdown(_("The data changed since this notebook was last looked at."), width="stretch")
        if st.button(_("Which answers changed?"), key="notebook.check", type="primary"):
            with st.spinner(_("Asking every question again…")):
                found = told(laid.book, tables, look(), session.ask)
            stale = {id: said for id, said in found.items() if said.stale}
            fresh = {id: said for id, said in found.items() if id not in stale}
            st.session_state["notebook.stale"] = list(stale)
            cells.near().update(stale)
            desk.change(looked(laid.book, fresh))
            st.rerun()
        if st.button(_("All seen"), key="notebook.seen-all", type="tertiary"):
            desk.change(looked(laid.book, told(laid.book, tables, look(), session.ask)))
            st.session_state["notebook.stale"] = None
            st.rerun()
    stale = st.session_state.get("notebook.stale")
    if stale is not None:
        text = _("Text")
        named = [f"[{cells.title(c) or contents(c.holds) or text}](#cell-{c.id})"
                 for c in laid.book.cells if c.id in stale]  # fmt: skip
        st.markdown(_("Changed: {cells}", cells=" · ".join(named)) if named else _("No answer changed."))


def conflict(laid: desk.Desk) -> None:
    """Show both versions where somebody else changed the notebook meanwhile, and let one choose."""
    theirs = desk.newest(laid.kept.id)
    assert laid.meant is not None
    st.warning(_("Somebody else changed this notebook while you did. Nothing is lost: choose which one goes on."),
               icon=":material/group:")  # fmt: skip
    left, right = st.columns(2)
    with left.container(border=True):
        st.markdown("**" + _("Their version") + "**")
        _version(theirs.value if theirs else None, laid.meant)
        st.button(_("Go on with theirs"), key="notebook.theirs", on_click=desk.take_theirs,
                  help=_("Yours is kept as a notebook of its own."))  # fmt: skip
    with right.container(border=True):
        st.markdown("**" + _("Your version") + "**")
        _version(laid.meant, theirs.value if theirs else None)
        st.button(_("Go on with mine"), key="notebook.mine", on_click=desk.take_mine,
                  help=_("Theirs stays in the history."))  # fmt: skip


def _version(book: Notebook | None, other: Notebook | None) -> None:
    """List a version's cells; what the other version has otherwise, or not at all, is marked."""
    if book is None:
        st.markdown(_("It was forgotten."))
        return
    held = {cell.id: cell.holds for cell in other.cells} if other else {}
    for cell in book.cells:
        holds = cell.holds
        words = holds.text[:120] if isinstance(holds, Words) else cells.title(cell)
        mark = "" if held.get(cell.id) == holds else badge(_("differs")) + " "
        more = f" `{holds!r}`" if isinstance(holds, Question) and mark else ""
        said = shown(words) if isinstance(holds, Words) else words
        st.markdown(f"- {mark}{said}{more if '`' not in more[2:-1] else ''}")
