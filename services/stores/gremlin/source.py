"""The source of every traversal. Nothing is sent from here: traversals are only written down."""

from gremlin_python.process.graph_traversal import GraphTraversalSource
from gremlin_python.process.traversal import TraversalStrategies
from gremlin_python.structure.graph import Graph

g = GraphTraversalSource(Graph(), TraversalStrategies())
