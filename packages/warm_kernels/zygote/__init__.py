"""The zygote, a process that imports modules once and forks a kernel for each request, and the owner's side of it.

The owner is the process that executes notebooks and starts the zygote.
"""
