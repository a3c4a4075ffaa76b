"""The resident launcher: a service that keeps the program loaded and forks a session for each teller who attaches.

`attach` and `waiter` are the small client; `service` listens and forks; `session` is what happens in the child.
Nothing is imported here: the client must stay small.
"""
