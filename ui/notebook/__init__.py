"""The notebook's page: many questions, drawn as their pages draw them."""
