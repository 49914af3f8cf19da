"""Extensions of Jupyter and papermill: kernel provisioner, manager, client and the engine ``warm``."""
