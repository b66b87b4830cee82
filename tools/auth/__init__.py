"""The toolset ``auth``: sign in, stay signed in, sign out."""
