// The names that clients may use: the traversal source `g`.
def globals = [:]
globals << [g : traversal().withEmbedded(graph)]
