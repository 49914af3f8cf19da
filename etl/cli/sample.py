"""The sample: its files, its run date, and a local pipeline that holds it."""

from __future__ import annotations

from etl.cli.local_pipeline import LocalPipeline
from etl.runs.provenance import ROOT
from etl.storage.devices_file import read_devices_file

SAMPLE_RAW = ROOT / "sample" / "devices-raw-data.json"
SAMPLE_DEVICES = ROOT / "sample" / "devices.json"
SAMPLE_RUN_DATE = "2021-03-23"


def load_sample(pipeline: LocalPipeline) -> None:
    """Put the sample where a pipeline reads its input."""
    with SAMPLE_RAW.open("rb") as raw:
        pipeline.load(raw=raw, s3_object_key=SAMPLE_RAW.name, devices=read_devices_file(SAMPLE_DEVICES))
