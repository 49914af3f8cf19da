"""Templates and deployed stacks: what moto's CloudFormation does not do or tell."""
