"""The names of a generation's parts on disk."""

STORAGE_FILE = "passages.sqlite"
VECTORS_FILE = "vectors.faiss"
LEXICAL_FOLDER = "lexical"
VOCABULARY_FILE = "vocabulary.sqlite"
