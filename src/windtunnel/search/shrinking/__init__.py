"""Counterexamples made small: what can be left out, until everything that is left matters."""
