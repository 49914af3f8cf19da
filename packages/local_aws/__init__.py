"""An embedded AWS for laptop, tests and CI that runs Lambda functions for real.

moto serves S3, DynamoDB, SNS, SQS, CloudFormation, CloudWatch Logs and Step Functions in a child process. A gateway in
front of it forwards everything but Lambda's Invoke, which it runs: a process of its own for each function instance,
AWS's own runtime client, the documented Runtime API. Nothing here ever leaves this machine.

A function made by `deploy_service` runs from the working tree, with our own Python and packages. One that a
CloudFormation stack made, as `osls deploy` does, runs from the archives that were deployed, with the Python that it
names and no packages but its own; where bubblewrap is installed, in a sandbox like Lambda's, too.
"""

from local_aws.embedded_aws import EmbeddedAws
from local_aws.environment import environment_variables
from local_aws.errors import LocalAwsError
from local_aws.functions.sandbox import sandbox_missing
from local_aws.serverless.deploy import DeployedService, deploy_service

__all__ = [
    "DeployedService",
    "EmbeddedAws",
    "LocalAwsError",
    "deploy_service",
    "environment_variables",
    "sandbox_missing",
]
