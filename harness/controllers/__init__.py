"""The controller under test: a coroutine in this process, or a separate program."""
