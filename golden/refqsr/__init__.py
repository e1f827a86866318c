"""RefQSR in integers: programs with dispatch, patch by patch."""
