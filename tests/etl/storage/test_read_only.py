"""A read-only session cannot write, by whichever function."""

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
    """Make this a read-only session."""
    monkeypatch.setenv("ETL_READ_ONLY", "1")


@pytest.mark.usefixtures("only_reads")
class TestReadOnly:
    """With ``ETL_READ_ONLY=1`` nothing is written."""

    @pytest.mark.parametrize(
        "write",
        [
            lambda bucket: object_store.write_new(bucket, "runs/x.json", b"x"),
            lambda bucket: object_store.put(bucket, "raw.json", io.BytesIO(b"other")),
        ],
        ids=["write_new", "put"],
    )
    def test_objects_are_not_written(self, stage, write):
        """Writing an object raises an error that names the object and what to do instead."""
        with pytest.raises(ReadOnlyError, match=r"^s3://.*json, write: this session only looks; .*etl lab --raw FILE"):
            write(stage.raw_bucket_name)
        assert object_store.list_keys(stage.raw_bucket_name, "") == ["raw.json"]
        assert object_store.read(stage.raw_bucket_name, "raw.json").content == b"raw"

    @pytest.mark.parametrize("n_bytes", [1, multipart_upload.PART_BYTES + 1], ids=["one request", "parts"])
    def test_an_upload_is_refused_at_its_end(self, stage, n_bytes):
        """An upload is refused only at its end, so that an earlier failure comes first, and none is left open."""
        made = multipart_upload.Upload(stage.raw_bucket_name, "history.csv")
        made.write(b"x" * n_bytes)
        with pytest.raises(ReadOnlyError, match=r"history\.csv, write: this session only looks"):
            made.complete()
        made.abort()
        assert object_store.list_keys(stage.raw_bucket_name, "history.csv") == []
        s3 = stage.aws.client("s3")
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=stage.raw_bucket_name)

    def test_devices_are_not_put(self, stage):
        """Putting a device raises an error, and the table is unchanged."""
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
    def test_a_client_refuses_operations_that_may_write(self, stage, service, operation, arguments):
        """A client refuses operations that no function of ours uses too, before it sends the request."""
        del stage  # its AWS is where the client would send it
        with pytest.raises(ReadOnlyError, match="this session only looks"):
            getattr(aws.client(service), operation)(**arguments)

    def test_reading_goes_on(self, stage):
        """The functions that notebooks read with work as ever."""
        assert object_store.head_object(stage.raw_bucket_name, "raw.json").n_bytes == 3
        assert object_store.list_keys(stage.raw_bucket_name, "") == ["raw.json"]
        assert len(device_table.read_devices(stage.devices_table_name).devices) == 1


@pytest.mark.parametrize("value", ["", "0"])
def test_without_the_variable_everything_is_written(stage, monkeypatch, value):
    """The guard is off unless the variable is set, also after a client of a read-only session was made."""
    monkeypatch.setenv("ETL_READ_ONLY", "1")
    aws.client("s3")
    monkeypatch.setenv("ETL_READ_ONLY", value)
    object_store.write_new(stage.analytics_bucket_name, "runs/x.json", b"x")
    assert object_store.list_keys(stage.analytics_bucket_name, "runs/") == ["runs/x.json"]
