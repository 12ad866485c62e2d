"""The tour leads from stop to stop to the visitor's own file, can be left, and is not offered twice."""

from __future__ import annotations

from harness import headline, run
from streamlit.testing.v1 import AppTest

from ui.screens import SCREENS
from ui.tour import STOPS


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=f"tour.{key}").click()
    return run(app)


def offered(app: AppTest) -> bool:
    return any(button.key == "tour.start" for button in app.main.button)


def on_tour(app: AppTest) -> bool:
    return any(str(button.key).startswith("tour.") for button in app.main.button)


def title(app: AppTest) -> str:
    return app.main.title[0].value


def test_it_leads_through_every_stop_to_a_file_of_ones_own(opened) -> None:
    app = press(opened("home"), "start")
    for n, stop in enumerate(STOPS):
        assert any(m.value == f"**{stop.title}** · {n + 1} of {len(STOPS)}" for m in app.main.markdown)
        assert app.query_params["tour"] in (str(n + 1), [str(n + 1)])
        if stop.page in SCREENS:
            assert title(app) == SCREENS[stop.page].title
        if n + 1 < len(STOPS):
            press(app, "next")
    assert title(app) == "What data is here?"
    assert app.main.get("file_uploader")
    assert not on_tour(press(app, "done"))


def test_its_first_stop_is_the_view_it_speaks_of(opened) -> None:
    assert headline(press(opened("home"), "start")).startswith("Android costs most from checkout to purchase")


def test_it_goes_back_and_can_be_found_again_from_another_page(opened) -> None:
    app = press(press(press(opened("home"), "start"), "next"), "back")
    assert title(app) == SCREENS["funnel"].title
    app.switch_page("pages/sales.py")
    run(app)
    assert title(app) == SCREENS["sales"].title
    assert title(press(app, "here")) == SCREENS["funnel"].title


def test_who_declines_is_left_alone_in_the_session_and_by_the_address(opened) -> None:
    app = press(opened("home"), "later")
    assert not on_tour(app)
    assert not offered(run(app))
    assert app.query_params["tour"] in ("off", ["off"])
    assert not on_tour(opened("home", tour="off"))


def test_the_address_comes_back_to_the_stop(opened) -> None:
    app = opened("budget", tour="3")
    assert any(m.value.startswith("**A better budget**") for m in app.main.markdown)


def test_an_address_that_means_nothing_begins_anew(opened) -> None:
    for said in ("7", "0", "-1", "x"):
        assert offered(opened("home", tour=said))


def test_it_is_offered_on_the_first_page_of_the_sample_alone(opened, own) -> None:
    assert offered(opened("home"))
    assert not on_tour(opened("sales"))
    assert not on_tour(opened("home", workspace=own.path.stem))
