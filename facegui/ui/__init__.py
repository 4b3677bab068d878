"""The window: one module a tab, and the views that tabs share."""
