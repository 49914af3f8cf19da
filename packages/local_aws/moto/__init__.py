"""The child process that serves moto, and the patches that it needs."""
