"""Intent: planted intent and null labels, a leak, the sample's waste under any names, and what people judge of it."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from sizes import cases

from analysis import Filter, Intent, Tables
from analysis.audience.intent.kernel import People, Told, calibration, fit, told
from analysis.audience.intent.question import IntentAnswer
from analysis.audience.intent.review import JUDGED, compared, drawn
from analysis.errors import DataError
from analysis.estimates import ratio
from analysis.messages import translate
from analysis.sharing.downloads import csv
from analysis.vocabulary import INTENTS

CURRENT = Filter(campaign="Double 11 2026")


def people(rng: np.random.Generator, effect: float, n: int = 4_000) -> People:
    levels, away = rng.integers(0, 4, (n, 6)), rng.integers(0, 6, n)
    odds = -2.5 - 0.2 * away + effect * (0.5 * levels[:, 0] - 0.3 * levels[:, 1])
    bought = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)
    return People(levels, away, bought, 1 - bought)


def judged(rng: np.random.Generator, effect: float, *, shuffled: bool = False) -> Told:
    learnt, tested = people(rng, effect), people(rng, effect)
    if shuffled:
        learnt, tested = (
            each._replace(bought=(own := rng.permutation(each.bought)), idle=1 - own) for each in (learnt, tested)
        )
    full, recency = (fit(m, learnt.bought, learnt.idle) for m in (learnt.matrix, learnt.recency))
    return told(full.probability(tested.matrix), recency.probability(tested.recency), tested)


def test_planted_intent_is_found_and_shuffled_labels_say_nothing() -> None:
    rng, runs = np.random.default_rng(20261111), cases(100)
    assert sum(judged(rng, 1.0).better for _ in range(runs)) >= 0.9 * runs
    assert sum(judged(rng, 1.0, shuffled=True).better for _ in range(runs)) <= 0.1 * runs
    assert sum(judged(rng, 0.0).better for _ in range(runs)) <= 0.1 * runs  # recency matters, nothing else does


def test_the_gain_is_that_of_every_pair() -> None:
    rng = np.random.default_rng(4)
    given = people(rng, 1.0, 120)
    scores = [rng.integers(0, 9, 120) / 9 + 0.2 * given.bought, rng.integers(0, 9, 120) / 9]
    found = told(*scores, given)
    for score, area in zip(scores, (found.behaviour, found.recency), strict=True):
        pairs = score[given.bought > 0][:, None] - score[given.idle > 0][None, :]
        assert area == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    jackknife = []
    for i in range(120):
        kept = np.arange(120) != i
        rest = told(*(s[kept] for s in scores), People(*(part[kept] for part in given)))
        jackknife.append(rest.behaviour - rest.recency)
    error = float(found.gain.high - found.gain.low) / (2 * 1.96)
    assert error == pytest.approx(np.sqrt(119 / 120 * ((jackknife - np.mean(jackknife)) ** 2).sum()), rel=0.05)


def test_calibration_intervals_cover_true_probabilities() -> None:
    rng, held = np.random.default_rng(6), []
    for _ in range(cases(60)):
        n = 3_000
        probability = rng.beta(2, 20, n).round(3)
        bought = (rng.random(n) < probability).astype(float)
        found = calibration(probability, People(np.zeros((n, 1), int), np.zeros(n, int), bought, 1 - bought))
        held += list((found.rate.low <= found.expected) & (found.expected <= found.rate.high))
    assert 0.93 <= np.mean(held) <= 0.98


@pytest.fixture(scope="module")
def answer(sample: Tables) -> IntentAnswer:
    found = Intent(within=14, where=CURRENT).run(sample)
    assert isinstance(found, IntentAnswer)
    return found


def test_the_samples_waste_is_found(answer: IntentAnswer) -> None:
    spend = answer.frame("spend")
    low = spend[spend["intent"] == "low intent"]
    assert low[["channel", "audience"]].to_numpy().tolist() == [["display", "low_intent"]]
    assert low["share"].iloc[0] == pytest.approx(0.8, abs=1e-9)  # planted, exactly
    high = spend.query("audience == 'high_intent'").iloc[0]
    of = ratio(low["bought"].iloc[0], low["users"].iloc[0], high["bought"], high["users"])
    assert of.low <= 0.3 <= of.high  # planted for the cart, and the rest of the way is the same for both
    assert "80.0% of the spend on display ads" in answer.say(answer.headline)


def test_the_waste_is_found_whatever_the_audiences_are_called(sample: Tables, answer: IntentAnswer) -> None:
    called = {"low_intent": "b", "high_intent": "a"}
    given = {}
    for table in ("events", "orders", "spend"):
        frame = sample.arrow(table).to_pandas()
        given[table] = frame.assign(audience=frame["audience"].map(called)) if "audience" in frame else frame
    renamed = Intent(within=14, where=CURRENT).run(Tables(**given, campaign=sample.campaign)).frame("spend")
    assert renamed.loc[renamed["intent"] == "low intent", "audience"].tolist() == ["b"]
    assert renamed["share"].tolist() == pytest.approx(
        sorted(renamed["share"].tolist(), key=renamed["share"].tolist().index)
    )
    assert sorted(renamed["spend"]) == pytest.approx(sorted(answer.frame("spend")["spend"]))


def test_behaviour_beats_recency_on_the_sample_and_the_calibration_is_told(answer: IntentAnswer) -> None:
    gain = answer.frame("told").iloc[0]
    assert gain["low"] > 0
    # The last two weeks hold the eleventh of November: more buy than two quiet weeks foretell, and it is said.
    assert answer.caveat is not None
    assert answer.caveat.code == "calibration"
    reasons = answer.shown("reasons", "en")["reason"]
    assert "How often they viewed a product" in set(reasons)


def made(n: int = 900, days: int = 60, effect: float = 1.0, seed: int = 3) -> dict[str, pd.DataFrame]:
    """Return people whose carts foretell buying (by `effect`), on days drawn alike."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2026-01-01 10:00")
    keen = rng.random(n) < 0.5
    rows, sold = [], []
    for user in range(n):
        for day in np.sort(rng.integers(0, days, 5)):
            rows.append((f"u{user}", start + pd.Timedelta(days=int(day)), "cart" if keen[user] else "view"))
        chance = 0.012 + 0.03 * effect * keen[user]
        sold += [
            (f"u{user}", start + pd.Timedelta(days=int(day), hours=3))
            for day in np.flatnonzero(rng.random(days) < chance)
        ]
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
    orders = pd.DataFrame(sold, columns=["user_id", "timestamp"])
    orders = orders.assign(
        order_id=[f"o{i}" for i in range(len(orders))], paid_at=orders["timestamp"], revenue=9.0, currency="CNY"
    )
    return {"events": events, "orders": orders}


