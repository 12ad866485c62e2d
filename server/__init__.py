"""What a server for a team has that a laptop needs none of: sign-in, rights, limits, backups; imports no streamlit."""
