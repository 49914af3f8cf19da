"""Tests of CloudFormation's intrinsic functions."""

import pytest

from local_aws.cloudformation.intrinsics import Intrinsics, Resource
from local_aws.errors import DeployError

_INTRINSICS = Intrinsics(
    region="eu-west-1",
    stack_name="shop-dev",
    resources={
        "Store": Resource("AWS::S3::Bucket", "shop-store"),
        "Things": Resource("AWS::DynamoDB::Table", "things"),
        "News": Resource("AWS::SNS::Topic", "arn:aws:sns:eu-west-1:123456789012:news"),
        "Line": Resource("AWS::SQS::Queue", "http://127.0.0.1:5000/123456789012/line"),
        "hello": Resource("AWS::Lambda::Function", "shop-dev-hello"),
    },
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Store"}, "shop-store"),
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Fn::GetAtt": ["Store", "Arn"]}, "arn:aws:s3:::shop-store"),
        ({"Fn::GetAtt": "Things.Arn"}, "arn:aws:dynamodb:eu-west-1:123456789012:table/things"),
        ({"Fn::GetAtt": ["News", "TopicName"]}, "news"),
        ({"Fn::GetAtt": ["Line", "Arn"]}, "arn:aws:sqs:eu-west-1:123456789012:line"),
        ({"Fn::GetAtt": ["hello", "Arn"]}, "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-hello"),
        ({"Fn::Sub": "${AWS::StackName}/${Store}/${Things.Arn}/${!Store}"}, None),
        ({"Fn::Sub": ["${x}-${Store}", {"x": {"Ref": "AWS::Region"}}]}, "eu-west-1-shop-store"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Store"}, 1]]}, "a-shop-store-1"),
        ({"a": [{"Ref": "Store"}], "b": 1}, {"a": ["shop-store"], "b": 1}),
        ({"Ref": "Store", "other": 1}, {"Ref": "Store", "other": 1}),
    ],
)
def test_a_reference_leads_to_its_resource(value: object, expected: object) -> None:
    """Resolves references at any depth of a value, and keeps a mapping that only looks like a function."""
    wanted = expected or "shop-dev/shop-store/arn:aws:dynamodb:eu-west-1:123456789012:table/things/${Store}"
    assert _INTRINSICS.resolve(value, "x") == wanted


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"Ref": "Nobody"}, "a.b: reference leads nowhere; found 'Nobody'; expected one of Line, News"),
        ({"Fn::GetAtt": ["Store", "Color"]}, "a.b: no attribute of AWS::S3::Bucket; found 'Color'; expected Arn"),
        ({"Fn::Sub": "${Nobody}"}, "found 'Nobody'"),
        ({"Fn::ImportValue": "x"}, "a.b: Fn::ImportValue 'x' is not supported; expected Ref, Fn::GetAtt"),
        ({"Fn::Sub": 5}, "Fn::Sub '5' is not supported"),
    ],
)
def test_an_unresolvable_reference_is_an_error(value: object, problem: str) -> None:
    """Raises an error with the place of the reference and the names that exist."""
    with pytest.raises(DeployError) as caught:
        _INTRINSICS.resolve({"b": value}, "a")
    assert problem in str(caught.value)


def test_the_input_is_not_changed() -> None:
    """Leaves the value unchanged, so that it can be resolved twice."""
    value = {"a": [{"Ref": "Store"}]}
    _INTRINSICS.resolve(value, "x")
    assert value == {"a": [{"Ref": "Store"}]}
