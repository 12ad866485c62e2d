"""What happens in the simulated market: shock cards, and how it answers; its seed, its runs and its money."""

from __future__ import annotations

import streamlit as st

from analysis import Card, MarketSettings, Simulation, Tables
from analysis.errors import SluiceError
from analysis.messages import Name
from analysis.reallocation.rules import SHOCKS
from ui import session
from ui.controls import become, called, choose, choose_words, widget_key
from ui.language import N_, _
from ui.screens.reallocation_editor import labelled, line, share, window

MOST = 50
TIMES = {
    "demand": N_("Times the usual demand"),
    "health": N_("Times the usual response"),
    "tracked": N_("Times what is usually tracked"),
}
WHEN = {"random": N_("at a random hour"), "fixed": N_("on a day")}


def controls(tables: Tables, start: Simulation) -> Simulation:
    """Draw the market; return the question with it."""
    channels = tables.names("channel", "spend")
    title = _("Shock cards")
    st.markdown(f"**{title}**")
    _cards(start)
    with st.popover(_("Add a card"), icon=":material/add:", key=widget_key("card.add"),
                    disabled=len(start.market.cards) >= MOST):  # fmt: skip
        _card(channels, start)
    market = _answers(channels, _usual(start.market))
    return scale(tables, start.replace(market=market))


# ---- cards ------------------------------------------------------------------------------------------------


def _cards(start: Simulation) -> None:
    if not start.market.cards:
        st.caption(_("No cards besides the surges and failing creatives below."))
    place = widget_key("")
    with st.container(horizontal=True, gap="small"):
        for n, card in enumerate(start.market.cards):
            st.button(session.worded(card.words()), icon=":material/close:", key=widget_key(f"card.{n}"),
                      on_click=_cards_become, args=(place, start, n), help=_("Take this card away"))  # fmt: skip


def _cards_become(place: str, start: Simulation, dropped: int) -> None:
    cards = start.market.cards
    rest = cards[:dropped] + cards[dropped + 1 :]
    become(place, start.replace(market=start.market.replace(cards=rest)))


def _card(channels: tuple[str, ...], start: Simulation) -> None:
    labels = {kind: shock.label for kind, shock in SHOCKS.items()}
    kind = choose_words(widget_key("new.shock"), _("What happens"), labels, "surge", None)
    shock = SHOCKS[kind]
    # A list of its own for each: a browser keeps an option by its words, and "everywhere" is none of the other's.
    where = "new.channel" if shock.everywhere else "new.channel.one"
    nowhere = _("everywhere") if shock.everywhere else _("in a channel at random")
    channel = choose(widget_key(where), _("Where"), ["", *channels], "",
                     lambda c: called("channel")(c) if c else nowhere, None)  # fmt: skip
    with line():
        size = None
        if kind != "decoy":
            usual = float(getattr(shock, shock.size))
            size = labelled(f"new.size.{kind}", _(TIMES[shock.size]), usual, 0.0, 100.0, 0.1)
        lasts = window(f"new.lasts.{kind}", _("for hours"), shock.lasts)
    when = choose_words(widget_key("new.when"), _("When it comes"), WHEN, "random", None)
    with line():
        if when == "fixed":
            at, times = f"{24 * (labelled('new.day', _('Day'), 3, 1, 366, 1) - 1)}h", 1.0
        else:
            at, times = None, labelled("new.times", _("How often"), 1.0, 0.0, 100.0, 0.5)
    try:
        card = Card(shock=kind, channel=channel or None, at=at, lasts=lasts, size=size, times=times)
    except SluiceError as error:
        st.error(session.worded(error.message), icon=":material/error:")
        return
    cards = (*start.market.cards, card)
    st.button(_("Add"), type="primary", key=widget_key("new.add"), on_click=become,
              args=(widget_key(""), start.replace(market=start.market.replace(cards=cards))))  # fmt: skip


# ---- how it answers ---------------------------------------------------------------------------------------


