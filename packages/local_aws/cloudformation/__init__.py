"""CloudFormation templates and deployed stacks, where moto's CloudFormation does not do enough."""
