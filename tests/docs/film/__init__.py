"""The README's picture: the demo in a real terminal and the real sign-in page, as one animated SVG."""