def _usual(own: MarketSettings) -> MarketSettings:
    """Draw what happens without cards."""
    with st.expander(_("Surges and failing creatives"), expanded=True, key=widget_key("usual")):
        with line():
            surges = labelled("surges", _("Surges in a campaign"), own.surges, 0.0, 100.0, 0.5)
            size = labelled("surge-size", _("Times the demand"), own.surge_size, 1.0, 100.0, 0.1)
            lasts = window("surge-lasts", _("for hours"), own.surge_lasts) or "1h"
            price = share("surge-price", _("Traffic dearer, percent"), own.surge_price, most=10_000.0)
        with line():
            failures = labelled("failures", _("Failing creatives"), own.failures, 0.0, 100.0, 0.5)
            kept = share("failure-share", _("Response left, percent"), own.failure_share)
            after = window("replaced", _("replaced after hours"), own.replaced_after) or "1h"
    return own.replace(surges=surges, surge_size=size, surge_lasts=lasts, surge_price=price, failures=failures,
                       failure_share=kept, replaced_after=after)  # fmt: skip


def _answers(channels: tuple[str, ...], own: MarketSettings) -> MarketSettings:
    """Draw how late, how dear and how surely the market answers."""
    with st.expander(_("How the market answers"), expanded=True, key=widget_key("answers")):
        with line():
            late = window("delay", _("Orders come in after hours"), own.conversion_delay)
            error = share("level-error", _("Curves off together, percent"), own.level_error, most=300.0)
            dearer = share("dearer", _("Twice as fast is dearer, percent"), own.dearer, most=1000.0)
            room = labelled("headroom", _("At most, times the highest spend"), own.headroom, 1.0, 100.0, 0.5)
        with line():
            learning = window("learning", _("Learning anew, hours"), own.learning)
            cost = share("learning-cost", _("Response lacking meanwhile, percent"), own.learning_cost)
            session.keep(widget_key("order-value"), own.order_value)
            worth = st.number_input(_("Value of an order"), 0.01, 1e9, step=10.0, key=widget_key("order-value"),
                                    placeholder=_("as seen"), width=150)  # fmt: skip
        delays = _delays(channels, own)
    return own.replace(conversion_delay=late, level_error=error, dearer=dearer, headroom=room, learning=learning,
                       learning_cost=cost, order_value=worth, delays=delays)  # fmt: skip


def _delays(channels: tuple[str, ...], own: MarketSettings) -> dict[str, float]:
    """Draw delays of single channels; those left empty go by the one for all."""
    found, known = {}, dict(own.delays)
    with st.popover(_("Delay by channel"), icon=":material/schedule:", key=widget_key("delays")):
        for channel in channels:
            key = widget_key(f"delay.{channel}")
            session.keep(key, known.get(channel))
            name = _("{channel}: orders come in after hours", channel=Name(called("channel")(channel), None))
            hour = st.number_input(name, 0.0, 1440.0, step=1.0, key=key, placeholder=_("as for all"))
            if hour is not None:
                found[channel] = float(hour)
    return found


def scale(tables: Tables, start: Simulation) -> Simulation:
    """Draw how much money, how many campaigns and which chance."""
    first, second, third, _rest = st.columns([2, 2, 2, 1])
    session.keep(widget_key("budget"), start.budget)
    session.keep(widget_key("runs"), start.runs)
    session.keep(widget_key("seed"), start.seed)
    planned = tables.campaign.budget if tables.campaign else None
    budget = first.number_input(
        _("Whole budget, reserve included"), min_value=1.0, max_value=1e12, step=1000.0, key=widget_key("budget"),
        placeholder=_("the campaign's: {amount}", amount=float(planned)) if planned else _("as spent"), format="%.0f",
    )  # fmt: skip
    runs = second.number_input(
        _("Simulated campaigns (2 to 500)"), min_value=2, max_value=500, step=10, key=widget_key("runs"),
        help=_("Each draws its own curves, surges, failing creatives and noise; every policy meets the same ones."),
    )  # fmt: skip
    seed = third.number_input(_("Seed"), min_value=0, max_value=2**31 - 1, step=1, key=widget_key("seed"),
                              help=_("The same seed meets the same chance; another one, another."))  # fmt: skip
    return start.replace(budget=budget, runs=int(runs), seed=int(seed))