def test_a_leak_from_after_the_day_changes_no_score() -> None:
    given, at = made(), "2026-02-09"
    asked = Intent(at=at, within=10)
    known = asked.scored(Tables(**given)).sort_by("user_id")
    after = pd.Timestamp("2026-02-10 01:00")
    buyers = given["orders"].loc[given["orders"]["timestamp"] >= after, "user_id"].unique()
    leak = pd.DataFrame({"user_id": np.repeat(buyers, 9), "timestamp": after, "event": "cart"})
    # The column says of every event, earlier ones too, who will buy.
    new = [leak.assign(event=f"thanked {i}", channel=f"channel {i}") for i in range(12)]
    events = pd.concat([given["events"], leak, *new], ignore_index=True)
    events = events.assign(will_buy=events["user_id"].isin(buyers).map({True: "yes", False: "no"}))
    leaked = asked.scored(Tables(events=events, orders=given["orders"])).sort_by("user_id")
    assert leaked.equals(known)
    cut = {name: frame[frame["timestamp"] < after - pd.Timedelta(hours=1)] for name, frame in given.items()}
    assert asked.scored(Tables(**cut)).sort_by("user_id").equals(known)


def test_no_better_than_recency_is_said() -> None:
    answer = Intent(within=10).run(Tables(**made(effect=0.0)))
    assert "tells no better than how lately they came" in answer.text()
    assert [note.level for note in answer.notes if note.code == "no-better"] == ["warning"]
    found = Intent(within=10).run(Tables(**made()))
    assert "they came in" in found.text() and "no-better" not in {note.code for note in found.notes}
    assert "needs spend" in found.text()


