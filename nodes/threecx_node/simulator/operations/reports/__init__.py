"""Reports, computed from the call history: as lists, and as CSV files with the same rows."""
