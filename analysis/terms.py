"""The glossary: what the words on pages mean, each with its formula and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.messages import N_, translate


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the glossary; its texts are in English and translated when shown.

    Parameters
    ----------
    name : str
    meaning : str
        In a sentence or two, what to beware of included.
    formula : str, optional
        Where it is a figure.
    source : str, optional
        Who it is from: a reference.
    kinds : tuple of str, optional
        The kinds of question that it is found in.
    labels : tuple of str, optional
        The labels of columns that it explains.
    also : str, optional
        What else people call it, in any language, for a search.
    """

    name: str
    meaning: str
    formula: str = ""
    source: str = ""
    kinds: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    also: str = ""

    def text(self, language: str = "en") -> str:
        """Return meaning and formula in a language, as a tooltip has them."""
        meaning, formula = translate(self.meaning, language), translate(self.formula, language)
        return f"{meaning} {formula}" if formula else meaning


TERMS: tuple[Term, ...] = (
    Term(
        N_("ROI"),
        N_("Realised revenue over what was spent: how much came back for each unit of money."),
        formula=N_("realised revenue / spend"),
        kinds=("funnel-money", "simulation", "allocation"),
        labels=("ROI", "ROI (of claims: ROAS)", "ROI as spent (of claims: ROAS)"),
        also="return on investment 投入产出比 回报率",
    ),
    Term(
        N_("Attributed ROI"),
        N_(
            "Realised revenue that an attribution credits to a channel over what was spent on it; ROI counts all of it."
        ),
        formula=N_("credited revenue / spend"),
        kinds=("attribution",),
        labels=("Attributed ROI",),
    ),
    Term(
        N_("ROAS"),
        N_(
            "Revenue that an advertising platform claims for itself over what it cost. Several platforms may "
            "claim one order, and refunds are seldom taken off."
        ),
        formula=N_("attributed revenue / spend"),
        kinds=("performance", "response-curves", "scenario", "allocation"),
        labels=("ROAS, as claimed",),
        also="return on ad spend 广告支出回报",
    ),
    Term(
        N_("Profit ROI"),
        N_("Profit over spend: what is left of the margin once the spend is paid."),
        formula=N_("(margin × revenue − spend) / spend"),
        kinds=("allocation", "budget-frontier"),
        also="利润率 profit",
    ),
    Term(
        N_("Marginal ROI"),
        N_(
            "What the next unit of money would bring in a channel, spread over time as the money spent was. Money"
            " should move from where it is low to where it is high."
        ),
        formula=N_("slope of the response curve at the present spend"),
        kinds=("response-curves", "scenario", "allocation", "simulation", "rule-replay"),
        labels=(
            "Marginal ROI",
            "Marginal ROI as spent",
            "Marginal ROI from",
            "Marginal ROI to",
            "What the next unit earns",
            "Marginal ROI known",
        ),
        also="marginal return 边际回报 边际ROI",
    ),
    Term(
        N_("Realised revenue"),
        N_(
            "What was paid less what was given back. An order that was cancelled, failed or refunded in full is "
            "no purchase."
        ),
        formula=N_("paid − refunds"),
        kinds=("sales", "attribution", "funnel-money", "segments", "private-domain"),
        labels=("Realised revenue", "Revenue", "Revenue of matched orders", "Credited revenue"),
        also="revenue 收入 净收入 实收收入",
    ),
    Term(
        N_("Amount created (GMV)"),
        N_("The gross value of orders when they were placed, paid or not. It is no money received."),
        formula=N_("Σ value of the orders created"),
        kinds=("sales",),
        labels=("Amount created", "Orders created"),
        also="gross merchandise value 成交总额 GMV",
    ),
    Term(
        N_("Refund rate"),
        N_(
            "How many of the orders paid were given back in full; beside it stands how much of the amount paid "
            "went back."
        ),
        formula=N_("orders refunded in full / orders paid"),
        kinds=("sales",),
        labels=(
            "Refund rate",
            "Refund rate, of orders paid",
            "Refunds, of the amount paid",
            "Refunds",
            "Orders refunded in full",
        ),
        also="returns 退货率",
    ),
    Term(
        N_("Paid rate"),
        N_("How many of the orders created were paid. Those of the last day may still be, and are not judged."),
        formula=N_("orders paid / orders created a day or more before the data ends"),
        kinds=("sales",),
        labels=("Paid, of orders created", "Orders paid", "Of the step before"),
        also="payment rate 付款率 催付",
    ),
    Term(
        N_("Orders kept"),
        N_("Orders of which something is left after cancellations and refunds."),
        kinds=("sales",),
        labels=("Orders kept",),
        also="有效单",
    ),
    Term(
        N_("Average order value (AOV)"),
        N_(
            "What an order that was kept came to. Per buyer it is another figure (in Chinese 客单价), as one buyer "
            "may order several times."
        ),
        formula=N_("realised revenue / orders kept"),
        kinds=("sales",),
        labels=("Average order value",),
        also="AOV 客单价 单均 order value",
    ),
    Term(
        N_("New and returning buyers"),
        N_("A buyer is new with the first purchase in all of the data; the shorter the data, the more look new."),
        kinds=("sales", "payback", "private-domain"),
        labels=("New buyers", "Returning buyers", "New customers", "Private domain: new buyers"),
        also="new customers 拉新 复购客",
    ),
    Term(
        N_("Impressions"),
        N_("How often advertisements were shown, as the platforms count."),
        kinds=("performance",),
        labels=("Impressions",),
        also="views 曝光 曝光量",
    ),
    Term(
        N_("Click-through rate (CTR)"),
        N_("How many of the impressions were clicked."),
        formula=N_("clicks / impressions"),
        kinds=("performance",),
        labels=("Click-through rate (CTR)", "Clicks"),
        also="CTR 点击",
    ),
    Term(
        N_("Cost per thousand impressions (CPM)"),
        N_("What a thousand impressions cost."),
        formula=N_("1,000 × spend / impressions"),
        kinds=("performance",),
        labels=("Cost per thousand impressions (CPM)",),
        also="CPM 千展",
    ),
    Term(
        N_("Cost per click (CPC)"),
        N_("What a click cost."),
        formula=N_("spend / clicks"),
        kinds=("performance",),
        labels=("Cost per click (CPC)",),
        also="CPC 点击单价",
    ),
    Term(
        N_("Conversion rate of clicks (CVR)"),
        N_("How many clicks became a conversion, as the platforms count."),
        formula=N_("conversions / clicks"),
        kinds=("performance",),
        labels=("Conversion rate of clicks (CVR)", "Conversions the platforms count"),
        also="CVR",
    ),
    Term(
        N_("Cost per conversion (CPA)"),
        N_("What a conversion that a platform counts cost."),
        formula=N_("spend / conversions"),
        kinds=("performance",),
        labels=("Cost per conversion (CPA)",),
        also="CPA acquisition cost 获客成本",
    ),
    Term(
        N_("Attributed revenue"),
        N_("Revenue that a platform says it brought. It is a claim, not what would be lost without it."),
        kinds=("performance", "response-curves"),
        labels=("Revenue the platforms claim", "Attributed revenue", "Attributed revenue at usual demand"),
        also="claims 自报 归因收入",
    ),
    Term(
        N_("Conversion rate"),
        N_("How many of those who had the whole time went on. Whose time is not over is in no rate."),
        formula=N_("people who went on in time / people whose time is over"),
        kinds=("funnel", "drop-offs", "page-speed", "funnel-rules"),
        labels=(
            "Conversion",
            "Conversion rate",
            "From first step",
            "Went on",
            "Others went on",
            "Converted",
            "At the last step",
            "Window over: in time",
            "Converts in the end",
            "Converted by then",
            "Rate before",
            "Rate after",
            "Fast: conversion rate",
            "Slow: conversion rate",
        ),
        also="CR 转化",
    ),
    Term(
        N_("Conversion from step to step"),
        N_("How many of those at one step of a funnel got to the next in time. The rates of a funnel multiply."),
        formula=N_("settled at step k / settled at step k−1"),
        kinds=("funnel",),
        labels=("From previous step",),
        also="step conversion 步骤转化",
    ),
    Term(
        N_("Drop-off"),
        N_("Somebody who took a step and can no longer take the next in time. Who still can is still open."),
        formula=N_("users of a step = users of the next + dropped + still open"),
        kinds=("funnel", "drop-offs", "funnel-paths"),
        labels=("Dropped", "Users lost, estimated"),
        also="churn drop off 跳失 流失",
    ),
    Term(
        N_("Still open"),
        N_("People whose time has not run out when the data end. They are counted and shown, never as lost."),
        kinds=("funnel", "time-to-convert"),
        labels=("Still open", "Window over: later"),
        also="censored 未到期",
    ),
    Term(
        N_("Conversion window"),
        N_("The longest time from the first step to the last, the boundary included."),
        kinds=("funnel", "time-to-convert", "page-speed"),
        labels=("Window", "Users whose window is over", "Conversions that took longer"),
        also="window 窗口期 时间窗",
    ),
    Term(
        N_("Worth of a drop-off"),
        N_("What it would bring to lift a group to the others' rate: where to look, not what a fix is sure to bring."),
        formula=N_("people lost × realised revenue per user of the group"),
        kinds=("drop-offs",),
        labels=("Worth", "Times the others' rate"),
        also="损失金额",
    ),
    Term(
        N_("Mix and rate"),
        N_(
            "A change of a whole splits exactly into other people having come (mix) and people having done "
            "otherwise (rate)."
        ),
        formula=N_("mix = Σ change of share × mean rate; rate = Σ change of rate × mean share"),
        source="Kitagawa (1955), Components of a difference between two rates",
        kinds=("funnel-change",),
        labels=("From mix", "From rates", "Share of users before", "Share of users after"),
        also="decomposition 拆解 归因拆分",
    ),
    Term(
        N_("Time to convert"),
        N_("How long people take from one step to another. The median of all exists only where half of them go on."),
        source="Kaplan and Meier (1958), Nonparametric estimation from incomplete observations",
        kinds=("time-to-convert", "funnel"),
        labels=(
            "Median time",
            "Median time from previous step",
            "Half of the conversions within",
            "Time since the first of the two steps",
        ),
        also="时长 耗时",
    ),
    Term(
        N_("Path"),
        N_("The events that follow one another from a start. At every level their counts add up to all paths."),
        kinds=("paths", "funnel-paths"),
        labels=("Of all", "Share of all", "At the event before", "Share of those at the event before"),
        also="journey flow 桑基图",
    ),
    Term(
        N_("Slow pages"),
        N_("People whose pages take longer to load than a mark, beside others who saw as many pages."),
        formula=N_("conversions gained = slow users × (fast rate at as many pages − slow rate)"),
        kinds=("page-speed",),
        labels=(
            "Slow over fast",
            "Slow less fast",
            "Conversions gained if as fast",
            "Adjusted to the slow users' numbers of pages",
            "Slow: compared with fast users of as many pages",
            "Load time above (s)",
            "Load time to (s)",
        ),
        also="load time 加载 白屏",
    ),
    Term(
        N_("Retention"),
        N_("How many of those who started in a period were back in a later one. Periods that are not over are marked."),
        formula=N_("people back in period k / people of the cohort"),
        kinds=("retention", "private-domain", "growth"),
        labels=(
            "Came back",
            "Came back a period later",
            "30-day retention",
            "Share of them that returned",
            "Back within 30 days",
        ),
        also="cohort 回访 留存率",
    ),
    Term(
        N_("Cohort"),
        N_("People who started, or bought for the first time, in the same period."),
        kinds=("retention", "payback"),
        labels=("Cohorts", "Periods later", "Weeks observed"),
        also="群组 cohort analysis",
    ),
    Term(
        N_("Participation rate"),
        N_("How many of the same loyal users, or regulars, took part in a campaign."),
        formula=N_("loyal users who took part / loyal users"),
        kinds=("participation",),
        labels=(
            "Participation rate",
            "Took part",
            "Could come",
            "Came",
            "Change per campaign",
            "Came to the next one",
            "Share that came to the next one",
            "Trend",
        ),
        also="fatigue 疲劳 参加率",
    ),
    Term(
        N_("Touchpoint"),
        N_(
            "Something of the campaign that people meet: social seeding, fission, a live room. What goes with "
            "meeting it is an association."
        ),
        formula=N_("difference = rate after meeting it − rate of comparable others"),
        source="Hernán and Robins (2016), Using big data to emulate a target trial",
        kinds=("nodes",),
        labels=(
            "Converted after it",
            "Comparable others",
            "Difference",
            "More conversions",
            "Met it",
            "Of them compared",
            "Plain difference, ever met or not",
            "Compared with (days of others)",
        ),
        also="play node 玩法 节点",
    ),
    Term(
        N_("Attribution"),
        N_(
            "Sharing out conversions or revenue among the touches that came before. It does not say what would "
            "have happened otherwise."
        ),
        kinds=("attribution",),
        labels=(
            "Credited conversions",
            "Share, mean of the models",
            "Share, lowest of the models",
            "Share, highest of the models",
            "Ahead of the next",
        ),
        also="credit 功劳",
    ),
    Term(
        N_("First and last touch"),
        N_("All credit goes to the first touch of a path, or to the last."),
        kinds=("attribution",),
        labels=("First touch", "Last touch", "Last non-direct"),
        also="last click 末次点击",
    ),
    Term(
        N_("Linear, time decay and position-based"),
        N_("Every touch counts alike; the nearer to the conversion the more; or the first and last most."),
        formula=N_("decay weight = 2^(−time / half-life)"),
        kinds=("attribution",),
        labels=("Linear", "Time decay", "Position-based"),
        also="multi-touch 多触点",
    ),
    Term(
        N_("Markov attribution"),
        N_("A touch is credited with the conversions that would be lost if every path through it ended there."),
        formula=N_("removal effect, made to add up to all conversions"),
        source="Anderl et al. (2016), Mapping the customer journey",
        kinds=("attribution",),
        labels=("Markov",),
    ),
    Term(
        N_("Shapley value"),
        N_(
            "What a player adds, averaged over all orders in which players could join: credit of touches, or of "
            "parts of a gain."
        ),
        source="Shapley (1953), A value for n-person games",
        kinds=("attribution", "simulation"),
        labels=("Shapley",),
        also="夏普利",
    ),
    Term(
        N_("Lifecycle stage"),
        N_("The furthest somebody has ever come: reach, interest, a first order, repurchase."),
        kinds=("lifecycle",),
        labels=("Value", "Value per user", "Share of the stage they were in"),
        also="生命周期 AIPL",
    ),
    Term(
        N_("Buyer's state"),
        N_("Active, at risk, lapsed or won back, by how long ago somebody last bought and the data's own gaps."),
        kinds=("lifecycle-states",),
        labels=("Share of buyers", "Share of the state they were in"),
        also="churn lapsed 流失 召回 沉睡",
    ),
    Term(
        N_("New, returning, resurrected and dormant"),
        N_("Who is active for the first time, was in the period before, was only earlier, or is no longer."),
        formula=N_("active = returning + new + resurrected"),
        kinds=("growth",),
        labels=(
            "New",
            "Returning",
            "Resurrected",
            "Gone dormant",
            "Net growth",
            "Active",
            "Active in the period before",
        ),
        also="growth accounting 拉新 促活",
    ),
    Term(
        N_("RFM"),
        N_(
            "How recently, how often and for how much somebody bought, as scores that never part customers who "
            "are alike."
        ),
        source="Shopify Admin API, CustomerRfmGroup",
        kinds=("rfm",),
        labels=(
            "Days since the last purchase, half of them less",
            "Amount paid",
            "Paid per customer",
            "Share of the amount paid",
            "Paid since",
            "Paid since, per person",
            "Bought since",
            "Share who bought since",
            "Share of what was paid since",
            "Share of the group they were in",
            "Purchases",
            "Where it is",
            "Cut",
        ),
        also="recency frequency monetary 会员分层",
    ),
    Term(
        N_("Customer lifetime value (CLV)"),
        N_("What customers are expected to bring within some days, from how often and for how much they bought."),
        formula=N_("expected purchases × expected amount of one"),
        source="Fader, Hardie and Lee (2005); Batislam et al. (2007) for MBG/NBD",
        kinds=("lifetime-value", "value-holdout"),
        labels=(
            "Expected purchases",
            "Expected revenue per customer",
            "Share of expected revenue",
            "Foretold purchases",
            "Foretold by the other model",
            "Log-likelihood",
            "Estimate",
            "Paid so far",
        ),
        also="LTV CLV BG/NBD 终身价值",
    ),
    Term(
        N_("Still buy, expected"),
        N_("The share of customers expected not to have left. It is a belief from their gaps, not a count."),
        kinds=("lifetime-value",),
        labels=(
            "Still buy, expected share",
            "Still buy after these days, expected share",
            "Of these still buy, expected share",
            "Customers who bought once",
        ),
        also="P(alive) 存活概率",
    ),
    Term(
        N_("Payback"),
        N_("How long it takes until what a new customer cost has come back as margin."),
        formula=N_("first week in which margin per new customer ≥ spend per new customer"),
        kinds=("payback",),
        labels=(
            "Week of payback",
            "Margin per new customer",
            "Share of the spend that came back",
            "Week since the first purchase",
        ),
        also="payback period 回收期",
    ),
    Term(
        N_("Cost of a new buyer (CAC)"),
        N_("All spend over the number of first purchases of the same time."),
        formula=N_("spend / new buyers"),
        kinds=("payback", "private-domain"),
        labels=("Spend per new customer", "Spend per new buyer", "Private domain: spend per new buyer"),
        also="CAC acquisition cost 获客成本 拉新成本",
    ),
    Term(
        N_("Intent"),
        N_("How likely somebody is to buy soon, told by what they did before."),
        kinds=("intent",),
        labels=(
            "Probability",
            "Their mean probability now",
            "Buyers expected",
            "Share that bought",
            "Over all others' share",
            "Odds ratio per level",
            "Users tested",
            "Of them bought",
            "Users brought",
        ),
        also="propensity 意向度",
    ),
    Term(
        N_("Pairs told right (AUC)"),
        N_("Of a buyer and another, how often the buyer is given the higher probability; 50% is guessing."),
        source="DeLong et al. (1988)",
        kinds=("intent",),
        labels=("Pairs told by behaviour", "Pairs told by recency alone", "Gain"),
        also="AUC ROC",
    ),
    Term(
        N_("Cluster"),
        N_("A sort of users alike in what they do. A number of groups is taken only where resamples agree."),
        kinds=("clusters",),
        labels=(
            "Agreement of resamples",
            "Standard deviations from all others",
            "Typical of the group",
            "Typical of everybody",
        ),
        also="k-means 分类",
    ),
    Term(
        N_("Coverage of an audience"),
        N_("How many of the people worth most before the day are in the audience that is spoken to."),
        formula=N_("high-value users in the audience / high-value users"),
        kinds=("coverage",),
        labels=("In the audience", "Share in the audience", "Value before the day", "Value of those in the audience"),
        also="覆盖",
    ),
    Term(
        N_("Segment"),
        N_("People kept under a name: as a list of a day, or as a rule that is asked anew."),
        kinds=("segments",),
        labels=("In both", "Share of the row's users"),
        also="audience 人群",
    ),
    Term(
        N_("Private domain"),
        N_(
            "Channels that a brand owns and can speak through without paying for each contact: chat groups, mini "
            "programs, members."
        ),
        kinds=("private-domain",),
        labels=(
            "Private domain's share of visits",
            "Private domain: visits",
            "Private domain: revenue",
            "Private domain: spend",
            "Share of visits",
            "Visits",
        ),
        also="private traffic 私域流量 企微",
    ),
    Term(
        N_("Share of revenue"),
        N_("What part of all revenue a group brings. Its interval is wide where few buyers carry it."),
        formula=N_("revenue of the group / all revenue"),
        kinds=("segments", "private-domain"),
        labels=("Share of revenue", "Revenue per user"),
    ),
    Term(
        N_("Response curve"),
        N_("How a channel's revenue rises with its spend and levels off."),
        formula=N_("revenue = demand × ceiling × u(carried spend / half-saturation)"),
        source="Jin et al. (2017), Bayesian methods for media mix modeling",
        kinds=("response-curves", "scenario", "allocation"),
        labels=("Revenue of a period", "R²", "Likelihood of the form", "Likeliest form"),
        also="MMM media mix 营销组合模型",
    ),
    Term(
        N_("Saturation"),
        N_(
            "The more is spent in a period, the less the next unit brings; the half-saturation point is the spend"
            " that brings half of the most."
        ),
        kinds=("response-curves",),
        labels=("Ceiling of a period", "Spend at half the ceiling", "Beyond the spend observed"),
        also="diminishing returns 边际递减 半饱和",
    ),
    Term(
        N_("Carry-over (adstock)"),
        N_("Part of what money does comes in later periods."),
        formula=N_("carried spend = mean of this and up to 12 earlier periods, weights carry-over^k"),
        source="Broadbent (1979), One way TV advertisements work",
        kinds=("response-curves",),
        labels=("Carried to the next period",),
        also="adstock 滞后 广告余效",
    ),
    Term(
        N_("Contribution"),
        N_("What the curve says the spend observed brought in all."),
        kinds=("response-curves",),
        labels=("Contribution", "Contribution known"),
        also="增量贡献",
    ),
    Term(
        N_("Lift test"),
        N_(
            "An experiment that changes spend for some and not for others. It alone measures what money causes, "
            "and enters the curves."
        ),
        kinds=("response-curves",),
        labels=("What it says of cause", "Fitted to"),
        also="incrementality holdout 增量测试",
    ),
    Term(
        N_("Expected revenue"),
        N_(
            "What a plan would bring by the curves, with the interval of the curves. Chance of one campaign comes"
            " on top."
        ),
        kinds=("scenario", "allocation", "plans", "budget-frontier", "lifetime-value"),
        labels=(
            "Expected revenue",
            "Change in revenue",
            "Revenue as spent",
            "Change that lies beyond the spend observed",
            "Highest period, planned over observed",
        ),
        also="forecast 预测收入",
    ),
    Term(
        N_("Price of a rule (shadow price)"),
        N_("How much better the best plan would get if a rule's bound gave way by one unit."),
        kinds=("allocation",),
        labels=(
            "Gain per unit of the bound relaxed",
            "Loss per unit of the bound tightened",
            "Takes from the goal in all",
            "Holds the plan back",
        ),
        also="dual 对偶",
    ),
    Term(
        N_("Reserve"),
        N_("Budget held back from the start, for what nobody planned."),
        kinds=("simulation", "allocation", "rule-replay"),
        labels=("Reserved", "Still reserved", "Drawn from the reserve", "Released"),
        also="备用金 预留",
    ),
    Term(
        N_("Spend over plan"),
        N_("What was spent less what was planned, to the cent."),
        formula=N_("spent − planned"),
        kinds=("money-flow",),
        labels=("Spent over plan", "Planned", "Spent"),
        also="budget variance 超支",
    ),
    Term(
        N_("Fixed split"),
        N_("The same budget divided once, by what was spent so far, and left alone: what rules are compared with."),
        kinds=("simulation", "break-even", "rule-sweep"),
        labels=(
            "More than the fixed split",
            "More than the fixed split so far",
            "Fixed split of the whole budget",
            "Fixed split, reserve held back",
            "Runs better than the fixed split",
            "More than one split by the curves",
            "Split once by the curves",
            "More than it was (modelled)",
        ),
        also="baseline 基准",
    ),
    Term(
        N_("Parts of the gain"),
        N_(
            "What makes up what rules gain or lose against the fixed split: the rules meet the same runs again with "
            "one thing more at a time, and each part is what that changes. Chance aside means that they see every "
            "order at once and as it is expected."
        ),
        kinds=("simulation",),
        labels=(
            "Of the gain: holding money back",
            "Of the gain: releasing it in parts",
            "Of the gain: moving money, chance aside",
            "Of the gain: dearer traffic and learning anew",
            "Of the gain: orders that come in late",
            "Of the gain: chance in the orders",
            "Of the gain: answering shocks",
        ),
    ),
    Term(
        N_("What a shock card changed"),
        N_(
            "Revenue, or gain, less what it is in the same runs where that card alone never comes. As cards may hide "
            "or answer each other, these need not add up to what all change together."
        ),
        kinds=("simulation",),
        labels=("Of the fixed split", "Of the gain", "Gain from", "Gain to"),
    ),
    Term(
        N_("Regret"),
        N_("How far a policy stays behind the most that anybody could earn within the limits."),
        formula=N_("most within the limits − revenue of the policy"),
        source="Lai and Robbins (1985)",
        kinds=("simulation",),
        labels=("Below the best within the limits", "At most, within the limits", "At most, without limits"),
        also="遗憾",
    ),
    Term(
        N_("Thompson sampling"),
        N_("A policy that moves money by drawing from what it believes each channel earns."),
        source="Thompson (1933); Chapelle and Li (2011)",
        kinds=("simulation",),
        labels=("Thompson sampling",),
        also="bandit 老虎机",
    ),
    Term(
        N_("True effect of a decision"),
        N_(
            "What the campaign would lack without it: it is played again with the same chance. Before and after "
            "often points the other way."
        ),
        kinds=("simulation", "rule-replay"),
        labels=(
            "True effect by the end",
            "True effect, left out alone",
            "Revenue seen after less before",
            "Brought, estimated",
        ),
        also="前后对比",
    ),
    Term(
        N_("Break-even"),
        N_("The value of a setting at which rules earn no more than a split left alone."),
        kinds=("break-even",),
        labels=("Break-even",),
        also="平衡点",
    ),
    Term(
        N_("Surge"),
        N_("Much more demand than was forecast, for hours. Where orders are few, it cannot be told from chance."),
        kinds=("simulation",),
        labels=(
            "Surges",
            "Surges declared",
            "Surges found while on",
            "Surges missed",
            "Declared without a surge",
            "Hours until found",
        ),
        also="spike 爆单 洪峰",
    ),
    Term(
        N_("False alarm"),
        N_("A rule or test that speaks up where nothing happens but chance."),
        kinds=("rule-check", "drop-offs"),
        labels=("Times a week that it is met", "Of the times it could act"),
        also="false positive 假阳性",
    ),
    Term(
        N_("95% interval"),
        N_(
            "The range that holds the true figure in 95 of 100 such samples (confidence), or with 95% probability"
            " given the model (credible, for the curves). A difference whose interval holds zero may be chance."
        ),
        source="Wilson (1927); Newcombe (1998); Miettinen and Nurminen (1985)",
        kinds=("funnel", "sales", "response-curves"),
        labels=("95% from", "95% to", "Runs from (5%)", "Runs to (95%)"),
        also="confidence interval credible interval 置信区间 可信区间 CI",
    ),
    Term(
        N_("Beyond chance"),
        N_("A difference that chance does not explain, allowing for how many were looked at."),
        source="Benjamini and Hochberg (1995)",
        kinds=("drop-offs", "comparison", "nodes", "sales"),
        labels=("Beyond chance", "p-value"),
        also="significant significance 显著 p值",
    ),
    Term(
        N_("Sample-ratio mismatch (SRM)"),
        N_(
            "An experiment whose groups are not of the sizes they were meant to be: something is wrong with how "
            "people were assigned, and its result is not to be believed."
        ),
        formula=N_("chi-squared test of the numbers assigned against the shares meant"),
        source="Fabijan et al. (2019)",
        also="SRM A/B 分流",
    ),
    Term(
        N_("Uplift"),
        N_("What an action adds to what would have happened anyway."),
        formula=N_("rate of those acted on − rate of a like group left alone"),
        also="lift incremental 提升",
    ),
    Term(
        N_("Change against the campaign before"),
        N_("This campaign beside the same days of the one before, day by day from their starts."),
        kinds=("sales", "performance", "comparison"),
        labels=("Change", "Right less left"),
        also="year on year 同比 环比",
    ),
    Term(
        N_("Goal"),
        N_(
            "A figure that the campaign is to reach by a day. What is covered of the way to it is counted from what "
            "was set out from; the chance to reach it is that of the forecast, 1 or 0 once it is settled."
        ),
        formula=N_("(now − base) / (target − base)"),
        kinds=("goal-progress",),
        labels=("Way covered", "Chance to reach it", "By its day, 95% from", "By its day, 95% to"),
        also="target objective KPI 目标 达成率 完成度",
    ),
    Term(
        N_("Gap to the plan"),
        N_(
            "What came less what was aimed at, in parts that add up to the cent: more or less money spent, money in "
            "other phases (timing), what a unit of it came to (return), and what no spend explains. It says where the "
            "gap arose, not what caused it."
        ),
        formula=N_("outcome − aim = money spent + timing + return + unexplained"),
        kinds=("campaign-review",),
        labels=("Gap: spend", "Gap: timing", "Gap: return", "Gap: unexplained", "Revenue expected"),
        also="variance analysis 复盘 差额 归因",
    ),
    Term(
        N_("Predicted and happened"),
        N_("A forecast that was kept, beside what came in its days, and whether its 95% interval held that."),
        kinds=("campaign-review",),
        labels=("What came", "Within the interval"),
        also="forecast accuracy 预测 实际",
    ),
    Term(
        N_("Scorecard"),
        N_(
            "Campaigns by value, efficiency and experience, weighted. Weights are a choice; where an order flips at a "
            "weight near the chosen one, it rests on that choice."
        ),
        formula=N_("exp(sum of weight × ln(figure / mean of the campaigns))"),
        kinds=("scorecard",),
        labels=(
            "Score",
            "Score over the other's",
            "Against the mean of the campaigns",
            "Its weight",
            "Order flips at weight",
            "Settled by the data",
        ),
        also="score weights 记分卡 权重",
    ),
)
