"""What the commands on a stage have in common: the check of stage and account, and an execution that is waited for."""
