"""Executed notebooks, made up without a kernel."""

from __future__ import annotations

import base64
import struct
import zlib

import pandas as pd

# Hostile or unusual texts that may stand in a device's id or type
HOSTILE = [
    "<script>document.title='ran'</script>",
    "<img src=x onerror=\"document.title='ran'\">",
    "</td></table></main><script>document.title='ran'</script>",
    "</style><script>document.title='ran'</script>",
    "<!--",
    "]]>",
    "<?php",
    "<svg onload=document.title='ran'>",
    "<a href='javascript:document.title=1'>click</a>",
    "<iframe src='http://127.0.0.1:9/'></iframe>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<link rel=stylesheet href=http://127.0.0.1:9/x.css>",
    "<base href='http://127.0.0.1:9/'>",
    "<form action=http://127.0.0.1:9/><input autofocus onfocus=document.title=1></form>",
    '=HYPERLINK("http://127.0.0.1:9/","y")',
    "[click](javascript:document.title=1) ![](http://127.0.0.1:9/x.png) **bold** `code` | a | b |",
    "&lt;script&gt; &#60;script&#62; &amp;",
    "{{ 7 * 7 }} {% include 'x' %} {{ ''.__class__ }}",
    "$x$ $$\\href{http://127.0.0.1:9/}{y}$$ \\(z\\)",
    "nul\0esc\x1b[31mred\x1b[0m bell\x07 c1\x85\x9b nonchar\ufffe lone\ud800",
    "\u202egnp.exe\u202c \u2066x",
    "מכשיר 5 של דנה",
    "جهاز التلفاز",
    "line\none\r\ntwo\rthree",
    "エアコン 📺 👩‍👩‍👧",
    "' onmouseover=alert(1) x='",
    '" onmouseover=alert(1) x="',
    "x" * 100_000,
]


def png(width: int = 2, height: int = 1) -> str:
    """Return a small grey PNG, in base64."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def markdown(source, *tags):
    """Return a markdown cell."""
    return {"cell_type": "markdown", "source": source, "metadata": {"tags": list(tags)}}


def code(*outputs, tags=(), source="secret_code()", number=1, status="completed"):
    """Return an executed code cell."""
    return {
        "cell_type": "code",
        "source": source,
        "outputs": list(outputs),
        "execution_count": number,
        "metadata": {"tags": list(tags), "papermill": {"status": status}},
    }


def result(metadata=None, **data):
    """Return the output of a cell's last expression; ``html=...`` stands for ``text/html``, and so on."""
    kinds = {"html": "text/html", "plain": "text/plain", "md": "text/markdown", "png": "image/png"}
    by_type = {kinds.get(kind, kind): value for kind, value in data.items()}
    return {"output_type": "execute_result", "data": by_type, "metadata": metadata or {}, "execution_count": 1}


def printed(text, name="stdout"):
    """Return printed output of a cell."""
    return {"output_type": "stream", "name": name, "text": text}


def error(name="ZeroDivisionError", value="planted"):
    """Return the error of a cell."""
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": ["secret_code()"]}


def frame(table: pd.DataFrame):
    """Return a data frame as Jupyter displays it."""
    return result(html=table._repr_html_(), plain=str(table))


CARD = markdown("# 3. Checks: may this day be published?\n\n| | |\n|---|---|\n| **Question** | card_words |")
PARAMETERS = code(tags=["parameters"], source="run_date: str = '2021-03-23'")
RESULT = code(result(**{"application/json": {"x": 1}, "plain": "<IPython.core.display.JSON object>"}), tags=["result"])


def notebook(*cells, card=CARD):
    """Return a notebook with the usual first and last cells around these."""
    return {"nbformat": 4, "metadata": {}, "cells": [card, markdown("how to run it"), PARAMETERS, *cells, RESULT]}


def hostile_notebook():
    """Return a notebook with hostile text in every kind of cell and output."""
    table = pd.DataFrame({"device_id": HOSTILE, "type": HOSTILE[::-1], "n_events": range(len(HOSTILE))}, dtype="object")
    with pd.option_context("display.max_colwidth", None):
        shown = frame(table)
        names = [pd.Index(HOSTILE[:9], name=name) for name in HOSTILE[:2]]
        by_type = frame(pd.DataFrame(1, index=names[0], columns=names[1]))
    pictures = [
        result({"image/png": {"alt": text[:500]}}, png=png(), plain="<Figure size 1x1>") for text in HOSTILE[:20]
    ]
    return notebook(
        code(result(md="**May be published**: " + ", ".join(HOSTILE[:15])), tags=["verdict"]),
        markdown("## Tables"),
        code(shown),
        markdown("### By type"),
        code(by_type),
        markdown("## Raw HTML of a careless hand"),
        *(code(result(html=f"<p>{text}</p>", plain=text)) for text in HOSTILE),
        markdown("## Text"),
        *(code(printed(text), result(plain=repr(text)), result(md=text)) for text in HOSTILE),
        *(markdown(f"## {text}") for text in HOSTILE[:9]),
        *(code(picture) for picture in pictures),
        code(error("\x1b[31mValueError\x1b[0m" + HOSTILE[0], "".join(HOSTILE[:-1])), status="failed", number=7),
        markdown("## Not reached"),
    )
