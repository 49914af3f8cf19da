"""The code that turns a fork of the zygote into a Jupyter kernel."""
