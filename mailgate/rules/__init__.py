"""What the desk does with a mail: pure decisions, settled by BEHAVIOUR.md."""
