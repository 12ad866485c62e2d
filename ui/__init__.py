"""What the pages share: session, language, filter bar, showing an answer, downloads. No formulas."""
