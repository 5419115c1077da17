"""Errors of the question side; the tree's root is embeddings.errors.BotError.

BotError
├── QuestionError    a question that cannot be asked
└── BatchError       a file of questions, or rows of it, that cannot be read
"""

from embeddings.errors import BotError


class QuestionError(BotError):
    pass


class BatchError(BotError):
    pass
