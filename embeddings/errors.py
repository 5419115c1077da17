"""The errors that a user can meet, as one tree. Each message says what, which, and the cure, in one line.

BotError
├── SettingsError      a setting is unknown or has a wrong value
├── SourceError        a folder or file of articles cannot be used at all
├── FetchError         an address on the web cannot be fetched
├── ModelError         the embedding model cannot be found, converted or loaded
├── ClusterError       a Ray cluster cannot be reached, or its machines cannot be used
├── StorageError       the disk refused to write or to keep what was written
└── IndexProblem
    ├── NoIndex        nothing was built yet
    ├── StaleIndex     built by another embedding model or an older version
    ├── CorruptIndex   no generation on disk passes its own checksums
    ├── IndexBusy      another build holds the builder's lock
    └── ServerProblem  the server that holds the index cannot be reached, or refuses
"""


class BotError(Exception):
    """Something that a person can put right; its text is shown to them as it stands."""


class SettingsError(BotError):
    pass


class SourceError(BotError):
    pass


class FetchError(BotError):
    pass


class ModelError(BotError):
    pass


class ClusterError(BotError):
    pass


class StorageError(BotError):
    pass


class IndexProblem(BotError):
    pass


class NoIndex(IndexProblem):
    pass


class StaleIndex(IndexProblem):
    pass


class CorruptIndex(IndexProblem):
    pass


class IndexBusy(IndexProblem):
    pass


class ServerProblem(IndexProblem):
    pass
