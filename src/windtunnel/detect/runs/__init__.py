"""Dag runs that never came to be, were given up, or come without end."""
