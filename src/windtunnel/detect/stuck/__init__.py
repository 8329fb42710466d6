"""Work that can't go on: circles, stalls, waits in vain, and the graph behind them."""
