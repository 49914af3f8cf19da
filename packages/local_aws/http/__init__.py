"""HTTP on loopback: messages read off a socket, and a server that can be stopped."""
