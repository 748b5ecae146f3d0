"""What `make run` needs: an embedded PostgreSQL, and the processes of a whole site."""
