"""Uploads straight into the object store, in the shape of Uppy's companion (`companionEndpoint`).

The client creates an upload here, sends its parts to addresses that are signed for it one by one, and asks
here to complete it. Names, limits, evidence and the way it goes are those of every upload; keys are ours.
"""

ROOT = "/v1/s3/multipart"
