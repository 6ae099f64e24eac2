"""Values that every family shares; nothing here does I/O."""
