"""Unfinished uploads in an object store: parts of a multipart upload, small pieces behind them, and a ledger.

The bytes go to the multipart upload of the blob that they become, so finishing copies nothing. What is not a
whole part yet is made durable as pieces. Which of them count, and in which order, only the ledger says
(`account`): a number that a part is sent under is reserved there before, so a writer that was taken over and
wakes later can send what it likes.
"""
