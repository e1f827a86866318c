"""RefQSR (IEEE TIP 2024): a few reference patches at high precision repair many at low."""
