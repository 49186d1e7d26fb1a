"""The `objstore` command. Only here is anything printed, the environment read, or the process ended."""
