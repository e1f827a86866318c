"""Importers of tables that authors have released, as programs."""