def test_members_are_those_counted() -> None:
    held = Tables(**made())
    asked = Intent(within=10)
    counts = pd.Series(asked.members(held)["stage"].to_pylist()).value_counts()
    table = asked.run(held).table.set_index("intent")["users"]
    assert {band: int(counts.get(band, 0)) for band in INTENTS} == table.to_dict()


def test_too_few_and_odd_data_are_told_in_words() -> None:
    given = made(60, 40)
    with pytest.raises(DataError, match="too few to tell who will"):
        Intent(within=2).run(Tables(**given))
    with pytest.raises(DataError, match="who ordered"):
        Intent().run(Tables(events=given["events"], orders=given["orders"].assign(user_id=None)))
    one = {name: frame.query("user_id == 'u1'") for name, frame in made().items()}
    with pytest.raises(DataError, match="too few"):
        Intent().run(Tables(**one))
    day = {name: frame.assign(**{c: pd.Timestamp("2026-01-05") for c in frame.columns if frame[c].dtype.kind == "M"})
           for name, frame in given.items()}  # fmt: skip
    with pytest.raises(DataError, match="too few"):
        Intent().run(Tables(**day))


# ---- people look at it ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.long
def test_a_sample_goes_out_as_a_file_and_comes_back(language: str) -> None:
    held, asked = Tables(**made()), Intent(within=10)
    sheet = drawn(asked, held, seed=5, language=language)
    users = len(asked.members(held))
    assert len(sheet) == -(-3 * users // 10)
    assert sheet.equals(drawn(asked, held, seed=5, language=language))
    assert not sheet.iloc[:, 0].equals(drawn(asked, held, seed=6, language=language).iloc[:, 0])
    back = pd.read_csv(io.BytesIO(csv(sheet)), dtype=str)
    model = dict(zip(*asked.members(held).to_pydict().values(), strict=True))
    judgements = [translate(model[user], language) for user in back.iloc[:, 0]]
    judgements[:10] = [
        translate("low" if model[user] != "low intent" else "high", language) for user in back.iloc[:10, 0]
    ]
    judgements[-20:] = [""] * 20
    back[translate(JUDGED, language)] = judgements
    review = compared(asked, held, back, seed=5)
    assert (review.drawn, review.judged) == (len(sheet), len(sheet) - 20)
    assert review.disagreement.value == pytest.approx(10 / review.judged)
    assert "10 of them" in review.headline.text()
    with pytest.raises(DataError, match="were not drawn"):
        compared(asked, held, back, seed=6)


def test_a_file_that_is_not_filled_in_is_told() -> None:
    held, asked = Tables(**made()), Intent(within=10)
    sheet = drawn(asked, held)
    with pytest.raises(DataError, match="Nobody is judged yet"):
        compared(asked, held, sheet)
    with pytest.raises(DataError, match="maybe is no judgement"):
        compared(asked, held, sheet.assign(**{JUDGED: "maybe"}))
    with pytest.raises(DataError, match="judged twice"):
        compared(asked, held, pd.concat([sheet, sheet]).assign(**{JUDGED: "low"}))
    with pytest.raises(DataError, match="has no column"):
        compared(asked, held, sheet.drop(columns=JUDGED))
