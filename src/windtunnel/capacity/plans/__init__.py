"""Plans: which settings to simulate, how often, and what they come to."""
