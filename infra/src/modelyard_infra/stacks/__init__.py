"""Operations on an environment's stack: preview, up, refresh, down; what they did, found and could not do."""
