"""Constants of a formula: refined together, recognised, made few."""
