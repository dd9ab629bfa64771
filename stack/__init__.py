"""The real stack without Docker: Kafka, Debezium, PostgreSQL, Gremlin Server, and the service itself."""
