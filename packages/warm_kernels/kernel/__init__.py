"""What a fork of the zygote does to become a Jupyter kernel."""
