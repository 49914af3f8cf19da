"""Take a stage up again whose resources stack was removed: import its table and buckets, and so their data.

CloudFormation imports what a template describes, without changing it. The next 'make deploy' does the rest.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from diagnosis.finding import client
from diagnosis.packages import compile_template
from diagnosis.stacks import describe_stack
from etl.storage.stage_resources import STACK
from osls import RESOURCES, OslsError, install_osls
from stages.access import StageAccess, StageError, add_stage_options, confirm_account, sign_in

CHANGE_SET = "take-up"
# what identifies a resource of each type for an import
IDENTIFIERS = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName", "AWS::S3::BucketPolicy": "Bucket"}


def main(arguments: list[str] | None = None) -> int:
    """Import; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_stage_options(parser)
    options = parser.parse_args(arguments)
    try:
        access = sign_in(options.stage, options.region, action="deploy")
        confirm_account(access, "take_up", account=options.account)
        take_up(access)
    except (StageError, OslsError) as error:
        print(f"take_up: {error}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, WaiterError) as error:
        print(f"take_up: {error}. See what is there: make doctor STAGE={options.stage}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def take_up(access: StageAccess) -> None:
    """Make the stage's resources stack of the resources that are there.

    Raises
    ------
    StageError
        The stack is there already.
    """
    stack = f"{STACK}-{access.stage}"
    if describe_stack(stack):
        raise StageError(f"stack {stack}: is there; expected none. Deploy: make deploy STAGE={access.stage}")
    install_osls()
    with tempfile.TemporaryDirectory() as temporary:
        template = import_template(compile_template(access, RESOURCES, Path(temporary)))
    cloudformation = client("cloudformation")
    names = {"StackName": stack, "ChangeSetName": CHANGE_SET}
    imports = resources_to_import(access, template)
    print(
        *(f"import {item['LogicalResourceId']} {item['ResourceIdentifier']}" for item in imports), sep="\n", flush=True
    )
    cloudformation.create_change_set(
        **names, ChangeSetType="IMPORT", TemplateBody=json.dumps(template), ResourcesToImport=imports
    )
    cloudformation.get_waiter("change_set_create_complete").wait(**names)
    cloudformation.execute_change_set(**names)
    cloudformation.get_waiter("stack_import_complete").wait(StackName=stack)
    print(f"{stack} has them. Now: make deploy STAGE={access.stage}")


def import_template(template: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a template that an import may have: what is retained, and no outputs."""
    retained = {name: item for name, item in template["Resources"].items() if "DeletionPolicy" in item}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": retained}


def resources_to_import(access: StageAccess, template: dict[str, Any]) -> list[dict[str, Any]]:
    """Return how CloudFormation finds each resource of a template."""
    physical = {
        "DevicesTable": f"Devices-{access.stage}",
        "RawDataBucket": f"devices-raw-data-{access.stage}-{access.account}-{access.region}",
        "DataAnalyticsBucket": f"devices-data-analytics-{access.stage}-{access.account}-{access.region}",
    }
    return [
        {
            "ResourceType": item["Type"],
            "LogicalResourceId": name,
            "ResourceIdentifier": {IDENTIFIERS[item["Type"]]: physical[name.removesuffix("Policy")]},
        }
        for name, item in template["Resources"].items()
    ]


if __name__ == "__main__":
    sys.exit(main())
