"""The toolset ``vector_stores``: stores of vectors, their documents, uploads and searches."""
