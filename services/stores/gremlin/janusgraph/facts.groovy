// What a JanusGraph says of itself: how it identifies, keeps and locks.
graph = g.getGraph()
settings = graph.getConfiguration()
read = { owner, name ->
  settings.getConfiguration().get(Class.forName(owner).getField(name).get(null)).toString()
}
base = 'org.janusgraph.graphdb.configuration.GraphDatabaseConfiguration'
backend = read(base, 'STORAGE_BACKEND')
isCql = backend in ['cql', 'org.janusgraph.diskstorage.cql.CQLStoreManager']
cql = { name -> isCql ? read('org.janusgraph.diskstorage.cql.CQLConfigOptions', name) : '' }
management = graph.openManagement()
try {
  isSound = { name, property ->
    index = management.getGraphIndex(name)
    index != null && index.isUnique() && index.getFieldKeys()*.name() == [property] &&
      management.getConsistency(index).name() == 'LOCK' && index.getIndexStatus(index.getFieldKeys()[0]).name() == 'ENABLED'
  }
  [[
    backend: isCql ? 'cql' : backend,
    string_ids: settings.allowVertexIdSetting() && settings.allowCustomVertexIdType(),
    batch_loading: settings.isBatchLoading(),
    buffer_size: settings.getConfiguration().get(Class.forName(base).getField('BUFFER_SIZE').get(null)),
    read_level: cql('READ_CONSISTENCY'),
    write_level: cql('WRITE_CONSISTENCY'),
    atomic: cql('ATOMIC_BATCH_MUTATE'),
    unlocked: locked.findAll {
      management.containsPropertyKey(it) && management.getConsistency(management.getPropertyKey(it)).name() != 'LOCK'
    },
    lacking: (locked + names).findAll { !management.containsPropertyKey(it) },
    unsound: indexes.findAll { name, property -> !isSound(name, property) }.keySet() as List
  ]]
} finally {
  management.rollback()
}
