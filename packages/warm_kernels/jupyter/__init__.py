"""What Jupyter and papermill see: kernel provisioner, manager, client and the engine ``warm``."""
