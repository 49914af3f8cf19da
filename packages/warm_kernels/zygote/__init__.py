"""The zygote, a process that has everything imported and forks itself, and the owner's side of it."""
