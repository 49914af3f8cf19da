"""The Lambda functions: one thin handler per notebook, and one runner that executes notebooks with papermill."""
