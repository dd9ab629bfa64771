"""`identity-graph demo`: invented customers and their changes, with the truth about who is who."""
