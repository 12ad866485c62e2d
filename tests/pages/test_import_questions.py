"""What a file leaves open is asked on the Data page, and what is said there is what is imported."""

from __future__ import annotations

from typing import Any

from harness import errors, headline, run
from pages.test_data_page import own, press_import, said, upload
from streamlit.testing.v1 import AppTest

KEY = "data.map.0"


def open_import(opened: Any, text: str, name: str) -> AppTest:
    return upload(own(opened("data"), name), ("file.csv", text.encode()))


def blocked(app: AppTest) -> bool:
    return bool(app.button(key="data.import").disabled)


def test_which_of_two_columns_is_meant(opened: Any) -> None:
    text = "Date,Channel,Cost (USD),Cost (EUR)\n2026-11-01,ads,10,9\n2026-11-02,ads,5,4.5\n"
    app = open_import(opened, text, "two columns")
    assert blocked(app)
    assert "which of several columns is meant?" in said(app)
    radio = app.radio(key=f"{KEY}.settled.spend")
    assert radio.options == ["Cost (USD)", "Cost (EUR)"]
    radio.set_value("Cost (EUR)")
    app = press_import(run(app))
    assert errors(app) == ""
    assert "€13.50 ad spend" in headline(app)


def test_words_that_nobody_knows_and_what_was_given_back(opened: Any) -> None:
    text = (
        "order_id,created_at,total,currency,status,user_id\n1,2026-11-01,10,CNY,paid,u\n2,2026-11-01,20,CNY,Zebra,u\n"
        "3,2026-11-01,40,CNY,partially refunded,u\n"
    )
    app = open_import(opened, text, "statuses")
    assert blocked(app)
    assert "Zebra × 1 = 20.00" in said(app)
    app.selectbox(key=f"{KEY}.status.zebra").set_value("delivered")
    app = run(app)
    assert blocked(app)
    app.radio(key=f"{KEY}.part_refunds").set_value("whole")
    app = press_import(run(app))
    assert errors(app) == ""
    assert "orders paid, less refunds (CN¥30.00)" in headline(app)


def test_which_results_are_orders(opened: Any) -> None:
    text = "date,channel,cost,currency,results,result type\n2026-11-01,ads,10,CNY,7,Zebra events\n"
    app = open_import(opened, text, "results")
    assert blocked(app)
    app.radio(key=f"{KEY}.result.zebra events").set_value("other")
    assert not blocked(run(app))


def test_when_an_order_that_is_paid_when_it_comes_counts(opened: Any) -> None:
    text = (
        "order_id,created_at,total,currency,status,payment_method,user_id\n1,2026-11-01,10,CNY,processing,cod,u\n"
        "2,2026-11-01,20,CNY,completed,cod,u\n"
    )
    app = open_import(opened, text, "on delivery")
    next(staged for staged in app.session_state["staged"].values()).open = True
    app = run(app)
    assert not blocked(app)
    assert "count as paid once they are delivered" in said(app)
    app.radio(key=f"{KEY}.on_delivery").set_value(False)
    app = press_import(run(app))
    assert "orders paid, less refunds (CN¥30.00)" in headline(app)


def test_a_file_that_nobody_knows_is_said_to_be_unknown(opened: Any) -> None:
    app = open_import(opened, "farbe,wetter\nrot,sonne\nblau,regen\n", "unknown")
    assert "I do not know this export." in said(app)
    assert app.selectbox(key=f"{KEY}.table").value is None
    app.selectbox(key=f"{KEY}.table").set_value("orders")
    app = run(app)
    assert "I do not know this export." not in said(app)
    assert app.selectbox(key=f"{KEY}.table").value == "orders"


def test_a_report_that_is_added_up_is_named_with_what_to_bring_instead(opened: Any) -> None:
    app = open_import(opened, "label,nb_uniq_visitors,nb_visits,nb_actions\nsearch,5,7,20\n", "added up")
    assert blocked(app)
    assert "a report of Matomo that is added up already" in said(app)


def test_a_price_may_be_said_to_be_that_of_one_piece(opened: Any) -> None:
    text = "order_id,date,quantity,price,currency\n1,2026-11-01,2,10,CNY\n2,2026-11-01,3,15,CNY\n"
    app = open_import(opened, text, "pieces")
    assert blocked(app)
    assert "price × quantity is the amount of each row" in "".join(box.label for box in app.checkbox)
    app.selectbox(key=f"{KEY}.factors").set_value("")
    app = press_import(run(app))
    assert "2 orders created (CN¥25.00)" in headline(app)
