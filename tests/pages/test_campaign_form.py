"""A campaign is kept as its form says, with phases or without."""

from __future__ import annotations

from pathlib import Path

from harness import run, stands_on

from ui import session


def test_a_campaign_without_phases_is_kept(opened, workspaces: Path) -> None:
    app = opened("data")
    app.text_input(key="data.new.name").set_value("No phases")
    app.button(key="data.new").click()
    run(app)
    here = stands_on(app)
    app.number_input(key=f"data.campaign.{here.path.stem}.budget").set_value(5000.0)
    form = next(b for b in app.button if "data.campaign.form" in b.proto.id)
    form.click()
    run(app)
    assert not app.error and here.campaign
    assert (here.campaign.budget, here.campaign.phases) == (5000.0, ())
    assert session.SAMPLE not in here.path.stem
