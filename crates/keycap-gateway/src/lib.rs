//! keycap's gateway and connector: a service behind capabilities, and the way to it.
