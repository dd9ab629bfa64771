"""What keeps a store right: work owed, checks, previews, migrations."""
