"""Who will buy soon, and is money spent on those who will not?"""

from __future__ import annotations

import io

import pandas as pd
import streamlit as st

from analysis import Intent, Tables
from analysis.answer import Answer
from analysis.audience.intent import review
from analysis.audience.intent.question import IntentAnswer
from analysis.errors import DataError
from analysis.messages import say
from analysis.sharing import downloads
from ui import session
from ui.controls import currency_of, number, observed, one_day, sentence, widget_key
from ui.language import N_, _, current, shown
from ui.screens.base import Screen


def controls(tables: Tables, start: Intent) -> Intent:
    """Draw the sentence that is the question."""
    first, last = observed(tables, "events")
    with sentence():
        st.markdown(_("Of those seen by"), width="content")
        at = one_day("at", _("By"), start.at, first, last)
        st.markdown(_("who will buy within"), width="content")
        within = number(widget_key("within"), _("Days within which they buy"), start.within, min_value=1, max_value=365)
        st.markdown(_("days, by what they did in the last"), width="content")
        back = number(widget_key("lookback"), _("Days looked back"), start.lookback, min_value=1, max_value=1000)
        st.markdown(_("days"), width="content")
        currency = currency_of(tables, start.currency)
    return start.replace(at=at, within=int(within), lookback=int(back), currency=currency)


# ---- people look at it ------------------------------------------------------------------------------------


def reviewed(answer: Answer) -> None:
    """Draw what hands a sample out for review, and takes it back."""
    assert isinstance(answer, IntentAnswer)
    st.markdown("##### " + _("Let people judge a sample"))
    with sentence("review"):
        st.markdown(_("Draw"), width="content")
        share = number(widget_key("review.share"), _("Percent of people"), round(100 * review.SHARE), min_value=1,
                       max_value=100)  # fmt: skip
        st.markdown(_("% of people with seed"), width="content")
        seed = int(number(widget_key("review.seed"), _("Random seed"), 0, min_value=0, max_value=2**31))
    asked, language = answer.question.replace(at=answer.at), current()
    tables = session.tables()
    assert tables is not None  # there is an answer

    def sheet() -> bytes:
        return downloads.csv(review.drawn(asked, tables, share=share / 100, seed=seed, language=language))

    st.download_button(
        _("Sample to judge"), session.taken("sample", sheet), file_name="review.csv", mime="text/csv",
        icon=":material/rule:", key=widget_key("review.sheet"), on_click="ignore",
    )  # fmt: skip
    given = st.file_uploader(_("The sample, judged"), type="csv", key=widget_key("review.given"))
    if given is not None:
        with session.said_plainly():
            found = review.compared(asked, tables, _read(given.getvalue()), share=share / 100, seed=seed)
            st.markdown(shown(found.headline))
            columns = {"intent": _("Model"), "judged": _("People"), "users": _("Users")}
            words = found.table.assign(**{side: found.table[side].map(_) for side in ("intent", "judged")})
            st.dataframe(words.rename(columns=columns), hide_index=True)


def _read(content: bytes) -> pd.DataFrame:
    try:
        return pd.read_csv(io.BytesIO(content), dtype=str, encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError) as error:
        text = say("The file could not be read as CSV in UTF-8. Save it as such and bring it again.")
        raise DataError.not_reviewed(text) from error


SCREEN = Screen(
    Intent,
    name="intent",
    label=N_("Intent"),
    icon=":material/psychology:",
    controls=controls,
    waiting=N_("Learning who buys from what people did…"),
    under=reviewed,
)
