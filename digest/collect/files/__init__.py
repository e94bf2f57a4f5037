"""Read articles and images from files and drop folders."""
