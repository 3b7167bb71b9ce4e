"""The commands of `gristmill`, a file each or a few that belong together. They parse, call and print."""
