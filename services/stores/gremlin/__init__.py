"""The store on any graph that speaks Gremlin."""
