"""Lambda functions run for real: their code, their processes, their results."""
