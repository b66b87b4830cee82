"""What all tools share: the contract, arguments, results, who asks and how a person is asked."""
