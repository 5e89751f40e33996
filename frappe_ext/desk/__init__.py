"""What Desk asks beside the documents themselves: read only, and never more than the user may read."""
