"""The object store: one client of a bucket, and what its errors mean.

`open_bucket` gives a `Bucket`. Everything that is asked of it goes through `Bucket.run`: in one of its own
threads, with a time limit, and with this package's errors (`storage.s3.failures`).
"""

#: Parts that a multipart upload may have, and the largest number of one (Amazon S3 User Guide, "Multipart
#: upload limits").
MOST_PARTS = 10_000
