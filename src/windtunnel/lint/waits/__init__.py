"""Waits that could take all slots that what they wait for needs (WT118), and what that rests on."""
