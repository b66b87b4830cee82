"""The HTTP clients for Rememberizer and for hosted mode's issuer; where a fact is the contract's, its section is named.

``httpx`` is imported in this folder only.
"""
