"""Carries the work of core and ml to threads and signals. QtCore only."""
