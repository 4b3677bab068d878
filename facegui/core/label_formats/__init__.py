"""Labels in the formats of other programs: each a module, all known by `formats`."""
