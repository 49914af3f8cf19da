"""An embedded AWS for laptop, tests and CI that runs Lambda functions for real.

moto serves S3, DynamoDB, SNS, SQS, CloudFormation, CloudWatch Logs and Step Functions in a child process. A gateway in
front of it runs Lambda functions itself and forwards all other requests: each execution environment is a process with
AWS's own runtime client and the documented Runtime API. No request ever leaves this machine.

`deploy_service` makes functions that run from the working tree, with our own Python and packages. A function that a
CloudFormation stack made, as `osls deploy` does, runs from the deployed archives, with the Python that it names and
only its own packages; with bubblewrap installed, also in a sandbox like Lambda's.
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
