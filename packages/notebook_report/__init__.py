"""An executed notebook as a report: one web page for people who would rather look than read code.

The page treats every text as hostile: it runs nothing, loads nothing and links only to files beside it. nbconvert
renders the markdown and sanitizes the HTML. Its exporters are not used: their templates load scripts from other hosts
and are not part of its package, so a Lambda layer would lack them.

The package does not depend on what a notebook is about: tags of its cells (`notebook_report.notebook`) assign them.
"""

from notebook_report.allowlist import PageError
from notebook_report.page import Banner, make_page

__all__ = ["Banner", "PageError", "make_page"]
