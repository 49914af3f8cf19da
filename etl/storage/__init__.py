"""S3, DynamoDB and the outputs of deployed stacks: the only user of boto3."""
