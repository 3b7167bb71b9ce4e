"""What a run can be told: every section of its TOML file, checked, with defaults and descriptions."""
