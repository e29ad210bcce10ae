"""One real call on this machine: a simulated carrier dials the server, the terminal shows it."""
