"""Tests of choosing what a stack gets locally."""

from local_aws.cloudformation.stack import local_template


def test_only_needed_types_stay() -> None:
    """Keeps the types that a run needs, their order, and the outputs that refer only to them."""
    resources = {
        "Resources": {
            "Store": {"Type": "AWS::S3::Bucket", "DependsOn": "Role"},
            "News": {"Type": "AWS::SNS::Topic", "DependsOn": ["Store", "Role"]},
            "Role": {"Type": "AWS::IAM::Role"},
        },
        "Outputs": {
            "Store": {"Value": {"Ref": "Store"}},
            "Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}},
            "Mixed": {"Value": {"Fn::Sub": "${Store}/${Role}"}},
            "Fixed": {"Value": {"Fn::Sub": "${AWS::Region}"}},
        },
    }
    assert local_template(resources) == {
        "Resources": {
            "Store": {"Type": "AWS::S3::Bucket"},
            "News": {"Type": "AWS::SNS::Topic", "DependsOn": ["Store"]},
        },
        "Outputs": {"Store": {"Value": {"Ref": "Store"}}, "Fixed": {"Value": {"Fn::Sub": "${AWS::Region}"}}},
    }
    assert resources["Resources"]["Store"]["DependsOn"] == "Role"


def test_nothing_declared_is_an_empty_template() -> None:
    """Returns an empty template when the sections exist but are empty."""
    assert local_template({"Resources": None, "Outputs": None}) == {"Resources": {}, "Outputs": {}}
