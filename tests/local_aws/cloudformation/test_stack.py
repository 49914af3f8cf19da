"""Tests of choosing what a stack gets locally."""

from local_aws.cloudformation.stack import local_template


def test_only_needed_types_stay() -> None:
    """Keeps the types that a run needs, their order, and the outputs that refer only to them."""
    resources = {
        "Resources": {
            "Store": {"Type": "AWS::S3::Bucket", "DependsOn": "Alarm"},
            "News": {"Type": "AWS::SNS::Topic", "DependsOn": ["Store", "Alarm"]},
            "Alarm": {"Type": "AWS::CloudWatch::Alarm"},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Store"}}},
            "AlarmRole": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Alarm"}}},
        },
        "Outputs": {
            "Store": {"Value": {"Ref": "Store"}},
            "Alarm": {"Value": {"Fn::GetAtt": ["Alarm", "Arn"]}},
            "Mixed": {"Value": {"Fn::Sub": "${Store}/${Alarm}"}},
            "Fixed": {"Value": {"Fn::Sub": "${AWS::Region}"}},
        },
    }
    assert local_template(resources) == {
        "Resources": {
            "Store": {"Type": "AWS::S3::Bucket"},
            "News": {"Type": "AWS::SNS::Topic", "DependsOn": ["Store"]},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Store"}}},
        },
        "Outputs": {"Store": {"Value": {"Ref": "Store"}}, "Fixed": {"Value": {"Fn::Sub": "${AWS::Region}"}}},
    }
    assert resources["Resources"]["Store"]["DependsOn"] == "Alarm"


def test_nothing_declared_is_an_empty_template() -> None:
    """Returns an empty template when the sections exist but are empty."""
    assert local_template({"Resources": None, "Outputs": None}) == {"Resources": {}, "Outputs": {}}
