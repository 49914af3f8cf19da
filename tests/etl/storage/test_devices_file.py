"""A list of plain items and the output of a scan give the same items."""

import json

from etl.storage.devices_file import read_devices_file

PLAIN = [
    {"user_id": "u", "device_id": "d", "type": "エアコン", "watts": 1.5, "tags": ["a"]},
    {"user_id": "u", "device_id": "e"},
]
ITEMS = [
    {
        "user_id": {"S": "u"},
        "device_id": {"S": "d"},
        "type": {"S": "エアコン"},
        "watts": {"N": "1.5"},
        "tags": {"L": [{"S": "a"}]},
    },
    {"user_id": {"S": "u"}, "device_id": {"S": "e"}},
]


def test_plain_items_and_a_scan_are_the_same(tmp_path):
    """A list of plain items, the output of ``aws dynamodb scan`` and a list of its items give the same items."""
    path = tmp_path / "devices.json"
    for document in (PLAIN, {"Items": ITEMS, "Count": 2, "ScannedCount": 2, "ConsumedCapacity": None}, ITEMS):
        path.write_text(json.dumps(document), encoding="utf-8")
        assert read_devices_file(path) == ITEMS


def test_an_empty_list_is_an_empty_table(tmp_path):
    """A devices file with an empty list, with a byte order mark, is an empty table."""
    (tmp_path / "devices.json").write_text("\ufeff[]", encoding="utf-8")
    assert read_devices_file(tmp_path / "devices.json") == []
