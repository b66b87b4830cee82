"""The REST client for Rememberizer; the contract's sections are named where a fact comes from them.

``httpx`` is imported in this folder only.
"""
