"""The doors: what people and programs can ask of Redress, whatever they come by."""
