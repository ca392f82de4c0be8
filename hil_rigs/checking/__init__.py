"""`twinfeed rig check`: the comparison of a bench with its file, without moving or writing anything."""
