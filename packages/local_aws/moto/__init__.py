"""The child process that serves moto, and patches of moto."""
