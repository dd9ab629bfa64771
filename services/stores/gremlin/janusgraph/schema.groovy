// Makes what the schema of a JanusGraph lacks; what is there stays as it is.
import org.apache.tinkerpop.gremlin.structure.Vertex
import org.janusgraph.core.schema.ConsistencyModifier

management = g.getGraph().openManagement()
try {
  types.each { name, type ->
    if (!management.containsPropertyKey(name)) {
      made = management.makePropertyKey(name).dataType(Class.forName('java.lang.' + type)).make()
      if (name in locked) management.setConsistency(made, ConsistencyModifier.LOCK)
    }
  }
  vertexLabels.each { if (!management.containsVertexLabel(it)) management.makeVertexLabel(it).make() }
  edgeLabels.each { if (!management.containsEdgeLabel(it)) management.makeEdgeLabel(it).make() }
  indexes.each { name, property ->
    if (!management.containsGraphIndex(name)) {
      index = management.buildIndex(name, Vertex.class).addKey(management.getPropertyKey(property)).unique()
      management.setConsistency(index.buildCompositeIndex(), ConsistencyModifier.LOCK)
    }
  }
} catch (error) {
  management.rollback()
  throw error
}
management.commit()
['made']
