"""What stands in feed documents, and what their processing reports look like; nothing here does I/O."""
