"""The tests; a package, as some libraries leave one of this name in site-packages, which would be found first."""
