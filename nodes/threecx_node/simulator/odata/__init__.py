"""OData without a PBX: the schemas of a release, paths, query options, payloads, error responses."""
