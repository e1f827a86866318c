"""Speed, measured with the command line and the machine beside each figure."""
