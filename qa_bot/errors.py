"""Errors of the question side; the tree's root is embeddings.errors.BotError.

BotError
├── QuestionError    a question that cannot be asked
├── BatchError       a file of questions, or rows of it, that cannot be read
├── LibraryError     a document cannot be added to the articles, removed or put back
│   ├── UnknownFormat  no reader takes files of its kind
│   └── ArticleGone    it is not where it was any more
├── TelegramProblem  the Telegram bot cannot begin, or cannot go on
└── StateError       what the Telegram bot must not forget cannot be read or kept
"""

from embeddings.errors import BotError


class QuestionError(BotError):
    pass


class BatchError(BotError):
    pass


class LibraryError(BotError):
    pass


class UnknownFormat(LibraryError):
    pass


class ArticleGone(LibraryError):
    pass


class StateError(BotError):
    pass


class TelegramProblem(BotError):
    pass
