"""Tries: what a task instance does from the moment a worker takes it until its try ends."""
