"""What keeps test runs apart: from each other, and from the machine once they are over."""
