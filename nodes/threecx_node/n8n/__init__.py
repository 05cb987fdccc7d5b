"""Files of n8n: copied nodes and workflows."""
