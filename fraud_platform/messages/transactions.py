"""The decoder of transactions, by the declaration in force."""

from fraud_platform.declared import DECLARATION
from fraud_platform.messages.declared.decoder import TransactionDecoder

DECODER = TransactionDecoder(DECLARATION)
