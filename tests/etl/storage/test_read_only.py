"""A session that only reads cannot write, by whichever function."""

import io

import pytest

from etl.cli.local_pipeline import deploy
from etl.errors import ReadOnlyError
from etl.storage import aws, device_table, multipart_upload, object_store

pytestmark = pytest.mark.functional


@pytest.fixture(scope="module")
def stage(embedded_aws):
    """Return a stage with one object and one device."""
    made = deploy(embedded_aws, stage="readonly")
    made.load(
        raw=io.BytesIO(b"raw"),
        s3_object_key="raw.json",
        devices=[{"user_id": {"S": "u"}, "device_id": {"S": "d"}, "type": {"S": "TV"}}],
    )
    return made


@pytest.fixture
def only_reads(monkeypatch):
    """Make this session one that only reads."""
    monkeypatch.setenv("ETL_READ_ONLY", "1")


@pytest.mark.usefixtures("only_reads")
class TestReadOnly:
    """``ETL_READ_ONLY=1``."""

    @pytest.mark.parametrize(
        "write",
        [
            lambda bucket: object_store.write_new(bucket, "runs/x.json", b"x"),
            lambda bucket: object_store.put(bucket, "raw.json", io.BytesIO(b"other")),
        ],
        ids=["write_new", "put"],
    )
    def test_objects_are_not_written(self, stage, write):
        """The error names the object, and what to do instead."""
        with pytest.raises(ReadOnlyError, match=r"^s3://.*json, write: this session only looks; .*etl lab --raw FILE"):
            write(stage.raw_bucket_name)
        assert object_store.list_keys(stage.raw_bucket_name, "") == ["raw.json"]
        assert object_store.read(stage.raw_bucket_name, "raw.json").content == b"raw"

    @pytest.mark.parametrize("n_bytes", [1, multipart_upload.PART_BYTES + 1], ids=["one request", "parts"])
    def test_what_is_made_part_by_part_is_refused_at_its_end(self, stage, n_bytes):
        """So that whoever looks into a failure meets that failure first; no upload is left open."""
        made = multipart_upload.Upload(stage.raw_bucket_name, "history.csv")
        made.write(b"x" * n_bytes)
        with pytest.raises(ReadOnlyError, match=r"history\.csv, write: this session only looks"):
            made.complete()
        made.abort()
        assert not object_store.exists(stage.raw_bucket_name, "history.csv")
        s3 = stage.aws.client("s3")
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=stage.raw_bucket_name)

    def test_devices_are_not_put(self, stage):
        """The table stays as it is."""
        item = {"user_id": {"S": "u"}, "device_id": {"S": "e"}}
        with pytest.raises(ReadOnlyError, match=r"^table Devices-readonly, write"):
            device_table.put_devices(stage.devices_table_name, [item])
        assert device_table.read_devices(stage.devices_table_name).devices["device_id"].tolist() == ["d"]

    @pytest.mark.parametrize(
        ("service", "operation", "arguments"),
        [
            ("s3", "delete_object", {"Bucket": "b", "Key": "k"}),
            ("s3", "copy_object", {"Bucket": "b", "Key": "k", "CopySource": "b/o"}),
            ("s3", "create_multipart_upload", {"Bucket": "b", "Key": "k"}),
            ("dynamodb", "delete_item", {"TableName": "t", "Key": {}}),
            ("cloudformation", "delete_stack", {"StackName": "s"}),
            ("stepfunctions", "start_execution", {"stateMachineArn": "arn"}),
        ],
    )
    def test_a_client_refuses_whatever_does_not_read(self, stage, service, operation, arguments):
        """Also what no function of ours does: the request is not sent."""
        del stage  # its AWS is where the client would send it
        with pytest.raises(ReadOnlyError, match="this session only looks"):
            getattr(aws.client(service), operation)(**arguments)

    def test_reading_goes_on(self, stage):
        """All that notebooks read with."""
        assert object_store.look_at(stage.raw_bucket_name, "raw.json").n_bytes == 3
        assert object_store.exists(stage.raw_bucket_name, "raw.json")
        assert len(device_table.read_devices(stage.devices_table_name).devices) == 1


@pytest.mark.parametrize("value", ["", "0"])
def test_without_the_variable_everything_is_written(stage, monkeypatch, value):
    """The guard is off unless it is asked for, also where a client of a read-only session was made before."""
    monkeypatch.setenv("ETL_READ_ONLY", "1")
    aws.client("s3")
    monkeypatch.setenv("ETL_READ_ONLY", value)
    object_store.write_new(stage.analytics_bucket_name, "runs/x.json", b"x")
    assert object_store.exists(stage.analytics_bucket_name, "runs/x.json")
