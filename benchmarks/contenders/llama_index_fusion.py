"""LlamaIndex: its vector index over FAISS and its BM25 retriever, fused by its QueryFusionRetriever.

One node a paragraph (they are shorter than its default chunks). FAISS by inner product, since vectors are of length 1:
with L2, fusion would take the farthest for the best. BM25 without the English stemmer and with every word, since
Vietnamese has words of one letter. Fused by `dist_based_score` over 20 of each, the best of its modes here; 100 of each
would cost more time than they bring (docs/performance.md). No further questions are generated, as that needs an LLM.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.contenders import common

_DEPTH = 20  # paragraphs that each retriever hands to the fusion
_WORDS = r"(?u)\b\w+\b"


class LlamaIndexFusion:
    def build(self, model: Path, rows: Sequence[tuple[str, str]], index: Path) -> float:
        import faiss
        from llama_index.core import StorageContext, VectorStoreIndex  # type: ignore[import-not-found]
        from llama_index.core.schema import TextNode  # type: ignore[import-not-found]
        from llama_index.retrievers.bm25 import BM25Retriever  # type: ignore[import-not-found]
        from llama_index.vector_stores.faiss import FaissVectorStore  # type: ignore[import-not-found]

        embedding = _embedding(model)
        dim = len(embedding.get_query_embedding("a"))  # the model is loaded now
        started = time.perf_counter()
        nodes = [TextNode(id_=name, text=text) for name, text in rows]
        store = FaissVectorStore(faiss_index=faiss.IndexFlatIP(dim))
        storage = StorageContext.from_defaults(vector_store=store)
        built = VectorStoreIndex(nodes, storage_context=storage, embed_model=embedding)
        words = BM25Retriever.from_defaults(
            nodes=nodes, similarity_top_k=_DEPTH, skip_stemming=True, token_pattern=_WORDS
        )
        built.storage_context.persist(persist_dir=str(index / "vectors"))
        words.persist(str(index / "words"))
        return time.perf_counter() - started

    def open(self, model: Path, index: Path) -> common.Search:
        from llama_index.core import StorageContext, load_index_from_storage
        from llama_index.core.llms import MockLLM  # type: ignore[import-not-found]
        from llama_index.core.retrievers import QueryFusionRetriever  # type: ignore[import-not-found]
        from llama_index.retrievers.bm25 import BM25Retriever
        from llama_index.vector_stores.faiss import FaissVectorStore

        folder = str(index / "vectors")
        store = FaissVectorStore.from_persist_dir(folder)
        storage = StorageContext.from_defaults(vector_store=store, persist_dir=folder)
        meaning = load_index_from_storage(storage, embed_model=_embedding(model)).as_retriever(similarity_top_k=_DEPTH)
        words = BM25Retriever.from_persist_dir(str(index / "words"))
        words.skip_stemming, words.token_pattern = True, _WORDS  # it does not keep these
        fusion = QueryFusionRetriever(
            [meaning, words],
            llm=MockLLM(),
            mode="dist_based_score",
            similarity_top_k=common.TOP,
            num_queries=1,
            use_async=False,
        )

        def search(question: str) -> list[tuple[str, str]]:
            return [(found.node.node_id, found.node.text) for found in fusion.retrieve(question)]

        return search


def _embedding(model: Path) -> Any:
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding  # type: ignore[import-not-found]

    return HuggingFaceEmbedding(
        model_name=str(model),
        query_instruction=common.QUERY,
        text_instruction=common.PASSAGE,
        embed_batch_size=32,
        device="cpu",
    )


if __name__ == "__main__":
    common.main(LlamaIndexFusion())
