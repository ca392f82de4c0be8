"""The kinds, fields, points and files of twinfeed as data, read from the code: for commands, schemas and the manual."""
