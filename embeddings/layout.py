"""The names of a generation's parts on disk."""

STORAGE_FILE = "passages.sqlite"
ROWS_FILE, ARTICLE_ROWS_FILE = "passages.npy", "articles.npy"
VECTORS_FILE = "vectors.faiss"
CODES_FILE, INT8_FILE = "vectors.codes", "vectors.int8"
LEXICAL_FOLDER = "lexical"
VOCABULARY_FILE = "vocabulary.sqlite"
