"""The endpoint that clients talk to: it invokes functions itself and forwards the rest to moto."""
