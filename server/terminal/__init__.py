"""How calls look in a terminal."""
