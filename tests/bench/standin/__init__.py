"""A lean stand-in for DynamoDB and S3: the calls of the mirror and of its peers, in memory.

Emulators are the brake of a measurement: moto takes 277 puts a second. This one takes thousands,
and answers after a set delay, which stands for the network and for AWS. What it does not know it
refuses.
"""
