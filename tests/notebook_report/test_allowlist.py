"""A page with anything that is not on the allowlist is not written."""

import pytest

from notebook_report import PageError
from notebook_report.allowlist import check_allowlist

STYLE = "body {color: black}"
PAGE = "<!DOCTYPE html><html><head><style>{style}</style></head><body>{body}</body></html>"


def test_a_plain_page_passes():
    """A page with a table, an anchor, a link to a file beside it and an image passes."""
    body = (
        '<a href="#s1">a</a><a href="01_load.try-2.ipynb">b</a><img alt="c" src="data:image/png;base64,AA=="><td></td>'
    )
    check_allowlist(PAGE.format(style=STYLE, body=body), style=STYLE)


@pytest.mark.parametrize(
    "body",
    [
        "<script>1</script>",
        "<SCRIPT src=x>",
        "<svg/onload=alert(1)>",
        "<p onclick=alert(1)>",
        "<p OnClick=alert(1)>",
        "<p style='background:url(http://x.test)'>",
        "<a href='http://x.test/'>",
        "<a href='//x.test/'>",
        "<a href='javascript:alert(1)'>",
        "<a href='../../etc/passwd'>",
        "<a href>",
        "<img src='http://x.test/p.png'>",
        "<img src='data:image/svg+xml;base64,AA=='>",
        "<img src=x.png>",
        "<iframe srcdoc=x>",
        "<meta http-equiv=refresh content='0;url=x'>",
        "<base href=x>",
        "<link rel=stylesheet href=x.css>",
        "<form action=x>",
        "<p ping=x>",
        "<!-- a comment -->",
        "<style>p {color: red}</style>",
        "<p src='data:image/png;base64,AA=='>",
        "<![CDATA[x]]>",
        "<?php x ?>",
        "<a href='http://x.test/' href='#s1'>",
        "<a href='#s1' href='http://x.test/'>",
        "<style></style>",
    ],
)
def test_anything_else_is_refused(body):
    """An element, attribute, address or comment that is not on the list is an error of the package."""
    with pytest.raises(PageError, match="may run or lead elsewhere"):
        check_allowlist(PAGE.format(style=STYLE, body=body), style=STYLE)


def test_another_style_is_refused():
    """A style that is not the page's own is an error, because it could load something."""
    with pytest.raises(PageError, match="style"):
        check_allowlist(PAGE.format(style="@import url(http://x.test)", body=""), style=STYLE)


def test_a_page_is_checked_when_it_is_made(page, monkeypatch):
    """If the sanitizer failed, `make_page` raises an error instead of returning the page."""
    from made_up_notebooks import code, result  # noqa: PLC0415 - lies beside this file

    from notebook_report import sanitizer  # noqa: PLC0415 - is broken here

    monkeypatch.setattr(sanitizer._SANITIZER, "sanitize_html_tags", lambda html: html)
    with pytest.raises(PageError, match="<script>"):
        page(code(result(html="<script>1</script>")))
