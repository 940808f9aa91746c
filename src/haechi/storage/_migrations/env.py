# SPDX-License-Identifier: Apache-2.0
"""Alembic's entry: runs on the connection that `storage._migrate` hands in, never on its own."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    # SQLite cannot alter most of a table in place.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
