"""The use cases: what people and programs can ask of Redress, by command line and HTTP alike."""
