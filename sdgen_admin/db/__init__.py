"""The only place that knows SQL: connection, schema, one file a table, filter to SQL."""
