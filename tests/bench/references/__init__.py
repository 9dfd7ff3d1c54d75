"""What the portal is compared with: the same libraries, the same server, the least code."""
