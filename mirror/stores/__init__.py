"""DynamoDB and S3: the calls that the mirror makes, their errors sorted, and how both are created.

May import ``documents`` and the modules beside the packages; knows nothing of the ledger.
"""
