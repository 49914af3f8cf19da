"""Records and device master become a history whose counts reconcile: the only user of pyarrow."""
