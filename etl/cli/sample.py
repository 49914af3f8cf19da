"""Where the sample lies, and the run date that goes with it."""

from __future__ import annotations

from etl.runs.provenance import ROOT

SAMPLE_RAW = ROOT / "sample" / "devices-raw-data.json"
SAMPLE_DEVICES = ROOT / "sample" / "devices.json"
SAMPLE_RUN_DATE = "2021-03-23"
