"""Hardware of networks with dispatch (RefQSR): a processor of tiles."""
