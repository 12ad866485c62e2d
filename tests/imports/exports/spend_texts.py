"""Made-up reports of advertising platforms, in their headings, numbers, dates and totals."""

GOOGLE_API = """\
campaign.name,campaign.id,segments.date,customer.currency_code,metrics.impressions,metrics.clicks,metrics.cost_micros,metrics.conversions,metrics.conversions_value
Lamps,11,2026-11-01,EUR,1200,30,12340000,2.0,80.5
Lamps,11,2026-11-02,EUR,900,20,7660000,1.0,19.5
"""
