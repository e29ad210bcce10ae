"""The servers that come as packages: started by whoever comes first, shared by the rest."""

from storage.embedded.servers import EmbeddedServers, start_embedded

__all__ = ["EmbeddedServers", "start_embedded"]
