"""Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload), one module a verb or concern.

The same uploads as those of tus, in other words: what they are whatever words are used lies in
`gateway.uploads`.
"""
