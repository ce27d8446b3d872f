"""The form of letters: as HTML and as a PDF on the letterhead, both drawn from a letter's text."""

from redress.letters.form.html import html_of
from redress.letters.form.pdf import pdf_of

__all__ = ["html_of", "pdf_of"]
