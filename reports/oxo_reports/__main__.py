"""`python -m oxo_reports`."""

from oxo_reports.cli import main

main()
