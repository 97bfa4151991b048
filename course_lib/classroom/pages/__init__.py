"""HTML from the gradebook, in both languages; what a learner wrote is text there and nothing else.

site.py      writes them all: `write_pages(book, folder, language)`
learner.py   a learner's page
overview.py  the instructor's page; counting.py counts its numbers, numbers.py says what they are
frame.py     what every page has
"""
