"""Two questions side by side: what differs between them, and by how much do their figures?"""
