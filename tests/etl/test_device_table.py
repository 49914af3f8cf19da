"""The whole device table is read, whatever its items hold and however many pages it has."""

import itertools

import pandas as pd
import pytest

from etl import aws, device_table
from etl.errors import MissingTableError

pytestmark = pytest.mark.functional

_numbers = itertools.count(1)


@pytest.fixture
def table(embedded_aws):
    """Return a function that makes a table of items and returns its name."""
    dynamodb = embedded_aws.client("dynamodb")

    def make(items):
        name = f"Devices-read{next(_numbers)}"
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("user_id", "device_id")],
            KeySchema=[
                {"AttributeName": "user_id", "KeyType": "HASH"},
                {"AttributeName": "device_id", "KeyType": "RANGE"},
            ],
        )
        device_table.put_devices(name, items)
        return name

    return make


def item(device_id, **attributes):
    """Return an item of the user ``u``."""
    return {"user_id": {"S": "u"}, "device_id": {"S": device_id}, **attributes}


ODD = [
    item("a", type={"S": "エアコン"}, more={"M": {"type": {"S": "x"}}}),
    item("b"),
    item("c", type={"NULL": True}),
    item("d", type={"N": "5"}),
    item("e", type={"SS": ["x"]}),
    item("f", type={"B": b"x"}),
    item("g", type={"M": {"S": {"S": "x"}}}),
    item("h", type={"L": [{"S": "x"}]}),
    item("i", type={"BOOL": True}),
]


@pytest.mark.parametrize("is_fast", [True, False])
def test_only_text_becomes_a_type(table, monkeypatch, is_fast):
    """All else is empty and counted; botocore's own decoding, should it come to that, gives the same."""
    if not is_fast:
        monkeypatch.setattr(device_table, "_decode_page", lambda **_more: None)
        aws.client("dynamodb").meta.events.unregister("before-parse.dynamodb.Scan", unique_id="etl-decode-page")
    master = device_table.read_devices(table(ODD))
    expected = pd.DataFrame(
        [("u", i["device_id"]["S"], "エアコン" if i["device_id"]["S"] == "a" else None) for i in ODD],
        columns=["user_id", "device_id", "type"],
        dtype="str",
    )
    pd.testing.assert_frame_equal(master.devices, expected)
    assert master.n_types_not_text == 6
    aws.client("dynamodb").meta.events.unregister("before-parse.dynamodb.Scan", unique_id="etl-decode-page")


def test_all_pages_are_read(table):
    """DynamoDB gives at most one MB at a time; nothing is said of how many items that are."""
    items = [item(f"{number:04}", type={"S": "x" * 3000}) for number in range(1000)]
    master = device_table.read_devices(table(items))
    assert master.devices["device_id"].tolist() == [f"{number:04}" for number in range(1000)]


def test_an_empty_table_is_an_empty_frame_of_text(table):
    """A day may come before the first device."""
    devices = device_table.read_devices(table([])).devices
    assert devices.empty
    assert set(devices.dtypes.astype(str)) == {"str"}


def test_a_missing_table_is_named(embedded_aws):
    """The error is DynamoDB's, read as ever."""
    assert embedded_aws
    with pytest.raises(MissingTableError, match="table Devices-nowhere, scan"):
        device_table.read_devices("Devices-nowhere")
