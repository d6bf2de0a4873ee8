"""Tables in, tables out: shards of files, tagged by processes or a cluster, restartable."""
