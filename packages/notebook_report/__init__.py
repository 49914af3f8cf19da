"""An executed notebook as a report: one page for people who would rather look than read code.

The page is made for text that nobody can trust: nothing in it runs, nothing is loaded, it leads nowhere but to the
files beside it. nbconvert's parts for markdown and for sanitizing do the work; its exporters are not used, because
their templates are not in its package (a Lambda layer would not have them) and load scripts from other hosts.

Knows nothing of what the notebook is about. Tags of cells say what belongs where (`notebook_report.notebook`).
"""

from notebook_report.errors import PageError
from notebook_report.page import Verdict, make_page

__all__ = ["PageError", "Verdict", "make_page"]
