"""Events, sessions, usage, volume and device health: pandas in, pandas out."""
