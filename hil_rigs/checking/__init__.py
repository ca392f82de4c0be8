"""`twinfeed rig check`: whether a bench is what its file says, found out without moving or writing anything."""
