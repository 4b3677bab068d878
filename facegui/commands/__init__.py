"""The work of the window without the window, one module a command."""
