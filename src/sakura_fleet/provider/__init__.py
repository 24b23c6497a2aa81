"""What every resource is made with: the host adapter, sessions, waits and the life cycles to build on."""
