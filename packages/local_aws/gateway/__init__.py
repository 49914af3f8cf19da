"""The endpoint for clients: invokes functions itself and forwards everything else to moto."""
