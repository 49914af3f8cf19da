"""HTTP on loopback: reading and writing messages, and a server that can be stopped."""
