"""Estimating: shares, means and quantiles out of simulations, and when to look at them."""
