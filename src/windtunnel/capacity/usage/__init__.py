"""Usage: how much of each limit is in use, from when to when."""
