"""Days: one simulation of the window, and what a plan wants to know of it."""
